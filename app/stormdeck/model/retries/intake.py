"""From the lines of one log to its requests and errors."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress, repeat
from math import floor
from typing import NamedTuple

from stormdeck.model.logs.access import Access, LocalTime, RequestKind
from stormdeck.model.logs.access_reader import AccessReader
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.reasons import announces, is_cooldown, is_passed_on, reason, served_in
from stormdeck.model.logs.records import RecordReader, classify
from stormdeck.model.retries.tracker import ErrorText
from stormdeck.model.traffic.upstream import asks_for_tokens

CLOCK_DRIFT = 5.0
"""A line's own time this far ahead of its arrival is another zone's or a wrong clock's: the arrival counts then."""
BACK_S = 1.0
"""A log whose times go back by more is written again from an earlier point, or its clock was set."""
REMEMBERED = 20_000
SHAPES = 4096
"""Access lines that differ in more than their port, and are known already: most lines of a log are of a few shapes."""
UNTIMED = "INFO:     "
"""How uvicorn's own lines begin."""
_HEAD = re.compile(rf'{UNTIMED}[^\s"]*:\d{{1,5}}')
"""The whole of what stands before the request in such a line."""
REQUEST = ' - "'
"""What stands between the client's address and its request."""
LONGEST_PORT = 5
CONNECTIONS = 65_536
CLIENT_CHECKS = frozenset({"/", "/api/hello"})
"""What the client asks for with HEAD to see whether the address answers, no poll (measured, 2.1.112 and 2.1.329)."""


class ParsedRequest(NamedTuple):
    """A request that a line tells of, and the client's port; lines that differ in it share the rest.

    Whose request it is is told of main requests only.
    """

    access: Access
    port: int


class Partitioned(NamedTuple):
    """Lines by what they need."""

    rest: list[tuple[int, str, str]]
    """Those that need a look of their own: the index of each, what stands before its request, and the rest of it."""
    kinds: dict[RequestKind, int]
    """How many requests of each kind the others tell of; they are known, and no turns."""


_RAISED = re.compile(r"[\w.]*(?:Error|Exception): ")


class Intake:
    """What is known of one log between its lines."""

    def __init__(self, local_time: LocalTime | None = None) -> None:
        self._requests = AccessReader(local_time)
        self._records = RecordReader()
        self._announced = False
        """The last record only said that a traceback follows, whose last line says why."""
        self._newest = float("-inf")
        self._again = float("-inf")
        """The log has gone back, and was here before."""
        self._seen: dict[Access, None] = {}
        self._shapes: dict[tuple[str, str], Access] = {}
        self._idle: dict[str, RequestKind] = {}
        """The kinds of requests that are no turns, by all that stands behind the port."""
        self._connections: dict[str, tuple[str, int]] = {}
        """What stands before a request, without the port, and the port."""

    @property
    def in_flight(self) -> int:
        """Requests without an answer so far; only claude-code-router's log tells."""
        return self._requests.in_flight

    def sift(self, lines: Sequence[str]) -> Partitioned:
        """Tell lines that are known already from those that are to be looked at; most polls cost no look.

        All lines are cut and looked up by calls that run in C: at 100,000 lines a second that is what counts.
        """
        if not lines:
            return Partitioned([], {})
        heads, _, tails = zip(*map(str.partition, lines, repeat(REQUEST)), strict=True)
        known = [*map(self._idle.get, tails)]
        if not all(map(_HEAD.fullmatch, compress(heads, known))):
            known = [kind if _HEAD.fullmatch(head) else None for kind, head in zip(known, heads, strict=True)]
        rest = [(index, heads[index], tails[index]) for index, kind in enumerate(known) if kind is None]
        return Partitioned(rest, {kind: count for kind, count in Counter(known).items() if kind is not None})

    def access(self, line: str, head: str, tail: str) -> ParsedRequest | None:
        """Return the request that a line tells of; it is given as a whole and as ``sift`` has cut it.

        A line that stands in the log twice is told once. Where a log that has times goes back in them, lines that were
        there before are the same requests (a log put together from overlapping parts, or read again after a restart).
        Without times nobody can tell.
        """
        before, port = self._connections.get(head) or self._connection(head)
        shape = (before, tail)
        known = self._shapes.get(shape)
        if known is not None and port:
            return ParsedRequest(known, port)
        access = self._read(line, shape)
        return None if access is None else ParsedRequest(access, access.port)

    def _connection(self, head: str) -> tuple[str, int]:
        """Cut the port off what stands before a request; 0 where there is none."""
        before, _, port = head.rpartition(":")
        if not (port.isascii() and port.isdigit() and len(port) <= LONGEST_PORT):
            return before, 0
        if len(self._connections) >= CONNECTIONS:
            self._connections.clear()
        # Thousands of connections share what stands before the port.
        self._connections[head] = found = (sys.intern(before), int(port))
        return found

    def _read(self, line: str, shape: tuple[str, str]) -> Access | None:
        access = self._requests.read(line)
        if access is None:
            return None
        if access.method == "HEAD" and access.path in CLIENT_CHECKS:
            access = replace(access, kind=RequestKind.OTHER)
        if access.time is None:
            if access.port and '"reqId":' not in line and len(self._shapes) < SHAPES:
                self._shapes[shape] = access
                if access.kind is not RequestKind.MAIN and line.startswith(UNTIMED) and not asks_for_tokens(access):
                    self._idle[shape[1]] = access.kind
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

    def error(self, line: str, batch: LogBatch, *, behind: bool = False) -> ErrorText | None:
        """Return what an error record says, ``None`` for every other line.

        ``behind``: the log is that of the server behind the proxy.
        """
        record = self._records.read(line)
        if record is None:
            record = classify(line) if self._announced else None
            if record is None or _RAISED.match(record.message) is None:
                return None
        self._announced = False
        if not record.level.is_failure:
            return None
        why = reason(record.message)
        if not why:
            self._announced = announces(record.message)
            return None
        return ErrorText(
            None if batch.history else batch.arrived,
            why,
            is_cooldown(record.message),
            behind or is_passed_on(record.message),
            served_in(record.message),
        )


class Moment(NamedTuple):
    """When a line was written."""

    t: float | None
    """``None`` for history without a time of its own."""
    early: float = 0.0
    """Seconds by which ``t`` may be early."""
    late: float = 0.0
    """Seconds by which ``t`` may be late."""


def when(own: float | None, batch: LogBatch) -> Moment:
    """Return when a line was written: its own time, else between the two reads of its log around it.

    Whole seconds are too coarse for the ladder: a line that has just arrived counts from its arrival.
    """
    late = max(0.0, batch.arrived - batch.since) if batch.since is not None else 0.0
    if own is None or own > batch.arrived + CLOCK_DRIFT:
        return Moment(None) if batch.history else Moment(batch.arrived, late=late)
    whole = own == floor(own)
    if whole and not batch.history and batch.arrived - own < CLOCK_DRIFT:
        return Moment(batch.arrived, late=min(late, batch.arrived - own))
    return Moment(own, early=1.0 if whole else 0.0)
