"""Keep the last lines of all logs in the order in which they arrived."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class _Batch:
    first: int
    log: str
    lines: Sequence[str]
    arrived: float | None
    since: float | None = None


class LogBook:
    """The last lines of all logs. Batches are stored as they came, so that a line costs no more than its text."""

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit
        self._batches: deque[_Batch] = deque()
        self._attempts: dict[int, int] = {}
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
    ) -> None:
        """Add a batch; ``attempts`` are attempt numbers by the index of the line.

        ``since``: when the log was read before, in unix seconds, if that was long ago.
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
        """Set attempt numbers by the number of the line, replacing earlier ones."""
        self._attempts |= attempts
        if len(self._attempts) > self._limit:
            self._attempts = {number: value for number, value in self._attempts.items() if number >= self.start}

    def line(self, number: int) -> Line | None:
        """Return a line by its number, ``None`` if it is no longer or not yet in the book."""
        if not self.start <= number < self.end:
            return None
        batch = self._batches[bisect_right(self._batches, number, key=lambda one: one.first) - 1]
        text = batch.lines[number - batch.first]
        return Line(number, batch.log, text, batch.arrived, self._attempts.get(number, 0), batch.since)

    def number_at(self, at: float) -> int | None:
        """Return the first line that arrived at a time (unix seconds) or later, or else the newest line.

        ``None``: lines of that time may have been in the book, but are gone or have no time.
        """
        known = [batch for batch in self._batches if batch.arrived is not None]
        if not known or (known[0].arrived or 0) - at > 1:
            return None
        later = next((batch for batch in known if (batch.arrived or 0) >= at), None)
        return max(self.start, later.first) if later is not None else self.end - 1

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

    def batches(self, begin: int) -> Iterator[tuple[str, int, Sequence[str]]]:
        """Yield the lines from ``begin`` on by batch: the log, the number of the first line, and the texts."""
        begin = max(begin, self.start)
        for batch in self._batches:
            if batch.first + len(batch.lines) <= begin:
                continue
            skip = max(0, begin - batch.first)
            yield batch.log, batch.first + skip, batch.lines[skip:] if skip else batch.lines
