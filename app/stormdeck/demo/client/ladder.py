"""When the client tries again, and how often (measured, Claude Code 1.0.128 to 2.1.329)."""

from __future__ import annotations

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 32.0
JITTER = 0.25
DEFAULT_RETRIES = 10
MOST_RETRIES = 15
"""2.1.329 clamps to it."""
FINAL = frozenset({403, 413})
"""One request, and the turn has failed."""
STRIPPED_SENDS = 6
"""A 400 is sent so often, features stripped in turn, unless experimental betas are off."""


def wait_s(retry: int, luck: float) -> float:
    """Return the seconds before a retry, counted from 1; ``luck`` from 0 to 1 is the jitter."""
    return float(min(FIRST_WAIT_S * 2 ** (retry - 1), LONGEST_WAIT_S)) * (1 + JITTER * luck)


def retries_allowed(setting: str | None) -> int:
    """Return what ``CLAUDE_CODE_MAX_RETRIES`` comes to in 2.1.329: nonsense is ignored, too much is cut."""
    text = (setting or "").strip()
    return min(int(text), MOST_RETRIES) if text.isascii() and text.isdigit() else DEFAULT_RETRIES
