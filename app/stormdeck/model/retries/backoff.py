"""Model the client's back-off: its waits between attempts, and which statuses it retries.

Measured with Claude Code 2.1.42, 2.1.112 and 2.1.329 (facts/claude-code.md 2); times are seconds.
"""

from __future__ import annotations

import re

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Nominal wait after attempt 1, 2, 3, ...; the last one applies to all that follow."""
JITTER = 0.25
"""The client adds a random share of the nominal wait, up to this one."""
DEFAULT_LIMIT = 11
"""Attempts before the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` (10) and the first one."""
AT_ONCE = {400: 8, 404: 2}
"""Statuses after which the client sends a changed request without a wait, and the number of attempts in all.

400: the client drops one feature after the other, 8 requests in a terminal, 6 with ``-p`` (measured, 2.1.329 and
2.1.332). 404: a second request without streaming.
"""
MOST_RETRIES = 15
CLAMPED_FROM = "2.1.186"
"""The version that introduced this maximum (changelog)."""
IGNORES_WORDS_FROM = "2.1.43"
"""The version after the last one that was measured to send nothing for a value that is not a number."""
LONGEST_RETRY_AFTER = 60.0
"""A ``retry-after`` above this makes 2.1.112 and later fail at once."""

_BOUNDS = tuple((wait, wait * (1 + JITTER)) for wait in WAITS)
LEFT = 499
"""A front's status for a client that left before its answer; after its own timeout it waits and sends again."""
_WAITED_FOR = frozenset({401, 408, 409, 429, LEFT})


def is_retryable(status: int) -> bool:
    """Return whether the client waits and retries after this status."""
    return status in _WAITED_FOR or status >= 500


def allowance(status: int, limit: int = DEFAULT_LIMIT) -> int:
    """Return the maximum number of attempts if every one is answered with this status."""
    if is_retryable(status):
        return limit
    return AT_ONCE.get(status, 1)


def attempt_limit(setting: str | None, version: str | None = None) -> int:
    """Return how many attempts a client makes for a turn with this ``CLAUDE_CODE_MAX_RETRIES``; ``None``: not set.

    0 means that it sends none: clients up to 2.1.42 fail without a request if the value is negative or not a number;
    later ones ignore such a value. From 2.1.186 on the maximum is 15 retries (measured and changelog).
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
    """Return whether the client gives up and shows the error after this attempt failed with this status."""
    return attempt >= allowance(status, limit) or (retry_after or 0.0) > LONGEST_RETRY_AFTER


def gives_up_at(attempt: int, failed_at: float, limit: int = DEFAULT_LIMIT, service: float = 0.0) -> float:
    """Return when the last attempt will have failed, in unix seconds, if no attempt succeeds.

    ``service`` is how long the server takes to fail one attempt.
    """
    ahead = range(attempt, limit)
    return failed_at + sum(sum(wait_bounds(step)) / 2 + service for step in ahead)
