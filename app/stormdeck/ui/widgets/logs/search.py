"""The rows of a log view, and how the next error, match or storm among the lines is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.tracebacks import Fold, Folds
from stormdeck.model.logs.trouble import is_trouble
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.ui.widgets.logs.filter import PIECE, LineFilter

CLOSE_S = 1.5
"""Seconds by which the arrival of a line may differ from the times of its storm."""

Wanted = Callable[[int, str], bool]
"""Decides by its number and raw text whether a line is searched for."""


def search(book: LogBook, after: int, step: int, wanted: Wanted) -> Iterator[int | None]:
    """Yield the next wanted line, forward or backward from a line, then from the other end of the book.

    Before that it yields ``None`` after every few lines, so that the caller can do something else in between.
    """
    spans = ((after + 1, book.end), (0, after + 1)) if step > 0 else ((0, after), (after, book.end))
    for begin, end in spans:
        for first, last in _pieces(max(begin, book.start), end, step):
            hits = [number for number, _, _, text in book.lines(first, last) if wanted(number, text)]
            if hits:
                yield hits[0 if step > 0 else -1]
                return
            yield None


def _pieces(begin: int, end: int, step: int) -> Iterator[tuple[int, int]]:
    """Yield spans of a few lines, in the direction of the search."""
    if step > 0:
        yield from ((at, min(end, at + PIECE)) for at in range(begin, end, PIECE))
    else:
        yield from ((max(begin, at - PIECE), at) for at in range(end, begin, -PIECE))


def first_attempt(book: LogBook, storm: Storm) -> int | None:
    """Return the line of a storm's first attempt, or ``None`` if it is no longer kept."""
    return next(iter(attempts_of(book, storm)), None)


def attempts_of(book: LogBook, storm: Storm) -> Iterator[int]:
    """Yield the main requests in the log and the time of a storm."""
    for number in book.attempts():
        line = book.line(number)
        if line is None or line.arrived is None or line.log != storm.log:
            continue
        if storm.started - CLOSE_S <= line.arrived <= storm.last + CLOSE_S:
            yield number


class LogRows:
    """The rows of a log view: without a filter, tracebacks are folded to one row; polls and probes are hidden."""

    def __init__(self, book: LogBook, line_filter: LineFilter) -> None:
        self._book = book
        self.filter = line_filter
        self._folds = Folds(book)

    @property
    def _now(self) -> LineFilter | Folds:
        return self.filter if self.filter.active else self._folds

    @property
    def shows_probes(self) -> bool:
        """Return whether polls and probes are shown."""
        return self._folds.shows_probes

    def show_probes(self, shown: bool) -> None:
        """Show polls and probes, or hide them."""
        self._folds.show_probes(shown)
        self.filter.show_probes(shown)

    def hidden_probes(self, end: int) -> int:
        """Return how many polls and probes before a line are hidden."""
        if self.shows_probes:
            return 0
        return self.filter.probes if self.filter.active else self._book.probe_count(0, end)

    def catch_up(self) -> int:
        """Process the new lines; return how many rows have been dropped from the book."""
        folded, filtered = self._folds.catch_up(), self.filter.catch_up()
        return filtered if self.filter.active else folded

    def search_older(self, enough: Callable[[], bool]) -> int:
        """Filter older lines until it is ``enough``; return how many rows were added before the others."""
        return self.filter.search_older(enough)

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

    def record(self, number: int) -> list[int]:
        """Return the numbers of the lines of the traceback that a line is in, or of the line alone."""
        fold = self._folds.fold(number)
        return [number] if fold is None else [fold.head, *self._folds.inner(fold)]

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
        """Return whether a line says what went wrong for a user, and is not hidden in a folded traceback.

        Neither a poll or probe nor a request that stormdeck sent itself does.
        """
        return (
            is_trouble(text)
            and not self._book.is_probe(number)
            and not self._book.is_own(number)
            and not self._folds.hides(number)
        )
