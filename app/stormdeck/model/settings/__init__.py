"""The client's settings files: their text, their scopes, the fields of the form."""
