"""Read requests and errors from server logs, and pass them to the retry analyser."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress, repeat
from math import floor
from typing import NamedTuple

from stormdeck.model.logs.access import Access, RequestKind
from stormdeck.model.logs.clocks import LocalTime
from stormdeck.model.logs.access_reader import AccessReader
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.reasons import announces, is_cooldown, is_passed_on, reason, served_in
from stormdeck.model.logs.records import RecordReader, classify
from stormdeck.model.retries.analyzer import MARGIN_S, RECENT, JudgedRequests, RetryAnalyzer
from stormdeck.model.retries.backoff import DEFAULT_LIMIT
from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.tracker import ErrorText
from stormdeck.model.traffic.upstream import asks_for_tokens

CLOCK_DRIFT = 5.0
"""A time further ahead of the line's arrival than this comes from another zone or a wrong clock: use the arrival."""
BACK_S = 1.0
"""Times that go back by more than this mean that old lines were written again, or that the clock was set."""
REMEMBERED = 20_000
SHAPES = 4096
"""How many access lines are cached by all but their port: most lines of a log have one of a few shapes."""
UNTIMED = "INFO:     "
"""The prefix of uvicorn's own lines."""
_HEAD = re.compile(rf'{UNTIMED}[^\s"]*:\d{{1,5}}')
"""Everything before the request in such a line."""
REQUEST = ' - "'
"""The separator between the client's address and its request."""
LONGEST_PORT = 5
CONNECTIONS = 65_536
CLIENT_CHECKS = frozenset({"/", "/api/hello"})
"""Paths that the client requests with HEAD to test the address; these are no polls (measured, 2.1.112 and 2.1.329)."""
_RAISED = re.compile(r"[\w.]*(?:Error|Exception): ")


class RequestsBehind(NamedTuple):
    """Requests in a log that is not counted."""

    asked: int
    """Requests for tokens, whatever their API."""
    requests: list[Request]
    """Main requests."""


class LogAnalyzer(RetryAnalyzer):
    """A ``RetryAnalyzer`` that is fed with log lines.

    >>> analyzer = LogAnalyzer()
    >>> line = 'INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 500 Internal Server Error'
    >>> for t in (0.0, 0.6, 1.8):
    ...     taken = analyzer.take(LogBatch("vllm.log", (line,), t, history=False))
    >>> report = analyzer.report()
    >>> report.turns, report.retries, report.storms[0].cause
    (1, 2, '500')
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        api_timeout_ms: int | None = None,
        local_time: LocalTime | None = None,
        recent: int = RECENT,
        margin_s: float = MARGIN_S,
    ) -> None:
        """Read times without a zone by ``local_time``; without it they are ignored. See ``RetryAnalyzer``."""
        super().__init__(limit, api_timeout_ms, recent, margin_s)
        self._local_time = local_time
        self._readers: dict[str, LogReader] = {}

    def take(self, batch: LogBatch) -> JudgedRequests:
        """Process lines of a log that is counted. Returns the main requests among them."""
        read = self._reader(batch.log).read(batch)
        for t in read.other_times:
            self.extend_span(t)
        if not batch.history and (read.others or any(isinstance(event, Request) for _, event in read.events)):
            self.extend_span(batch.arrived)
        return self.take_events(read.events, read.others)

    def take_behind(self, batch: LogBatch) -> RequestsBehind:
        """Process lines of the server behind the proxy, whose requests are not counted, for the errors in them.

        Its requests are the proxy's requests once more, and the proxy's own retries.
        """
        read = self._reader(batch.log).read(batch, behind=True)
        self.take_errors([event for _, event in read.events if isinstance(event, ErrorText)])
        for t in read.server_errors:
            self.tracker.causes.note_behind(t)
        return RequestsBehind(read.asked, [event for _, event in read.events if isinstance(event, Request)])

    def _reader(self, log: str) -> LogReader:
        reader = self._readers.get(log)
        if reader is None:
            reader = self._readers[log] = LogReader(self._local_time)
        return reader


class ReadLines(NamedTuple):
    """What the lines of one batch contain."""

    events: list[tuple[int, Request | ErrorText]]
    """Main requests and error records in their order, each with the index of its line."""
    others: Counter[str]
    """How many other requests there are, by kind."""
    other_times: list[float]
    """The times of these, where their lines have any."""
    asked: int
    """Requests for tokens, whatever their API; counted for the log behind only."""
    server_errors: list[float]
    """When requests for tokens were answered with a server error; for the log behind only."""


class ParsedRequest(NamedTuple):
    """A request, and the client's port: lines that differ only in the port share one ``Access``."""

    access: Access
    port: int


class Partitioned(NamedTuple):
    """The lines of a batch, split into polls seen before and the rest."""

    rest: list[tuple[int, str, str]]
    """Lines that have to be parsed: the index of each, the text before its request, and the text after it."""
    kinds: dict[RequestKind, int]
    """How many requests of each kind the other lines are; none of them is a main request."""


class LogReader:
    """Reads the requests and errors of one log. Keeps what it needs to know from line to line."""

    def __init__(self, local_time: LocalTime | None = None) -> None:
        self._requests = AccessReader(local_time)
        self._records = RecordReader()
        self._announced = False
        """The last record only announced a traceback, whose last line has the reason."""
        self._newest = float("-inf")
        self._again = float("-inf")
        """The log went back in time; lines up to here may be repeated."""
        self._seen: dict[Access, None] = {}
        self._shapes: dict[tuple[str, str], Access] = {}
        self._idle: dict[str, RequestKind] = {}
        """The kinds of requests that are not main requests, by all the text after the port."""
        self._connections: dict[str, tuple[str, int]] = {}
        """The text before a request, split into the part before the port, and the port."""

    def read(self, batch: LogBatch, *, behind: bool = False) -> ReadLines:
        """Return what some lines contain. ``behind``: the log is that of the server behind the proxy."""
        events: list[tuple[int, Request | ErrorText]] = []
        others = Counter[str]()
        times: list[float] = []
        asked, server_errors = 0, []
        arrival = when(None, batch)
        rest, known = self._partition(batch.lines)
        for index, head, tail in rest:
            line = batch.lines[index]
            if " HTTP/" in line or (not behind and '"reqId":' in line):
                found = self._parse(line, head, tail)
                if found is None:
                    continue
                access, port = found
                moment = arrival if access.time is None else when(access.time, batch)
                if access.kind is RequestKind.MAIN:
                    events.append((index, Request(batch.log, access.status, access.host, port, *moment)))
                else:
                    others[access.kind] += 1
                    if access.time is not None:
                        times.append(access.time)
                if behind and asks_for_tokens(access):
                    asked += 1
                    if access.status >= 500 and moment.t is not None:
                        server_errors.append(moment.t)
            elif "ERROR" in line or "CRITICAL" in line:
                error = self._error(line, batch, behind=behind)
                if error is not None:
                    events.append((index, error))
        others.update(known)
        return ReadLines(events, others, times, asked, server_errors)

    def _partition(self, lines: Sequence[str]) -> Partitioned:
        """Separate polls that were seen before from lines that have to be parsed.

        All lines are split and looked up by calls that run in C: at 100,000 lines a second that decides the cost.
        """
        if not lines:
            return Partitioned([], {})
        heads, _, tails = zip(*map(str.partition, lines, repeat(REQUEST)), strict=True)
        known = [*map(self._idle.get, tails)]
        if not all(map(_HEAD.fullmatch, compress(heads, known))):
            known = [kind if _HEAD.fullmatch(head) else None for kind, head in zip(known, heads, strict=True)]
        rest = [(index, heads[index], tails[index]) for index, kind in enumerate(known) if kind is None]
        return Partitioned(rest, {kind: count for kind, count in Counter(known).items() if kind is not None})

    def _parse(self, line: str, head: str, tail: str) -> ParsedRequest | None:
        """Return the request in a line; ``head`` and ``tail`` are the line as ``_partition`` has split it.

        Repeated lines are ignored: where a log with times goes back in time, lines that it had before are the same
        requests (a log put together from overlapping parts, or read again after a restart). Without times repeats
        cannot be recognised.
        """
        before, port = self._connections.get(head) or self._connection(head)
        shape = (before, tail)
        known = self._shapes.get(shape)
        if known is not None and port:
            return ParsedRequest(known, port)
        access = self._parse_new(line, shape)
        return None if access is None else ParsedRequest(access, access.port)

    def _connection(self, head: str) -> tuple[str, int]:
        """Split the port off the text before a request; 0 where there is none."""
        before, _, port = head.rpartition(":")
        if not (port.isascii() and port.isdigit() and len(port) <= LONGEST_PORT):
            return before, 0
        if len(self._connections) >= CONNECTIONS:
            self._connections.clear()
        # Thousands of connections share the text before the port.
        self._connections[head] = found = (sys.intern(before), int(port))
        return found

    def _parse_new(self, line: str, shape: tuple[str, str]) -> Access | None:
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

    def _error(self, line: str, batch: LogBatch, *, behind: bool) -> ErrorText | None:
        """Return the error that a line reports, ``None`` for every other line."""
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
    """Return when a line was written: its own time, or else between the two reads of its log around it.

    Whole seconds are too coarse to compare with the client's waits: for a line that has just arrived, use the arrival.
    """
    late = max(0.0, batch.arrived - batch.since) if batch.since is not None else 0.0
    if own is None or own > batch.arrived + CLOCK_DRIFT:
        return Moment(None) if batch.history else Moment(batch.arrived, late=late)
    whole = own == floor(own)
    if whole and not batch.history and batch.arrived - own < CLOCK_DRIFT:
        return Moment(batch.arrived, late=min(late, batch.arrived - own))
    return Moment(own, early=1.0 if whole else 0.0)
