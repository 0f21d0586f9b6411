"""Follow log files."""
