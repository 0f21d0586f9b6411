"""Estimate how many attempts a turn had, from its length and its end.

``-p`` up to 2.1.112 records only the final error (measured); the number of attempts follows from the client's waits.
"""

from __future__ import annotations

from typing import NamedTuple

from stormdeck.model.retries.backoff import WAITS, wait_bounds

LONGEST_TIMEOUT_S = 301.0
"""The client gives up waiting for the first byte after this time, whatever ``API_TIMEOUT_MS`` says (measured)."""
QUICK_S = 1.0
"""Longest time that all broken connections of a turn take together, without the waits."""
START_S = 0.5
"""Longest time from the prompt to the first request."""
_ROUND = (300, 60, 30, 10, 5, 1)
"""Timeouts that people set are multiples of these, in seconds, likeliest first."""


class Estimate(NamedTuple):
    """An estimated number of attempts, and how it was estimated."""

    attempts: int
    last_took: float
    """How long the last attempt took, in seconds."""
    basis: str


def estimate_attempts(length: float, cause: str, limit: int, timeout_s: float | None = None) -> Estimate | None:
    """Return the attempts of a turn that ended with an error after ``length`` seconds, ``None`` if no number fits.

    ``limit`` is the client's limit; ``timeout_s`` is ``API_TIMEOUT_MS`` in seconds, if known.
    """
    if cause != "timeout":
        return _quick(length, limit)
    if timeout_s is not None:
        return _of_timeout(length, limit, min(timeout_s, LONGEST_TIMEOUT_S))
    return _of_round_timeout(length, limit)


def waits_before(attempt: int) -> tuple[float, float]:
    """Return the shortest and the longest total wait before an attempt, counted from 1."""
    bounds = [wait_bounds(step) for step in range(1, attempt)]
    return sum(low for low, _ in bounds), sum(high for _, high in bounds)


def _quick(length: float, limit: int) -> Estimate | None:
    """Estimate for attempts that fail at once, so that the waits make up the time."""
    for attempts in range(limit, 0, -1):
        low, high = waits_before(attempts)
        if low <= length <= high + QUICK_S + 0.05 * attempts:
            return Estimate(attempts, 0.0, "estimated from the waits that fit its length")
    return None


def _of_timeout(length: float, limit: int, timeout_s: float) -> Estimate | None:
    """Estimate for attempts that each took the known timeout."""
    best: Estimate | None = None
    least = timeout_s / 2 + WAITS[0]
    for attempts in range(1, limit + 1):
        low, high = waits_before(attempts)
        spent = length - attempts * timeout_s
        off = max(low - spent, spent - high - START_S, 0.0)
        if off < least:
            best, least = Estimate(attempts, timeout_s, "estimated from its length and API_TIMEOUT_MS"), off
    return best


def _of_round_timeout(length: float, limit: int) -> Estimate | None:
    """Estimate for attempts that each took the same round number of seconds, as people set timeouts."""
    best: tuple[int, int, int] | None = None
    for attempts in range(1, limit + 1):
        low, high = waits_before(attempts)
        longest = (length - low) / attempts + 0.02
        for seconds in range(int(longest), 0, -1):
            if seconds * attempts + high + START_S < length:
                break
            if seconds <= LONGEST_TIMEOUT_S:
                rank = next(place for place, step in enumerate(_ROUND) if seconds % step == 0)
                found = (rank, -attempts, seconds)
                best = found if best is None or found < best else best
    if best is None:
        return None
    _, attempts, seconds = best
    return Estimate(-attempts, float(seconds), "estimated from its length, with a timeout of round seconds")
