"""Filter the log book, and find the next line with an error or with given words."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, takewhile

from stormdeck.model.logs.access_line import parse_access
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.records import classify
from stormdeck.model.logs.tracebacks import Fold, Folds
from stormdeck.model.retries.storms.storm import Storm

CLOSE_S = 1.5
"""Seconds by which the arrival of a line may differ from the times of its storm."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that a line must and must not contain, in any case: ``messages -count_tokens``."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Words:
        """Return the words of a filter."""
        words = text.casefold().split()
        return cls(
            tuple(word for word in words if not word.startswith("-")),
            tuple(word[1:] for word in words if word.startswith("-") and len(word) > 1),
        )

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def pass_line(self, text: str) -> bool:
        """Return whether a line contains all wanted words and no unwanted one."""
        folded = text.casefold()
        return all(word in folded for word in self.wanted) and not any(word in folded for word in self.unwanted)


class LineFilter:
    """The numbers of the lines that match a filter; the lines themselves stay in the log book."""

    def __init__(self, book: LogBook) -> None:
        self._book = book
        self._hits: list[int] = []
        self._seen = 0
        self._words = Words()
        self.last = Words()
        """The words of the last filter, even if it was cleared."""
        self.text = ""

    @property
    def active(self) -> bool:
        """Return whether there is a filter."""
        return bool(self._words)

    def set(self, text: str) -> None:
        """Set the words of the filter, such as ``messages -count_tokens``."""
        self.text = text.strip()
        self._words = Words.read(text)
        self.last = self._words or self.last
        self._hits = []
        self._seen = 0
        self.catch_up()

    def catch_up(self) -> int:
        """Filter the new lines; return how many matching lines have been dropped from the book."""
        if not self.active:
            return 0
        self._hits += [number for number, text in self._book.texts(self._seen) if self._words.pass_line(text)]
        self._seen = self._book.end
        gone = bisect_left(self._hits, self._book.start)
        del self._hits[:gone]
        return gone

    def count(self, end: int) -> int:
        """Return how many lines before ``end`` match."""
        return bisect_left(self._hits, end)

    def at(self, row: int) -> int | None:
        """Return the number of the line in a row of the filtered view."""
        return self._hits[row] if 0 <= row < len(self._hits) else None

    def row(self, number: int) -> int:
        """Return the row of a line in the filtered view, or of the next line that matches."""
        return bisect_left(self._hits, number)


def next_line(book: LogBook, after: int, step: int, wanted: Callable[[int, str], bool]) -> int | None:
    """Return the next wanted line, forward or backward from a line; continue at the other end of the book."""
    if step > 0:
        later = _hits(book, after + 1, book.end, wanted)
        return next(chain(later, _hits(book, 0, after + 1, wanted)), None)
    before = deque(_hits(book, 0, after, wanted), maxlen=1) or deque(_hits(book, after, book.end, wanted), maxlen=1)
    return before[0] if before else None


def _hits(book: LogBook, begin: int, end: int, wanted: Callable[[int, str], bool]) -> Iterator[int]:
    lines = takewhile(lambda line: line[0] < end, book.texts(begin))
    return (number for number, text in lines if wanted(number, text))


def first_attempt(book: LogBook, storm: Storm) -> int | None:
    """Return the line of a storm's first attempt, or ``None`` if it is no longer kept."""
    for number in book.attempts():
        line = book.line(number)
        if line is None or line.arrived is None or line.log != storm.log:
            continue
        if storm.started - CLOSE_S <= line.arrived <= storm.last + CLOSE_S:
            return number
    return None


def is_trouble(text: str) -> bool:
    """Return whether a line is a failed request or an error record."""
    access = parse_access(text)
    if access is not None:
        return access.status >= 400
    if not any(word in text for word in ("ERROR", "CRITICAL", "FATAL", '"level":5', '"level":6')):
        return False
    record = classify(text)
    return record is not None and record.level.is_failure


class LogRows:
    """The rows of a log view, with tracebacks folded to one row unless a filter is set."""

    def __init__(self, book: LogBook) -> None:
        self.filter = LineFilter(book)
        self._folds = Folds(book)

    @property
    def _now(self) -> LineFilter | Folds:
        return self.filter if self.filter.active else self._folds

    def catch_up(self) -> int:
        """Process the new lines; return how many rows have been dropped from the book."""
        folded, filtered = self._folds.catch_up(), self.filter.catch_up()
        return filtered if self.filter.active else folded

    def count(self, end: int) -> int:
        """Return the number of rows before a line."""
        return self._now.count(end)

    def at(self, row: int) -> int | None:
        """Return the number of the line in a row."""
        return self._now.at(row)

    def row(self, number: int) -> int:
        """Return the row of a line, of the line that it is folded into, or of the next shown line."""
        return self._now.row(number)

    def folded(self, number: int) -> Fold | None:
        """Return the traceback that is folded into a line, or ``None``."""
        fold = None if self.filter.active else self._folds.fold(number)
        return fold if fold is not None and fold.head == number and fold.size and not fold.open else None

    def lines(self, number: int) -> list[int]:
        """Return the numbers of a line and of the lines that are folded into it."""
        fold = self.folded(number)
        return [number, *(self._folds.inner(fold) if fold is not None else ())]

    def turn(self, number: int) -> int | None:
        """Open or fold the traceback of a line; return its first line, or ``None`` if there is no traceback."""
        fold = None if self.filter.active else self._folds.fold(number)
        if fold is None or not fold.size:
            return None
        self._folds.toggle(fold)
        return fold.head

    def unfold(self, number: int) -> None:
        """Open the traceback that hides a line."""
        if self._folds.hides(number):
            self.turn(number)

    def is_trouble(self, number: int, text: str) -> bool:
        """Return whether a line is a failed request or an error record, and not hidden in a folded traceback."""
        return is_trouble(text) and not self._folds.hides(number)
