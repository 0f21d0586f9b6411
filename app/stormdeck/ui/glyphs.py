"""The one table of the signs that the panel draws with, and what each becomes where only ASCII can be shown."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

EIGHTHS = " ▁▂▃▄▅▆▇█"
"""Columns of a strip and of a sparkline, by eighths."""
FULL, REST = "━", "─"
"""Of a bar: told apart by their weight, not by colour alone."""
BANDS = ("█", "▒", "▓")
"""Ok, failed and retry in a strip, where colours cannot tell them apart."""

_SIGNS = {
    **dict(zip("●▲✖○◌", "*!X?~", strict=True)),  # the lights
    **dict(zip(EIGHTHS[1:], "__.-=+##", strict=True)),
    **dict(zip("▒▓", "x@", strict=True)),
    **dict(zip("━─│┤▶▌▐▀▄", "=-|+>||^_", strict=True)),
    **dict(zip("→←↑↓", "><^v", strict=True)),
    **dict(zip("·×•–—…°", "-x*--> ", strict=True)),
    **dict(zip("“”„‘’«»", '"""\'\'""', strict=True)),
}
_ASCII = str.maketrans(_SIGNS)
STRANGE = "?"
"""Stands for a character of somebody else's that ASCII does not have."""


def to_ascii(text: str) -> str:
    """Return a text of ASCII characters alone, in just as many columns."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else STRANGE * cell_len(character) for character in text.translate(_ASCII)
    )


class AsciiOnly(LineFilter):
    """The last thing that every line of the screen goes through, Textual's own included."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with each sign's stand-in."""
        return [Segment(_line(text), style, control) for text, style, control in segments]


@lru_cache(4096)
def _line(text: str) -> str:
    return to_ascii(text)
