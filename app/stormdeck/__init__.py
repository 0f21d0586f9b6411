"""A terminal control panel for Claude Code on your own vLLM."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Find ``stormdeck.middleware:Wire`` for vLLM, which splits at the last dot and not at the colon."""
    if name == "middleware:Wire":
        from importlib import import_module

        return import_module("stormdeck.middleware").Wire
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
