"""The client's waits between attempts, and which answers it tries again.

Measured with Claude Code 2.1.42, 2.1.112 and 2.1.329 (facts/claude-code.md 2); times are seconds.
"""

from __future__ import annotations

import re

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Nominal wait after attempt 1, 2, 3, ...; the last one holds for all that follow."""
JITTER = 0.25
"""The client adds between nothing and this share of the nominal wait."""
DEFAULT_LIMIT = 11
"""Attempts before it gives up: ``CLAUDE_CODE_MAX_RETRIES`` (10) and the first one."""
AT_ONCE = {400: 8, 404: 2}
"""Answers that are followed by a changed request at once, without a wait, and by how many attempts in all.

400: the client strips features in turn, 8 requests in a terminal, 6 with ``-p`` (measured, 2.1.329 and 2.1.332). 404: a
second request without streaming.
"""
MOST_RETRIES = 15
CLAMPED_FROM = "2.1.186"
"""The version from which on more retries are not taken (changelog)."""
IGNORES_WORDS_FROM = "2.1.43"
"""The version after the last one that was measured to send nothing."""
LONGEST_RETRY_AFTER = 60.0
"""A ``retry-after`` above this makes 2.1.112 and later fail at once."""

_BOUNDS = tuple((wait, wait * (1 + JITTER)) for wait in WAITS)
_WAITED_FOR = frozenset({401, 408, 409, 429})


def is_retryable(status: int) -> bool:
    """Tell whether the client waits and sends again after this status."""
    return status in _WAITED_FOR or status >= 500


def allowance(status: int, limit: int = DEFAULT_LIMIT) -> int:
    """Return how many attempts there are at most when every one is answered with this status."""
    if is_retryable(status):
        return limit
    return AT_ONCE.get(status, 1)


def attempt_limit(setting: str | None, version: str | None = None) -> int:
    """Return how many attempts a client sends for one turn with this ``CLAUDE_CODE_MAX_RETRIES``; ``None``: not set.

    0 where it sends none: a negative number or a word makes clients up to 2.1.42 fail without a request; later ones
    ignore it. From 2.1.186 on no more than 15 retries are taken (measured and changelog).
    """
    if setting is None or not setting.strip():
        return DEFAULT_LIMIT
    retries = int(setting) if setting.strip().isascii() and setting.strip().isdigit() else -1
    if retries < 0:
        return 0 if version is not None and _numbers(version) < _numbers(IGNORES_WORDS_FROM) else DEFAULT_LIMIT
    clamped = version is not None and _numbers(version) >= _numbers(CLAMPED_FROM)
    return 1 + (min(retries, MOST_RETRIES) if clamped else retries)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, so that versions can be compared."""
    return tuple(int(part[:9]) for part in re.findall(r"\d+", version)[:4])


def wait_bounds(attempt: int) -> tuple[float, float]:
    """Return the shortest and the longest wait after a failed attempt, counted from 1."""
    return _BOUNDS[min(max(attempt, 1), len(_BOUNDS)) - 1]


def gives_up(attempt: int, status: int, limit: int = DEFAULT_LIMIT, retry_after: float | None = None) -> bool:
    """Tell whether the client shows the error to the user after this attempt failed with this status."""
    return attempt >= allowance(status, limit) or (retry_after or 0.0) > LONGEST_RETRY_AFTER


def gives_up_at(attempt: int, failed_at: float, limit: int = DEFAULT_LIMIT, service: float = 0.0) -> float:
    """Return when the last attempt will have failed, in unix seconds, if none succeeds before.

    ``service`` is how long the server takes to fail one attempt.
    """
    ahead = range(attempt, limit)
    return failed_at + sum(sum(wait_bounds(step)) / 2 + service for step in ahead)
