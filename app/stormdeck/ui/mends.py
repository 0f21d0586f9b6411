"""What is wrong in Textual and costs the panel something, put right while it runs (measured, Textual 8.2.8)."""

from __future__ import annotations

from textual._styles_cache import StylesCache


def let_go_of_widgets() -> None:
    """Let what was drawn of a widget go with the widget; doing it twice is doing it once.

    ``get_inner_outer`` is a class method by its first argument, ``cls``, and lacks the decorator. So its cache keeps
    the first thousand objects that it is called on, each with all lines of a widget that may be gone: half a megabyte
    each time that the help is opened.
    """
    kept = StylesCache.__dict__.get("get_inner_outer")
    if kept is not None and not isinstance(kept, classmethod):
        StylesCache.get_inner_outer = classmethod(kept)  # type: ignore[assignment]
