"""Wrap and shorten text for a terminal."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len


def wrap(text: str, columns: int, *, indent: str = "", hanging: str | None = None) -> list[str]:
    """Break a text into lines without splitting words, so that ids and paths can be copied.

    ``indent`` starts the first line, ``hanging`` the others (default: the same).

    >>> wrap("one two three", 10, indent="- ", hanging="  ")
    ['- one two', '  three']
    """
    return textwrap.wrap(
        text,
        columns,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def fit(text: str, columns: int) -> str:
    """Return a text that takes at most so many columns, with an ellipsis where it was cut.

    >>> fit("a long line", 7)
    'a long…'
    """
    if cell_len(text) <= columns:
        return text
    while text and cell_len(text) >= columns:
        text = text[:-1]
    return f"{text}…"
