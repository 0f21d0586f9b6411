"""The signs that are drawn, and their ASCII fallbacks."""

from __future__ import annotations

from enum import StrEnum

EIGHTHS = " ▁▂▃▄▅▆▇█"
"""Columns of a strip or sparkline, in eighths."""
FULL, REST = "━", "─"
"""Filled and empty part of a bar; they differ in weight, not only in colour."""
BANDS = ("█", "▒", "▓")
"""Ok, failed and retry in a strip without colours."""
FAILED = BANDS[1]
"""What failed, in a strip with colours."""
UNKNOWN_CHARACTER = "?"
"""Replaces a character that ASCII does not have."""

ASCII_FALLBACK = str.maketrans(
    {
        **dict(zip("●▲✖○◌", "*!X?~", strict=True)),  # health
        "◆": "#",
        **dict(zip(EIGHTHS[1:], "__.-=+##", strict=True)),
        **dict(zip("▒▓", "x@", strict=True)),
        **dict(zip("━─│┤▶▌▐▀▄", "=-|+>||^_", strict=True)),
        **dict(zip("→←↑↓", "><^v", strict=True)),
        **dict(zip("·×•–—…°", "-x*--> ", strict=True)),
        **dict(zip("“”„‘’«»", '"""\'\'""', strict=True)),
    }
)


def to_ascii(text: str) -> str:
    """Return a text in ASCII; signs get their fallback, other characters become ``?``.

    >>> to_ascii("● vLLM → 2 ×")
    '* vLLM > 2 x'
    """
    return text.translate(ASCII_FALLBACK).encode("ascii", "replace").decode("ascii")


class Health(StrEnum):
    """The health of a hop; the value is the word shown beside the sign."""

    OK = "fine"
    WARNING = "look"
    ERROR = "broken"
    UNKNOWN = "unknown"
    STALE = "stale"

    @property
    def glyph(self) -> str:
        """Return the sign that shows it without colour."""
        return {"fine": "●", "look": "▲", "broken": "✖", "unknown": "○", "stale": "◌"}[self.value]
