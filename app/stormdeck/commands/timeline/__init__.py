"""The command ``timeline``."""
