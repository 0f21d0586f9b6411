"""Keep the last lines of all logs in the order in which they arrived."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stormdeck.model.logs.probes import is_probe

_LOOSE = 4096
"""How many numbers of lines that are gone are kept before they are removed together."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log book."""

    number: int
    """The number of the line, counted from 0; it never changes."""
    log: str
    text: str
    """The raw text: clean it before it is shown."""
    arrived: float | None
    """Unix seconds; ``None`` for lines that were in the file before it was followed."""
    attempt: int
    """The attempt number of a main request, where 1 is not a retry; 0 for any other line."""
    since: float | None = None
    """The line was written between this time and its arrival; ``None``: when it arrived."""
    written: float | None = None
    """When it was written, in unix seconds, as its source knows it; ``None`` if only the line itself may say so."""


@dataclass(frozen=True, slots=True)
class _Batch:
    first: int
    log: str
    lines: Sequence[str]
    arrived: float | None
    since: float | None = None
    times: Sequence[float | None] = ()

    @property
    def moments(self) -> Sequence[float | None]:
        """Return when its lines were written, or when they arrived all together."""
        return self.times or (self.arrived,)


class LogBook:
    """The last lines of all logs. Batches are stored as they came, so that a line costs no more than its text."""

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit
        self._batches: deque[_Batch] = deque()
        self._attempts: dict[int, int] = {}
        self.probes = array("q")
        """The numbers of polls and probes, ascending; the first ones may be gone from the book."""
        self._own: set[int] = set()
        self.end = 0
        """The number that the next line will get."""

    @property
    def start(self) -> int:
        """Return the number of the oldest line in the book."""
        if not self._batches:
            return self.end
        return max(self._batches[0].first, self.end - self._limit)

    def __len__(self) -> int:
        return self.end - self.start

    def add(
        self,
        log: str,
        lines: Sequence[str],
        arrived: float | None,
        attempts: Mapping[int, int] | None = None,
        since: float | None = None,
        times: Sequence[float | None] = (),
        own: Collection[int] = (),
    ) -> None:
        """Add a batch; ``attempts`` are attempt numbers by the index of the line, ``own`` stormdeck's own requests.

        ``since``: when the log was read before, in unix seconds, if that was long ago. ``times``: when each line was
        written, if its source knows.
        """
        if not lines:
            return
        self._batches.append(_Batch(self.end, log, lines, arrived, since, times))
        first, self.end = self.end, self.end + len(lines)
        self.label({first + index: attempt for index, attempt in (attempts or {}).items()})
        self.probes.extend(number for number, text in enumerate(lines, first) if is_probe(text))
        self._own.update(first + index for index in own)
        floor = self.end - self._limit
        while self._batches and self._batches[0].first + len(self._batches[0].lines) <= floor:
            self._batches.popleft()
        if (gone := bisect_left(self.probes, self.start)) > _LOOSE:
            del self.probes[:gone]
            self._own = {number for number in self._own if number >= self.start}

    def is_own(self, number: int) -> bool:
        """Return whether a line is a request that stormdeck sent on purpose, such as a canary's."""
        return number in self._own

    def is_probe(self, number: int) -> bool:
        """Return whether a line is a poll or probe."""
        at = bisect_left(self.probes, number)
        return at < len(self.probes) and self.probes[at] == number

    def probe_count(self, begin: int, end: int) -> int:
        """Return how many lines from ``begin`` to before ``end`` are polls or probes."""
        return max(0, bisect_left(self.probes, end) - bisect_left(self.probes, max(begin, self.start)))

    def label(self, attempts: Mapping[int, int]) -> None:
        """Set attempt numbers by the number of the line, replacing earlier ones."""
        self._attempts |= attempts
        if len(self._attempts) > self._limit:
            self._attempts = {number: value for number, value in self._attempts.items() if number >= self.start}

    def line(self, number: int) -> Line | None:
        """Return a line by its number, ``None`` if it is no longer or not yet in the book."""
        if not self.start <= number < self.end:
            return None
        batch = self._batches[bisect_right(self._batches, number, key=lambda one: one.first) - 1]
        at = number - batch.first
        written = batch.times[at] if batch.times else None
        return Line(
            number, batch.log, batch.lines[at], batch.arrived, self._attempts.get(number, 0), batch.since, written
        )

    def number_at(self, at: float) -> int | None:
        """Return the first line that was written or arrived at a time (unix seconds) or later, or the newest line.

        ``None``: lines of that time may have been in the book, but are gone or have no time.
        """
        first = next((time for batch in self._batches for time in batch.moments if time is not None), None)
        if first is None or first - at > 1:
            return None
        for batch in self._batches:
            for number, time in enumerate(batch.moments, batch.first):
                if time is not None and time >= at:
                    return max(self.start, number)
        return self.end - 1

    def ends(self, most: int) -> dict[str, list[str]]:
        """Return the last raw lines of each log."""
        found: dict[str, list[str]] = {}
        for batch in self._batches:
            found.setdefault(batch.log, []).extend(batch.lines[-most:])
        return {log: lines[-most:] for log, lines in found.items()}

    def attempts(self) -> list[int]:
        """Return the numbers of the lines that are main requests, oldest first."""
        return sorted(number for number in self._attempts if number >= self.start)

    def texts(self, begin: int) -> Iterator[tuple[int, str]]:
        """Yield the number and raw text of every line from ``begin`` on. Faster than ``line`` for many lines."""
        for _, first, lines in self.batches(begin):
            yield from enumerate(lines, first)

    def lines(self, begin: int, end: int) -> Iterator[tuple[int, str, float | None, str]]:
        """Yield the lines from ``begin`` to before ``end``: the number, the log, the arrival, and the raw text."""
        begin = max(begin, self.start)
        first = bisect_right(self._batches, begin, key=lambda one: one.first) - 1
        for at in range(max(0, first), len(self._batches)):
            batch = self._batches[at]
            if batch.first >= end:
                return
            for index in range(max(0, begin - batch.first), min(len(batch.lines), end - batch.first)):
                yield batch.first + index, batch.log, batch.arrived, batch.lines[index]

    def batches(self, begin: int) -> Iterator[tuple[str, int, Sequence[str]]]:
        """Yield the lines from ``begin`` on by batch: the log, the number of the first line, and the texts."""
        begin = max(begin, self.start)
        for batch in self._batches:
            if batch.first + len(batch.lines) <= begin:
                continue
            skip = max(0, begin - batch.first)
            yield batch.log, batch.first + skip, batch.lines[skip:] if skip else batch.lines
