"""Lines of server logs: cleaned, recognised, told apart."""
