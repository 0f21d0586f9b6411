"""When the next attempt is due: by the ladder, or by the ``retry-after`` that the waits so far show.

Access lines do not hold the header. Measured: up to 2.1.112 the client waits as long as it was asked to; 2.1.329 waits
the longer of that, times 1 to 1.25, and its own back-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stormdeck.model.retries.backoff import JITTER, LONGEST_RETRY_AFTER, wait_bounds

ASKING = frozenset({"429", "503"})
"""The statuses that carry ``retry-after``."""
OVERDUE_S = 5.0
"""How long after the end of its window an attempt counts as overdue: logs and transcripts are read within a second."""
_BEYOND_S = 0.5
"""A wait that is longer than the ladder's by this was asked for; the server's own time is in it too."""
_RECENT = 3


class Wait(NamedTuple):
    """A wait between two attempts that was seen."""

    attempt: int
    """The one before it, counted from 1."""
    seconds: float
    status: str
    """What that attempt was answered with; empty where nothing tells."""


class Due(NamedTuple):
    """When an attempt comes, in unix seconds."""

    at: float
    """Most likely."""
    by: float
    """The end of its window."""
    overdue: float
    """From then on it is overdue, whatever the server asked for."""


def due_after(attempt: int, failed_at: float, status: str, waits: Sequence[Wait]) -> Due:
    """Return when the attempt after ``attempt`` is due, which failed with ``status``; ``waits``: those seen so far."""
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
    """Return the likely and the longest wait that the server's ``retry-after`` leads to, as the newest wait shows it.

    ``None`` where the client waits by its own ladder.
    """
    seen = [wait for wait in waits if wait.status in ASKING][-_RECENT:]
    asked = [wait.seconds for wait in seen if wait.seconds > wait_bounds(wait.attempt)[1] + _BEYOND_S]
    if not asked or asked[-1] != seen[-1].seconds:
        return None
    if max(asked) > min(asked) * (1 + JITTER) + _BEYOND_S:
        # The server asks for something else than before.
        asked = asked[-1:]
    return sum(asked) / len(asked), min(asked) * (1 + JITTER)
