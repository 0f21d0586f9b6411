"""Which lines of the log book a filter lets through, and where the next trouble is."""

from __future__ import annotations

from bisect import bisect_left

from stormdeck.model.logs.access import parse_access
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.records import classify
from stormdeck.model.retries.storm import Storm

CLOSE_S = 1.5
"""By how much a line's own time may differ from its arrival."""


class LineFilter:
    """The numbers of the lines that hold all words and none with a minus; never a copy of lines."""

    def __init__(self, book: LogBook) -> None:
        self._book = book
        self._hits: list[int] = []
        self._seen = 0
        self._wanted: tuple[str, ...] = ()
        self._unwanted: tuple[str, ...] = ()
        self.text = ""

    @property
    def active(self) -> bool:
        """Say whether it holds any line back."""
        return bool(self._wanted or self._unwanted)

    def set(self, text: str) -> None:
        """Filter by other words: ``messages -count_tokens``."""
        words = text.casefold().split()
        self.text = text.strip()
        self._wanted = tuple(word for word in words if not word.startswith("-"))
        self._unwanted = tuple(word[1:] for word in words if word.startswith("-") and len(word) > 1)
        self._hits = []
        self._seen = 0
        self.catch_up()

    def catch_up(self) -> int:
        """Look at the lines that came since; return how many of those let through are gone from the book."""
        if not self.active:
            return 0
        self._hits += [number for number, text in self._book.texts(self._seen) if self._passes(text.casefold())]
        self._seen = self._book.end
        gone = bisect_left(self._hits, self._book.start)
        del self._hits[:gone]
        return gone

    def _passes(self, text: str) -> bool:
        return all(word in text for word in self._wanted) and not any(word in text for word in self._unwanted)

    def count(self, end: int) -> int:
        """Return how many lines before ``end`` are let through."""
        return bisect_left(self._hits, end)

    def at(self, row: int) -> int | None:
        """Return the number of the line in a row of the filtered view."""
        return self._hits[row] if 0 <= row < len(self._hits) else None


def next_trouble(book: LogBook, after: int) -> int | None:
    """Return the next line after a number that is a failed request or an error record; past the end, from the top."""
    first = None
    for number, text in book.texts(0):
        if not _is_trouble(text):
            continue
        if number > after:
            return number
        if first is None:
            first = number
    return first


def first_attempt(book: LogBook, storm: Storm) -> int | None:
    """Return the line of a storm's first attempt, ``None`` where it is no longer kept."""
    for number in book.attempts():
        line = book.line(number)
        if line is None or line.arrived is None or line.log != storm.log:
            continue
        if storm.started - CLOSE_S <= line.arrived <= storm.last + CLOSE_S:
            return number
    return None


def _is_trouble(text: str) -> bool:
    access = parse_access(text)
    if access is not None:
        return access.status >= 400
    if not any(word in text for word in ("ERROR", "CRITICAL", "FATAL", '"level":5', '"level":6')):
        return False
    record = classify(text)
    return record is not None and record.level.is_failure
