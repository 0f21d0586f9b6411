"""Find the servers on the client's path, and identify them."""
