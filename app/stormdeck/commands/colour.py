"""Colour text on a terminal, and only there."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TextIO

from stormdeck.model.editing.diff import DiffKind, DiffLine


class Ink(StrEnum):
    """SGR codes, limited to the sixteen colours that the user's terminal defines."""

    PLAIN = ""
    BOLD = "1"
    QUIET = "2"
    ERROR = "1;31"
    WARNING = "1;33"
    INFO = "1;36"
    GOOD = "32"
    BAD = "31"


class Paint:
    """Colours text, or returns it unchanged."""

    def __init__(self, *, coloured: bool) -> None:
        self._coloured = coloured

    def __call__(self, text: str, ink: Ink) -> str:
        """Return a text in a colour."""
        return f"\x1b[{ink.value}m{text}\x1b[0m" if self._coloured and ink.value and text else text

    def diff(self, lines: tuple[DiffLine, ...]) -> list[str]:
        """Return the lines of a diff; an ellipsis replaces unchanged lines in between."""
        shown: list[str] = []
        last = 0
        for one in lines:
            if one.kind is DiffKind.CONTEXT and one.old is not None:
                shown += [self("     …", Ink.QUIET)] * (0 < last < one.old - 1)
            number = one.new if one.kind is DiffKind.ADDED else one.old
            row = f"{number:>4} {one.kind.value} {one.text}"
            shown.append(self(row, _INKS[one.kind]))
            last = one.old or last
        return shown


_INKS = {DiffKind.CONTEXT: Ink.QUIET, DiffKind.REMOVED: Ink.BAD, DiffKind.ADDED: Ink.GOOD}


def paint_for(stream: TextIO | None) -> Paint:
    """Return the paint for a stream: coloured on a terminal, unless NO_COLOR is set or TERM is dumb."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Paint(coloured=wanted and stream is not None and stream.isatty())
