"""How well a thing does, in one word and one glyph."""

from __future__ import annotations

from enum import StrEnum


class Light(StrEnum):
    """The five lights; the value is the word that stands beside the glyph."""

    FINE = "fine"
    LOOK = "look"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    STALE = "stale"

    @property
    def glyph(self) -> str:
        """Return the sign that carries the meaning without colour."""
        return {"fine": "●", "look": "▲", "broken": "✖", "unknown": "○", "stale": "◌"}[self.value]
