"""Give a new screen its size classes and styles once, before its first layout."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.screen import Screen

NARROW = "-narrow"
SHORT = "-short"
BY_WIDTH = [(0, NARROW), (70, "-medium"), (104, "-wide")]
BY_HEIGHT = [(0, SHORT), (18, "-middle"), (34, "-tall")]


def add_size_classes(screen: Screen[Any]) -> None:
    """Add the classes of the terminal's size to a screen that is not mounted yet.

    Textual adds them when it lays the screen out, then styles, lays out and paints it a second time: a fifth of the CPU
    that an area takes until it is shown (measured, Textual 8.2.8).

    Upstream: set the breakpoint classes in ``App._register_screen``, where the size is known already.
    """
    width, height = screen.app.size
    screen.add_class(class_at(width, BY_WIDTH), class_at(height, BY_HEIGHT), update=False)


def skip_restyling(event: events.ScreenResume) -> None:
    """Keep Textual from styling every widget again when a screen is shown.

    It does so twice at the first showing: a tenth of the CPU that the form takes until it is seen (measured, Textual
    8.2.8). Another theme is applied to hidden screens too, without this.

    Upstream: in ``Screen._on_screen_resume`` restyle only if the theme or the size has changed meanwhile.
    """
    event.refresh_styles = False


def is_narrow(app: App[Any]) -> bool:
    """Return whether the terminal is narrow; a screen's classes are set only when it is laid out."""
    return class_at(app.size.width, BY_WIDTH) == NARROW


def is_short(app: App[Any]) -> bool:
    """Return whether the terminal has few lines."""
    return class_at(app.size.height, BY_HEIGHT) == SHORT


def class_at(cells: int, breakpoints: list[tuple[int, str]]) -> str:
    """Return the class of the last breakpoint that is not above a size."""
    return next(name for least, name in reversed(breakpoints) if cells >= least)
