"""Split text that is nearly JSON into tokens: those of JSON, and what people write instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class TokenKind(Enum):
    """The kinds of token."""

    SPACE = auto()
    ODD_SPACE = auto()
    """Whitespace that JSON does not allow: no-break, zero-width, a byte-order mark."""
    COMMENT = auto()
    STRING = auto()
    """In plain double quotes."""
    SINGLE = auto()
    """In single or typographic quotes, or in backticks."""
    PUNCTUATION = auto()
    WORD = auto()
    """A number, a literal, or text without quotes."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text."""

    kind: TokenKind
    raw: str
    line: int
    """Where it begins, counted from 1."""

    @property
    def is_significant(self) -> bool:
        """Return whether it is neither whitespace nor a comment."""
        return self.kind not in {TokenKind.SPACE, TokenKind.ODD_SPACE, TokenKind.COMMENT}

    @property
    def opens(self) -> bool:
        """Return whether it opens an object or a list."""
        return self.kind is TokenKind.PUNCTUATION and self.raw in "{["

    @property
    def closes(self) -> bool:
        """Return whether it closes an object or a list."""
        return self.kind is TokenKind.PUNCTUATION and self.raw in "}]"

    def is_punctuation(self, sign: str) -> bool:
        """Return whether it is this comma, colon or bracket."""
        return self.kind is TokenKind.PUNCTUATION and self.raw == sign


_PATTERNS: tuple[tuple[TokenKind, str], ...] = (
    (TokenKind.SPACE, r"[ \t\r\n]+"),
    (TokenKind.ODD_SPACE, r"[^\S \t\r\n]|[\ufeff\u200b]"),
    (TokenKind.COMMENT, r"//[^\n\r]*|#[^\n\r]*|/\*(?:[^*]|\*(?!/))*\*/"),
    (TokenKind.STRING, r'"(?:[^"\\\r\n]|\\[^\r\n])*"'),
    (
        TokenKind.SINGLE,
        r"'(?:[^'\\\r\n]|\\[^\r\n])*'|`(?:[^`\\\r\n]|\\[^\r\n])*`|[“”„«»][^“”„«»\r\n]*[“”„«»]|[‘’][^‘’\r\n]*[‘’]",
    ),
    (TokenKind.PUNCTUATION, r"[{}\[\]:,]"),
    (TokenKind.WORD, r"(?:(?!//|/\*)[^\s\ufeff\u200b,:{}\[\]\"'`#“”„«»‘’])+"),
)
_TOKEN = re.compile("|".join(f"(?P<{kind.name}>{pattern})" for kind, pattern in _PATTERNS))


def tokenize(text: str) -> list[Token] | None:
    """Return the tokens, which joined are the text; ``None`` if a string or a comment does not end."""
    found: list[Token] = []
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            return None
        raw = match.group()
        found.append(Token(TokenKind[match.lastgroup], raw, line))
        line += raw.count("\n")
        at = match.end()
    return found
