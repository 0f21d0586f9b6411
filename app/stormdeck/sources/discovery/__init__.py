"""Find and identify the servers that the client's requests go through."""
