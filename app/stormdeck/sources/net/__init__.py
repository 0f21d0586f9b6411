"""Ask HTTP servers within bounds of time and size."""
