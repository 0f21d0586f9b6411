"""Which line of the log book stands in which row: all with tracebacks folded, or those that a filter lets through."""

from __future__ import annotations

from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.folds import Fold, Folds
from stormdeck.ui.widgets.log_search import LineFilter, is_trouble


class LogRows:
    """The rows of a log view. What a filter lets through is never folded."""

    def __init__(self, book: LogBook) -> None:
        self.filter = LineFilter(book)
        self._folds = Folds(book)

    @property
    def _now(self) -> LineFilter | Folds:
        return self.filter if self.filter.active else self._folds

    def catch_up(self) -> int:
        """Look at the lines that came since; return how many rows are gone from the book."""
        folded, filtered = self._folds.catch_up(), self.filter.catch_up()
        return filtered if self.filter.active else folded

    def count(self, end: int) -> int:
        """Return how many rows there are before a line."""
        return self._now.count(end)

    def at(self, row: int) -> int | None:
        """Return the number of the line in a row."""
        return self._now.at(row)

    def row(self, number: int) -> int:
        """Return the row of a line, of the line that it is folded into, or of the next one that is shown."""
        return self._now.row(number)

    def folded(self, number: int) -> Fold | None:
        """Return the traceback that a line stands for, ``None`` where it stands for itself alone."""
        fold = None if self.filter.active else self._folds.fold(number)
        return fold if fold is not None and fold.head == number and fold.size and not fold.open else None

    def lines(self, number: int) -> list[int]:
        """Return the number of a line, and of those that are folded into it."""
        fold = self.folded(number)
        return [number, *(self._folds.inner(fold) if fold is not None else ())]

    def turn(self, number: int) -> int | None:
        """Open the traceback that a line belongs to, or fold it; return its first line, ``None`` without one."""
        fold = None if self.filter.active else self._folds.fold(number)
        if fold is None or not fold.size:
            return None
        self._folds.turn(fold)
        return fold.head

    def unfold(self, number: int) -> None:
        """Let a line be seen that is folded into another."""
        if self._folds.hides(number):
            self.turn(number)

    def is_trouble(self, number: int, text: str) -> bool:
        """Say whether a line is a failed request or an error record; a folded traceback belongs to the one above."""
        return is_trouble(text) and not self._folds.hides(number)
