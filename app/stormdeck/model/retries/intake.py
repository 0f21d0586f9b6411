"""From the lines of one log to its requests and errors."""

from __future__ import annotations

from dataclasses import replace
from math import floor

from stormdeck.model.logs.access import Access, LocalTime, RequestKind
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.reader import AccessReader
from stormdeck.model.logs.reasons import is_cooldown, reason
from stormdeck.model.logs.records import RecordReader
from stormdeck.model.retries.causes import ErrorText

CLOCK_DRIFT = 5.0
"""A line's own time this far ahead of its arrival is another zone's or a wrong clock's: the arrival counts then."""
BACK_S = 1.0
"""A log whose times go back by more is written again from an earlier point, or its clock was set."""
REMEMBERED = 20_000
SHAPES = 4096
"""Access lines that differ in more than their port, and are known already: most lines of a log are of a few shapes."""
UNTIMED = "INFO:     "
"""How uvicorn's own lines begin."""
LONGEST_PORT = 5
CLIENT_CHECKS = frozenset({"/", "/api/hello"})
"""What the client asks for with HEAD to see whether the address answers, no poll (measured, 2.1.112 and 2.1.329)."""


class Intake:
    """What is known of one log between its lines."""

    def __init__(self, local_time: LocalTime | None = None) -> None:
        self._requests = AccessReader(local_time)
        self._records = RecordReader()
        self._newest = float("-inf")
        self._again = float("-inf")
        """The log has gone back, and was here before."""
        self._seen: dict[Access, None] = {}
        self._shapes: dict[tuple[str, str], Access] = {}
        self._idle: dict[str, Access] = {}
        """Requests that are no turns, by all that stands behind the port."""

    @property
    def in_flight(self) -> int:
        """Requests without an answer so far; only claude-code-router's log tells."""
        return self._requests.in_flight

    def access(self, line: str) -> tuple[Access, int] | None:
        """Return the request that a line tells of, and the client's port; lines that differ in it share the rest.

        Whose request it is is told of main requests only.

        A line that stands in the log twice is told once. Where a log that has times goes back in them, lines that were
        there before are the same requests (a log put together from overlapping parts, or read again after a restart).
        Without times nobody can tell.
        """
        head, _, tail = line.partition(' - "')
        idle = self._idle.get(tail)
        if idle is not None and head.startswith(UNTIMED):
            return idle, 0
        before, _, port = head.rpartition(":")
        shape = (before, tail)
        known = self._shapes.get(shape)
        if known is not None and len(port) <= LONGEST_PORT and port.isascii() and port.isdigit():
            return known, int(port)
        access = self._read(line, shape)
        return None if access is None else (access, access.port)

    def _read(self, line: str, shape: tuple[str, str]) -> Access | None:
        access = self._requests.read(line)
        if access is None:
            return None
        if access.method == "HEAD" and access.path in CLIENT_CHECKS:
            access = replace(access, kind=RequestKind.OTHER)
        if access.time is None:
            if access.port and '"reqId":' not in line and len(self._shapes) < SHAPES:
                self._shapes[shape] = access
                if access.kind is not RequestKind.MAIN and line.startswith(UNTIMED):
                    self._idle[shape[1]] = access
            return access
        if access.time < self._newest - BACK_S:
            self._again = self._newest
        if access.time <= self._again and access in self._seen:
            return None
        self._newest = max(self._newest, access.time)
        self._seen[access] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return access

    def error(self, line: str, batch: LogBatch) -> ErrorText | None:
        """Return what an error record says, ``None`` for every other line."""
        record = self._records.read(line)
        if record is None or not record.level.is_failure:
            return None
        why = reason(record.message)
        return ErrorText(None if batch.history else batch.arrived, why, is_cooldown(record.message)) if why else None


def when(own: float | None, batch: LogBatch) -> tuple[float | None, float]:
    """Return a line's time and by how much it may be early; ``None`` for history without a time of its own.

    Whole seconds are too coarse for the ladder: a line that has just arrived counts from its arrival.
    """
    if own is None or own > batch.arrived + CLOCK_DRIFT:
        return (None, 0.0) if batch.history else (batch.arrived, 0.0)
    whole = own == floor(own)
    if whole and not batch.history and batch.arrived - own < CLOCK_DRIFT:
        return batch.arrived, 0.0
    return own, 1.0 if whole else 0.0
