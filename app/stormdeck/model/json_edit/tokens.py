"""What a text that was meant to be JSON is made of: JSON's own pieces, and those that people write beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a piece is."""

    BLANK = auto()
    ODD_BLANK = auto()
    """A blank that JSON does not know: no-break, zero-width, a mark of byte order."""
    COMMENT = auto()
    STRING = auto()
    """In plain double quotes."""
    SINGLE = auto()
    """In single or typographic quotes, or in backticks."""
    PUNCTUATION = auto()
    WORD = auto()
    """A number, a literal, or text without quotes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a text."""

    kind: Kind
    raw: str
    line: int
    """On which it begins, counted from 1."""

    @property
    def counts(self) -> bool:
        """Say whether it is more than room between others."""
        return self.kind not in {Kind.BLANK, Kind.ODD_BLANK, Kind.COMMENT}

    @property
    def opens(self) -> bool:
        """Say whether an object or a list begins."""
        return self.kind is Kind.PUNCTUATION and self.raw in "{["

    @property
    def closes(self) -> bool:
        """Say whether an object or a list ends."""
        return self.kind is Kind.PUNCTUATION and self.raw in "}]"

    def is_sign(self, sign: str) -> bool:
        """Say whether it is this comma, colon or bracket."""
        return self.kind is Kind.PUNCTUATION and self.raw == sign


_PATTERNS: tuple[tuple[Kind, str], ...] = (
    (Kind.BLANK, r"[ \t\r\n]+"),
    (Kind.ODD_BLANK, r"[^\S \t\r\n]|[\ufeff\u200b]"),
    (Kind.COMMENT, r"//[^\n\r]*|#[^\n\r]*|/\*(?:[^*]|\*(?!/))*\*/"),
    (Kind.STRING, r'"(?:[^"\\\r\n]|\\[^\r\n])*"'),
    (
        Kind.SINGLE,
        r"'(?:[^'\\\r\n]|\\[^\r\n])*'|`(?:[^`\\\r\n]|\\[^\r\n])*`|[“”„«»][^“”„«»\r\n]*[“”„«»]|[‘’][^‘’\r\n]*[‘’]",
    ),
    (Kind.PUNCTUATION, r"[{}\[\]:,]"),
    (Kind.WORD, r"(?:(?!//|/\*)[^\s\ufeff\u200b,:{}\[\]\"'`#“”„«»‘’])+"),
)
_PIECE = re.compile("|".join(f"(?P<{kind.name}>{pattern})" for kind, pattern in _PATTERNS))


def pieces(text: str) -> list[Piece] | None:
    """Return the pieces, which together are the text; ``None`` where a string or a comment does not end."""
    found: list[Piece] = []
    place, line = 0, 1
    while place < len(text):
        match = _PIECE.match(text, place)
        if match is None or match.lastgroup is None:
            return None
        raw = match.group()
        found.append(Piece(Kind[match.lastgroup], raw, line))
        line += raw.count("\n")
        place = match.end()
    return found
