"""The screen in ASCII: every line with its signs' stand-ins, in just as many columns."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from stormdeck.model.signs import STAND_INS, STRANGE


def to_ascii(text: str) -> str:
    """Return a text of ASCII characters alone, in just as many columns."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else STRANGE * cell_len(character) for character in text.translate(STAND_INS)
    )


class AsciiOnly(LineFilter):
    """The last thing that every line of the screen goes through, Textual's own included."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with each sign's stand-in."""
        return [Segment(_line(text), style, control) for text, style, control in segments]


@lru_cache(4096)
def _line(text: str) -> str:
    return to_ascii(text)
