"""Predict the next attempt by the client's back-off, or by the ``retry-after`` that the waits so far suggest.

Access lines do not contain the header. Measured: up to 2.1.112 the client waits as long as the header says; 2.1.329
waits that time multiplied by 1 to 1.25, or its own back-off if that is longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stormdeck.model.retries.backoff import JITTER, LONGEST_RETRY_AFTER, wait_bounds

ASKING = frozenset({"429", "503"})
"""The statuses that come with ``retry-after``."""
OVERDUE_S = 5.0
"""An attempt is overdue this long after its window: logs and transcripts are read within a second."""
_BEYOND_S = 0.5
"""A wait longer than the back-off by this comes from ``retry-after``; it includes the server's own time."""
_RECENT = 3


class Wait(NamedTuple):
    """An observed wait between two attempts."""

    attempt: int
    """The attempt before the wait, counted from 1."""
    seconds: float
    status: str
    """The status of that attempt; empty if unknown."""


class Due(NamedTuple):
    """When an attempt is expected, in unix seconds."""

    at: float
    """The most likely time."""
    by: float
    """The end of its window."""
    overdue: float
    """After this time it is overdue, whatever ``retry-after`` was."""


def due_after(attempt: int, failed_at: float, status: str, waits: Sequence[Wait]) -> Due:
    """Return when the next attempt is due after ``attempt`` failed with ``status``; ``waits`` are the waits so far."""
    low, high = wait_bounds(attempt)
    middle = (low + high) / 2
    if status not in ASKING:
        return Due(failed_at + middle, failed_at + high, failed_at + high + OVERDUE_S)
    longest = LONGEST_RETRY_AFTER * (1 + JITTER)
    overdue = failed_at + max(high, longest) + OVERDUE_S
    seen = [wait for wait in waits if wait.status in ASKING][-_RECENT:]
    if not seen:
        return Due(failed_at + middle, failed_at + max(high, longest), overdue)
    asked = asked_wait(waits)
    if asked is None:
        return Due(failed_at + middle, failed_at + high, overdue)
    likely, most = asked
    at = max(middle, likely)
    return Due(failed_at + at, failed_at + max(high, most), failed_at + max(high, most) + OVERDUE_S)


def asked_wait(waits: Sequence[Wait]) -> tuple[float, float] | None:
    """Return the likely and the longest wait by the server's ``retry-after``, judging by the newest waits.

    ``None`` if the client uses its own back-off.
    """
    seen = [wait for wait in waits if wait.status in ASKING][-_RECENT:]
    asked = [wait.seconds for wait in seen if wait.seconds > wait_bounds(wait.attempt)[1] + _BEYOND_S]
    if not asked or asked[-1] != seen[-1].seconds:
        return None
    if max(asked) > min(asked) * (1 + JITTER) + _BEYOND_S:
        # The server's ``retry-after`` has changed.
        asked = asked[-1:]
    return sum(asked) / len(asked), min(asked) * (1 + JITTER)
