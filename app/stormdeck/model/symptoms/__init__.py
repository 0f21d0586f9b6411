"""What the client's and the servers' error messages mean, and which of their causes fits what is known here."""
