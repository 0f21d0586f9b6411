"""Count what else a log shows around a moment: failures, answers, and what follows a failure on its connection."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence

from stormdeck.model.retries.chain import Request

FOLLOWS_S = 5.0
"""How long after a failure the next request on its connection is looked at: servers close idle ones then."""
ON_LADDER = ((0.35, 0.85), (0.9, 1.5), (1.85, 2.8), (3.85, 5.0))
"""Where a retry on the same connection comes, with the tolerance for inexact times and the server's own time."""
SOONEST_S = ON_LADDER[0][0]
GROWTH = 1.2
"""Each wait is longer than the one before by this factor at least, as long as the connection lives."""
BEAT = 0.2
"""Gaps that differ by less than this share are a beat, as a load test has it."""
SLICE_S = 10
KEPT = 200_000
"""How many failures are kept."""


class Density:
    """The traffic of a log as far as the odds depend on it, in bounded memory."""

    def __init__(self) -> None:
        self._failed = array("d")
        """When requests failed."""
        self._failed_off = array("d")
        """When a request failed on a connection after a failure, at a time when no retry is due."""
        self._answered_off = array("d")
        """When a request was answered on a connection too soon after a failure for a retry."""
        self._answered: Counter[int] = Counter()
        self._watched: Counter[int] = Counter()
        """Milliseconds after failures in which their connections were free, and no retry was due."""
        self._first_failed = array("d")
        """When requests failed that continue nothing."""
        self._connections: Counter[int] = Counter()
        """How many connections were used, by slice of time."""
        self._current: tuple[int, set[tuple[str, int]]] = 0, set()
        """The newest slice, and its connections."""
        self._failures: dict[tuple[str, str, int], tuple[float, float]] = {}
        """By connection: when its last request failed, and how long after the failure before."""
        self.untimed = self.untimed_failed = 0
        """Requests without times."""
        self.first = float("inf")
        self.last = float("-inf")
        self.forgotten = float("-inf")
        """Failures up to this time are no longer known."""

    def add(self, requests: Iterable[Request]) -> None:
        """Add the next main requests; those without times are only counted."""
        for request in requests:
            t = request.t
            if t is None:
                self.untimed += 1
                self.untimed_failed += request.status >= 400
                continue
            if t < self.first:
                self.first = t
            if t > self.last:
                self.last = t
            if request.port:
                self._note_connection(int(t) // SLICE_S, (request.host, request.port))
            if request.status >= 400:
                _insert(self._failed, t)
            else:
                self._answered[int(t) // SLICE_S] += 1
                if not self._failures:
                    continue
            if request.port:
                self._add_on_connection(request, t)
        if len(self._failed) > KEPT:
            self._forget()

    def add_first(self, t: float) -> None:
        """Note when a request failed that continues nothing."""
        _insert(self._first_failed, t)

    def replace(self, requests: Sequence[Request]) -> None:
        """Replace what is known from the first of these requests on."""
        times = [request.t for request in requests if request.t is not None]
        if times:
            first = min(times)
            for kept in (self._failed, self._first_failed, self._failed_off, self._answered_off):
                del kept[bisect_left(kept, first) :]
            for counts in (self._answered, self._watched, self._connections):
                for at in [at for at in counts if at >= first // SLICE_S]:
                    del counts[at]
            self._failures.clear()
        self.add(requests)

    def failed(self, first: float, last: float) -> int:
        """Return how many requests failed in a span."""
        return _count(self._failed, first, last)

    def first_failed(self, first: float, last: float) -> int:
        """Return how many requests failed in a span that continue nothing."""
        return _count(self._first_failed, first, last)

    def connections(self, first: float, last: float) -> float:
        """Return how many connections were in use at a time, on average over the slices that have any."""
        numbers = [number for at in _slices(first, last) if (number := self._connections[at])]
        return sum(numbers) / len(numbers) if numbers else 1.0

    def failed_off(self, first: float, last: float) -> int:
        """Return how many requests failed on a connection after a failure when no retry was due."""
        return _count(self._failed_off, first, last)

    def answered_off(self, first: float, last: float) -> int:
        """Return how many requests were answered on a connection too soon after a failure for a retry."""
        return _count(self._answered_off, first, last)

    def answered(self, first: float, last: float) -> int:
        """Return how many requests were answered in a span, in whole slices of time."""
        return sum(self._answered[at] for at in _slices(first, last))

    def watched(self, first: float, last: float) -> float:
        """Return for how many seconds connections were watched after a failure while no retry was due."""
        return sum(self._watched[at] for at in _slices(first, last)) / 1000

    def covered(self, first: float, last: float) -> float:
        """Return how many seconds of a span the log covers."""
        return max(0.0, min(last, self.last) - max(first, self.first))

    def _note_connection(self, at: int, connection: tuple[str, int]) -> None:
        if at != self._current[0]:
            self._current = at, set()
        if connection not in self._current[1]:
            self._current[1].add(connection)
            self._connections[at] += 1

    def _add_on_connection(self, request: Request, t: float) -> None:
        key = (request.log, request.host, request.port)
        before = self._failures.pop(key, None)
        gap = min(t - before[0], FOLLOWS_S) if before is not None else FOLLOWS_S
        if request.status >= 400:
            self._watched[int(t) // SLICE_S] += OFF_LADDER_MS
        if before is not None:
            # It was not watched for as long as was assumed at first.
            self._watched[int(before[0]) // SLICE_S] -= OFF_LADDER_MS - off_ladder_ms(gap)
        inexact = request.early + request.late
        if request.status >= 400:
            self._failures[key] = (t, gap)
            if gap < FOLLOWS_S and before is not None and is_off_ladder(gap, before[1], inexact):
                _insert(self._failed_off, t)
            if len(self._failures) > 2 * KEPT // 10:
                self._failures = {port: seen for port, seen in self._failures.items() if t - seen[0] < FOLLOWS_S}
        elif gap < SOONEST_S - inexact:
            _insert(self._answered_off, t)

    def _forget(self) -> None:
        """Drop the older half."""
        self.forgotten = self._failed[len(self._failed) // 2]
        for kept in (self._failed, self._first_failed, self._failed_off, self._answered_off):
            del kept[: bisect_right(kept, self.forgotten)]
        for counts in (self._answered, self._watched, self._connections):
            for at in [at for at in counts if at < self.forgotten // SLICE_S]:
                del counts[at]


def is_off_ladder(gap: float, before: float, inexact: float = 0.0) -> bool:
    """Return whether a failure comes on a connection when no retry is due.

    ``before`` is the gap before, or ``FOLLOWS_S`` if that was longer.
    """
    if before < FOLLOWS_S and gap + inexact < GROWTH * before:
        # It may continue the failure before the last one, where two turns share a connection; a steady beat is none.
        return abs(gap - before) < BEAT * before or not _is_due(gap + before, inexact)
    return not _is_due(gap, inexact)


def _is_due(gap: float, inexact: float) -> bool:
    return any(low - inexact <= gap <= high + inexact for low, high in ON_LADDER)


def off_ladder_ms(gap: float) -> int:
    """Return for how much of a gap no retry was due, in milliseconds."""
    return round(1000 * (gap - sum(max(0.0, min(high, gap) - low) for low, high in ON_LADDER)))


OFF_LADDER_MS = off_ladder_ms(FOLLOWS_S)


def _slices(first: float, last: float) -> range:
    return range(int(first) // SLICE_S, int(last) // SLICE_S + 1)


def _insert(times: array[float], t: float) -> None:
    if not times or times[-1] <= t:
        times.append(t)
    else:
        insort(times, t)


def _count(times: array[float], first: float, last: float) -> int:
    return bisect_right(times, last) - bisect_left(times, first)
