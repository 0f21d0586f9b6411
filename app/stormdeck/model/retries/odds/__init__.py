"""Judge how likely it is that chance alone makes a chain of attempts."""
