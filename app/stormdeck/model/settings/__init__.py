"""Read Claude Code's settings files: scopes, effective values, and the fields of the settings form."""
