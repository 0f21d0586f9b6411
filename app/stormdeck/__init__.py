"""A terminal control panel for Claude Code on your own vLLM."""

__version__ = "0.1.0"
