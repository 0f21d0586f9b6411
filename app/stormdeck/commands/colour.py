"""Colour on a terminal, and none anywhere else."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TextIO

from stormdeck.model.editing.diff import DiffKind, DiffLine


class Ink(StrEnum):
    """How a word is set off: an SGR code, of the sixteen colours that the user's terminal chose itself."""

    PLAIN = ""
    BOLD = "1"
    QUIET = "2"
    ERROR = "1;31"
    WARNING = "1;33"
    INFO = "1;36"
    GOOD = "32"
    BAD = "31"


class Paint:
    """Sets words off, or leaves them as they are."""

    def __init__(self, *, coloured: bool) -> None:
        self._coloured = coloured

    def __call__(self, text: str, ink: Ink) -> str:
        """Return a text in an ink."""
        return f"\x1b[{ink.value}m{text}\x1b[0m" if self._coloured and ink.value and text else text

    def diff(self, lines: tuple[DiffLine, ...]) -> list[str]:
        """Return a diff as it is printed; three dots stand for lines in between that stay."""
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
    """Return the paint for a stream: colours on a terminal, unless NO_COLOR is set or the terminal is dumb."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Paint(coloured=wanted and stream is not None and stream.isatty())
