"""The names that style sheets have for the size of the terminal, and screens that know theirs from the start."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.screen import Screen

NARROW = "-narrow"
SHORT = "-short"
BY_WIDTH = [(0, NARROW), (70, "-medium"), (104, "-wide")]
BY_HEIGHT = [(0, SHORT), (18, "-middle"), (34, "-tall")]


def fit(screen: Screen[Any]) -> None:
    """Give a new screen the names of the terminal's size.

    Textual gives them when the screen is laid out, then styles, lays out and paints it a second time: a fifth of the
    CPU that an area takes until it is shown (measured, Textual 8.2.8).
    """
    width, height = screen.app.size
    screen.add_class(name_of(width, BY_WIDTH), name_of(height, BY_HEIGHT), update=False)


def is_narrow(app: App[Any]) -> bool:
    """Say whether the terminal is narrow; a screen's classes tell that only after it is laid out."""
    return name_of(app.size.width, BY_WIDTH) == NARROW


def is_short(app: App[Any]) -> bool:
    """Return whether the terminal has few lines."""
    return name_of(app.size.height, BY_HEIGHT) == SHORT


def name_of(cells: int, names: list[tuple[int, str]]) -> str:
    """Return the last name that begins at so many cells or fewer."""
    return next(name for least, name in reversed(names) if cells >= least)
