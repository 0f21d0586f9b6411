"""The signs that are drawn, and what each becomes where only ASCII can be shown."""

from __future__ import annotations

from enum import StrEnum

EIGHTHS = " ▁▂▃▄▅▆▇█"
"""Columns of a strip and of a sparkline, by eighths."""
FULL, REST = "━", "─"
"""Of a bar: told apart by their weight, not by colour alone."""
BANDS = ("█", "▒", "▓")
"""Ok, failed and retry in a strip, where colours cannot tell them apart."""
STRANGE = "?"
"""Stands for a character of somebody else's that ASCII does not have."""

STAND_INS = str.maketrans(
    {
        **dict(zip("●▲✖○◌", "*!X?~", strict=True)),  # the lights
        **dict(zip(EIGHTHS[1:], "__.-=+##", strict=True)),
        **dict(zip("▒▓", "x@", strict=True)),
        **dict(zip("━─│┤▶▌▐▀▄", "=-|+>||^_", strict=True)),
        **dict(zip("→←↑↓", "><^v", strict=True)),
        **dict(zip("·×•–—…°", "-x*--> ", strict=True)),
        **dict(zip("“”„‘’«»", '"""\'\'""', strict=True)),
    }
)


def to_ascii(text: str) -> str:
    """Return a text of ASCII characters alone; a sign becomes its stand-in, any other character ``?``."""
    return text.translate(STAND_INS).encode("ascii", "replace").decode("ascii")


class Health(StrEnum):
    """The five lights; the value is the word that stands beside the glyph."""

    OK = "fine"
    WARNING = "look"
    ERROR = "broken"
    UNKNOWN = "unknown"
    STALE = "stale"

    @property
    def glyph(self) -> str:
        """Return the sign that carries the meaning without colour."""
        return {"fine": "●", "look": "▲", "broken": "✖", "unknown": "○", "stale": "◌"}[self.value]
