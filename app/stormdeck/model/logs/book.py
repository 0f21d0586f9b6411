"""The log book: the last lines of all logs, in the order in which they came."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands in the book."""

    number: int
    """Counted from 0 over the life of the book; stays with the line."""
    log: str
    text: str
    """Raw: clean it before it is shown."""
    arrived: float | None
    """Unix seconds; ``None`` for lines that stood in the file before."""
    attempt: int
    """Of a main request: 1 is no retry; 0 for every other line."""
    since: float | None = None
    """It was written between then and its arrival; ``None``: when it arrived."""


@dataclass(frozen=True, slots=True)
class _Batch:
    first: int
    log: str
    lines: Sequence[str]
    arrived: float | None
    since: float | None = None


class LogBook:
    """A ring of lines. Batches are kept as they came, so that a line costs no more than its text."""

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit
        self._batches: deque[_Batch] = deque()
        self._attempts: dict[int, int] = {}
        self.end = 0
        """The number that the next line will get."""

    @property
    def start(self) -> int:
        """Return the number of the oldest line that is kept."""
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
    ) -> None:
        """Add a batch; ``attempts`` tells the attempt number by the index of its line.

        ``since``: unix seconds of the read before, where that was long ago.
        """
        if not lines:
            return
        self._batches.append(_Batch(self.end, log, lines, arrived, since))
        first, self.end = self.end, self.end + len(lines)
        self.label({first + index: attempt for index, attempt in (attempts or {}).items()})
        floor = self.end - self._limit
        while self._batches and self._batches[0].first + len(self._batches[0].lines) <= floor:
            self._batches.popleft()

    def label(self, attempts: Mapping[int, int]) -> None:
        """Set the attempt number by the number of its line, also of lines that had another one; gone ones are left."""
        self._attempts |= attempts
        if len(self._attempts) > self._limit:
            self._attempts = {number: value for number, value in self._attempts.items() if number >= self.start}

    def line(self, number: int) -> Line | None:
        """Return a line by its number, ``None`` when it is gone or not there yet."""
        if not self.start <= number < self.end:
            return None
        batch = self._batches[bisect_right(self._batches, number, key=lambda one: one.first) - 1]
        text = batch.lines[number - batch.first]
        return Line(number, batch.log, text, batch.arrived, self._attempts.get(number, 0), batch.since)

    def ends(self, most: int) -> dict[str, list[str]]:
        """Return the last lines of each log, raw."""
        found: dict[str, list[str]] = {}
        for batch in self._batches:
            found.setdefault(batch.log, []).extend(batch.lines[-most:])
        return {log: lines[-most:] for log, lines in found.items()}

    def attempts(self) -> list[int]:
        """Return the numbers of the kept lines that are main requests, oldest first."""
        return sorted(number for number in self._attempts if number >= self.start)

    def texts(self, begin: int) -> Iterator[tuple[int, str]]:
        """Yield the number and the raw text of every kept line from ``begin`` on: the fast way through."""
        for _, first, lines in self.batches(begin):
            yield from enumerate(lines, first)

    def batches(self, begin: int) -> Iterator[tuple[str, int, Sequence[str]]]:
        """Yield the kept lines from ``begin`` on as they came: their log, the first one's number, and their texts."""
        begin = max(begin, self.start)
        for batch in self._batches:
            if batch.first + len(batch.lines) <= begin:
                continue
            skip = max(0, begin - batch.first)
            yield batch.log, batch.first + skip, batch.lines[skip:] if skip else batch.lines
