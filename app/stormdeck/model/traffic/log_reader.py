"""Read the requests and errors in the lines of one log, or of one server's lines in a log of several."""

from __future__ import annotations

import re
import sys
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, compress, islice, repeat
from operator import le
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.logs.prefixes.prefix_reader import Bare, PrefixReader
from stormdeck.model.logs.reasons import announces, is_cooldown, is_passed_on, reason, served_in
from stormdeck.model.logs.records import RecordReader, classify
from stormdeck.model.logs.requests.access import Access, RequestKind
from stormdeck.model.logs.requests.access_line import Found
from stormdeck.model.logs.requests.access_reader import AccessReader
from stormdeck.model.logs.root_causes import deep_cause, points_to_engine
from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.tracker import ErrorText
from stormdeck.model.traffic.line_times import when
from stormdeck.model.traffic.upstream import asks_for_tokens

BACK_S = 1.0
"""Times that go back by more than this mean that old lines were written again, or that the clock was set."""
REMEMBERED = 20_000
SHAPES = 4096
"""How many access lines are cached by all but their port: most lines of a log have one of a few shapes."""
UNTIMED = "INFO:     "
"""The prefix of uvicorn's own lines."""
_HEAD = re.compile(rf'(?:{UNTIMED})?[^\s"]*:\d{{1,5}}')
"""Everything before the request in such a line."""
REQUEST = ' - "'
"""The separator between the client's address and its request."""
LONGEST_PORT = 5
CONNECTIONS = 65_536
CLIENT_CHECKS = frozenset({"/", "/api/hello"})
"""Paths that the client requests with HEAD to test the address; these are no polls (measured, 2.1.112 and 2.1.329)."""
_RAISED = re.compile(r"[\w.]*(?:Error|Exception): ")
FAILED_FROM = 400
_AT_ONCE = 50
_OWN_REQUEST = "HTTP Request: "
"""What httpx logs in a proxy: requests that the proxy makes, not those that it gets."""


class ReadLines(NamedTuple):
    """What the lines of one batch contain."""

    events: list[tuple[int, Request | ErrorText]]
    """Main requests and error records in their order, each with the index of its line."""
    others: Counter[str]
    """How many other requests there are, by kind."""
    other_times: list[float]
    """The first and the last time of these, where their lines have any."""
    asked: int
    """Requests for tokens, whatever their API."""
    server_errors: list[float]
    """When requests for tokens were answered with a server error."""
    agents: Counter[str]
    """User agents of main requests, where the lines have them."""
    unread: tuple[str, ...] = ()
    """Lines with ``HTTP/`` that are no request in any known form."""
    is_front: bool = False
    """It has requests of a front before the servers."""


class _Found:
    """What was found so far in the lines of one batch."""

    def __init__(self, batch: LogBatch) -> None:
        self._batch = batch
        self._arrival = when(None, batch)
        self.events: list[tuple[int, Request | ErrorText]] = []
        self.others: Counter[str] = Counter()
        self.other_times: list[float] = []
        self.unread: list[str] = []
        self._asked = 0
        self._server_errors: list[float] = []
        self._agents: Counter[str] = Counter()
        self._is_front = False

    def add(self, index: int, parsed: ParsedRequest, time: float | None) -> None:
        """Add the request in a line; ``time`` is its own time, where it has one."""
        access, port = parsed
        t, early, late = self._arrival if time is None else when(time, self._batch)
        if access.kind is RequestKind.MAIN:
            if access.is_front:
                late = self._take_front(access, late)
            self.events.append((index, Request(self._batch.log, access.status, access.host, port, t, early, late)))
        else:
            self.others[access.kind] += 1
            if time is not None:
                self.other_times.append(time)
            if not asks_for_tokens(access):
                return
        self._asked += 1
        if access.status >= 500 and t is not None:
            self._server_errors.append(t)

    def add_error(self, index: int, error: ErrorText | None) -> None:
        """Add the error in a line, if it has one."""
        if error is not None:
            self.events.append((index, error))

    def _take_front(self, access: Access, late: float) -> float:
        """Note a front's request; return by how much its time may be late: an answer begins before its line."""
        self._is_front = True
        if access.agent:
            self._agents[access.agent] += 1
        return access.seconds if access.seconds and access.status < FAILED_FROM else late

    def as_lines(self) -> ReadLines:
        """Return everything that was found."""
        times = self.other_times
        span = [min(times), max(times)] if times else []
        return ReadLines(
            self.events,
            self.others,
            span,
            self._asked,
            self._server_errors,
            self._agents,
            tuple(self.unread),
            self._is_front,
        )


class Partitioned(NamedTuple):
    """The lines of a batch, split into polls seen before and the rest."""

    rest: list[tuple[int, str, str]]
    """Lines that have to be parsed: the index of each, the text before its request, and the text after it."""
    kinds: dict[RequestKind, int]
    """How many requests of each kind the other lines are; none of them is a main request."""
    times: list[float]
    """The times of these, where they have any."""


class ParsedRequest(NamedTuple):
    """A request, and the client's port: lines that differ only in the port share one ``Access``."""

    access: Access
    port: int


class LogReader:
    """Reads the requests and errors of one log. Keeps what it needs to know from line to line."""

    def __init__(self, local_time: LocalTime | None = None, prefixes: PrefixReader | None = None) -> None:
        """Read with the prefixes of a log that several servers share, or else its own."""
        self._prefixes = PrefixReader(local_time) if prefixes is None else prefixes
        self._requests = AccessReader(local_time)
        self._records = RecordReader()
        self._announced = False
        """The last record only announced a traceback, whose last line has the reason."""
        self._root = ""
        """The newest exception of an engine's process."""
        self._newest = float("-inf")
        self._again = float("-inf")
        """The log went back in time; lines up to here may be repeated."""
        self._seen: dict[tuple[float | None, str], None] = {}
        self._past: deque[tuple[Sequence[float | None], Sequence[str]]] = deque()
        """The newest batches with times."""
        self._kept = 0
        self._older: dict[tuple[float | None, str], None] = {}
        self._shapes: dict[tuple[str, str], Access] = {}
        self._idle: dict[str, RequestKind] = {}
        """The kinds of requests that are not main requests, by all the text after the port."""
        self._connections: dict[str, tuple[str, int]] = {}
        """The text before a request, split into the part before the port, and the port."""

    def read(self, batch: LogBatch, bare: Bare | None = None, *, behind: bool = False) -> ReadLines:
        """Return what some lines contain. ``behind``: the log is that of the server behind the proxy.

        ``bare``: the same lines without prefixes, if they were taken off before.
        """
        bare = self._prefixes.read(batch) if bare is None else bare
        texts, times = bare.texts, bare.times
        found = _Found(batch)
        in_order = times is None or self._keep(times, texts)
        rest, known, found.other_times = self._partition(texts, times, in_order=in_order)
        for index, head, tail in rest:
            text = texts[index]
            is_request = "HTTP/" in text
            if not is_request:
                if text[:1] == " ":
                    continue
                is_request = '"reqId":' in text or "[GIN]" in text or "log_server_r" in text
            if is_request:
                parsed = self._parse(batch.lines[index], text, head, tail, batch.arrived)
                if parsed is None:
                    if self._is_unread(text):
                        found.unread.append(text)
                    continue
                time = times[index] if times is not None else None
                time = time if time is not None else parsed.access.time
                if time is None or not self._is_repeated(time, text, in_order=in_order and times is not None):
                    found.add(index, parsed, time)
            elif "ERROR" in text or "CRITICAL" in text or "Error: " in text:
                time = times[index] if times is not None else None
                found.add_error(index, self._error(text, when(time, batch).t, behind=behind))
        found.others.update(known)
        if len(self._seen) > REMEMBERED:
            self._older, self._seen = self._seen, {}
        return found.as_lines()

    def _partition(self, lines: Sequence[str], times: Sequence[float | None] | None, *, in_order: bool) -> Partitioned:
        """Separate polls that were seen before from lines that have to be parsed.

        All lines are split and looked up by calls that run in C: at 100,000 lines a second that decides the cost.
        """
        if not lines:
            return Partitioned([], {}, [])
        heads, _, tails = zip(*map(str.partition, lines, repeat(REQUEST)), strict=True)
        known: list[RequestKind | None] = [*map(self._idle.get, tails)] if in_order else [None] * len(lines)
        if not all(map(_HEAD.fullmatch, compress(heads, known))):
            known = [kind if _HEAD.fullmatch(head) else None for kind, head in zip(known, heads, strict=True)]
        dated: list[float] = []
        if times is not None:
            dated = [time for time in compress(times, known) if time is not None]
        rest = [(index, heads[index], tails[index]) for index, kind in enumerate(known) if kind is None]
        return Partitioned(rest, {kind: count for kind, count in Counter(known).items() if kind is not None}, dated)

    def _is_in_order(self, times: Sequence[float | None]) -> bool:
        """Return whether no line of these was read before, since the log's times only go forward."""
        dated = [time for time in times if time is not None]
        if not dated:
            return True
        first, last = dated[0], dated[-1]
        if not all(map(le, dated, islice(dated, 1, None))):
            highest = [*accumulate(dated, max)]
            if any(top - time > BACK_S for top, time in zip(highest, dated, strict=True)):
                return False
            first, last = min(dated), highest[-1]
        if first < self._newest - BACK_S or first <= self._again:
            return False
        self._newest = max(self._newest, last)
        return True

    def _keep(self, times: Sequence[float | None], texts: Sequence[str]) -> bool:
        """Return whether lines are in order, and keep them: they are compared only if the log goes back in time."""
        if not self._is_in_order(times):
            self._recall()
            return False
        self._past.append((times, texts))
        self._kept += len(texts)
        while len(self._past) > 1 and self._kept - len(self._past[0][1]) >= REMEMBERED:
            self._kept -= len(self._past.popleft()[1])
        return True

    def _recall(self) -> None:
        """Remember the lines that were kept one by one."""
        for times, texts in self._past:
            self._seen.update(dict.fromkeys(zip(times, texts, strict=True)))
        self._past.clear()
        self._kept = 0

    def _is_repeated(self, time: float, text: str, *, in_order: bool) -> bool:
        """Return whether a line is one that was read before, and remember it; none of a batch ``in_order`` is.

        Where a log with times goes back in time, lines that it had before are the same requests (a log put together
        from overlapping parts, or read again after a restart). Without times repeats cannot be recognised.
        """
        if in_order:
            return False
        key = (time, text)
        if time < self._newest - BACK_S:
            self._again = self._newest
        if time <= self._again and (key in self._seen or key in self._older):
            return True
        self._newest = max(self._newest, time)
        self._seen[key] = None
        return False

    def _parse(self, line: str, text: str, head: str, tail: str, arrived: float) -> ParsedRequest | None:
        """Return the request in a line; ``head`` and ``tail`` are its text as ``_partition`` has split it."""
        before, port = self._connections.get(head) or self._connection(head)
        shape = (before, tail)
        known = self._shapes.get(shape)
        if known is not None and port:
            return ParsedRequest(known, port)
        access = self._parse_new(line, text, shape, arrived)
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

    def _parse_new(self, line: str, text: str, shape: tuple[str, str], arrived: float) -> Access | None:
        found = self._requests.find(text, arrived)
        if found is None:
            return None
        access = found.access
        if access.method == "HEAD" and access.path in CLIENT_CHECKS:
            access = replace(access, kind=RequestKind.OTHER)
        if access.time is None and access.port and '"reqId":' not in text and len(self._shapes) < SHAPES:
            self._shapes[shape] = access
            plain = _HEAD.fullmatch(f"{shape[0]}:0") is not None
            if access.kind is not RequestKind.MAIN and plain and not asks_for_tokens(access):
                self._idle[shape[1]] = access.kind
        self._learn(line, text, found, arrived)
        return access

    def _learn(self, line: str, text: str, found: Found, arrived: float) -> None:
        """Remember what stands before the client's address in a line, if it is more than uvicorn's own words."""
        if found.begin > 0 and text[: found.begin] != UNTIMED and line.endswith(text):
            self._prefixes.learn(line, len(line) - len(text) + found.begin, arrived)

    def _is_unread(self, text: str) -> bool:
        """Return whether a line that is no request should have been one, and is no message that quotes one."""
        return (
            "HTTP/" in text
            and _OWN_REQUEST not in text
            and REQUEST_LINE.search(text) is not None
            and classify(text) is None
        )

    def _error(self, text: str, t: float | None, *, behind: bool) -> ErrorText | None:
        """Return the error that a line reports, ``None`` for every other line."""
        root = deep_cause(text)
        self._root = root or self._root
        record = self._records.read(text)
        if record is None and root:
            return ErrorText(t, root, is_cooldown=False, from_server=True)
        if record is None:
            record = classify(text) if self._announced else None
            if record is None or _RAISED.match(record.message) is None:
                return None
        self._announced = False
        if not record.level.is_failure:
            return None
        why = reason(record.message)
        if not why:
            self._announced = announces(record.message)
            return None
        if points_to_engine(why):
            # The exception of the engine's process came before it.
            return ErrorText(t, self._root or why, is_cooldown=False, from_server=True)
        return ErrorText(
            t, why, is_cooldown(record.message), behind or is_passed_on(record.message), served_in(record.message)
        )


REQUEST_LINE = re.compile(r"[A-Z]{3,10} /\S* HTTP/\d")


def has_times(batch: LogBatch, local_time: LocalTime | None) -> bool:
    """Return whether the first request in these lines is dated by its line, its prefix or its source."""
    reader = LogReader(local_time)
    for begin in range(0, len(batch.lines), _AT_ONCE):
        found = reader.read(batch.part(begin, begin + _AT_ONCE))
        requests = [event for _, event in found.events if isinstance(event, Request)]
        if requests or found.others:
            return bool(found.other_times) or any(request.t is not None for request in requests)
    return False
