"""Log files, followed."""
