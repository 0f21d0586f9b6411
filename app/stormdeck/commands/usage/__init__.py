"""The command ``usage``."""
