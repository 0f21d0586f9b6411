"""What goes into the retry tracker, and what it answers."""

from __future__ import annotations

from typing import NamedTuple

UNSURE_S = 2.0
"""A line whose time is known no better than this is judged by its order: its log was not read for that long."""


class Request(NamedTuple):
    """One main request, as an access line tells it."""

    log: str
    status: int
    host: str
    port: int
    """The client's port: equal ports are one connection."""
    t: float | None = None
    """Unix seconds at which the answer started, ``None`` where the log does not tell: its order counts then."""
    grain: float = 0.0
    """Seconds by which ``t`` may be early: 1 where the log has whole seconds only."""
    late: float = 0.0
    """Seconds by which ``t`` may be late: the line was written some time between two reads of its log."""

    @property
    def earliest(self) -> float | None:
        """Return the earliest moment at which the answer can have started."""
        return None if self.t is None else self.t - self.late

    @property
    def failed(self) -> bool:
        """Tell whether it was answered with an error."""
        return self.status >= 400


class Attempt(NamedTuple):
    """Which attempt of which turn a request is."""

    turn: int
    """Counts up over the life of a tracker."""
    number: int
    """1 is no retry."""
    instead_of: Request | None = None
    """A request that had been taken for this attempt on weaker evidence, and is now known to be a first one."""


def is_unsure(one: Request, other: Request) -> bool:
    """Return whether the time between two requests is too little known to be compared with the ladder."""
    return one.t is None or other.t is None or max(one.late, other.late) > UNSURE_S
