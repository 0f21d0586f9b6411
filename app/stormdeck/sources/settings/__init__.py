"""The client's settings files: read, watched, written."""
