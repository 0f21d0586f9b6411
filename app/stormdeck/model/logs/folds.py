"""The log book with its tracebacks folded: which lines are rows, and which are folded into another."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.tracebacks import Part, TracebackReader


@dataclass(slots=True)
class Fold:
    """One traceback. Its first line is always a row."""

    head: int
    """The number of its first line."""
    says: int
    """The number of the line that says what went wrong; of the first one until that is known."""
    size: int = 0
    """Lines below the first one."""
    last: int = 0
    """The number of its last line; lines of other logs may stand between."""
    open: bool = False


class Folds:
    """Looks at each line of the book once, in order; a line that is in no traceback costs no memory."""

    def __init__(self, book: LogBook) -> None:
        self._book = book
        self._readers: dict[str, TracebackReader] = {}
        self._newest: dict[str, Fold] = {}
        """The last traceback of each log."""
        self._folds: dict[int, Fold] = {}
        """By the number of the first line."""
        self._inner = array("q")
        """Lines below the first one of any traceback, and the first lines that they belong to."""
        self._heads = array("q")
        self._hidden = array("q")
        """Those of ``_inner`` that are no rows now."""
        self._start = book.start
        self._seen = book.start

    def catch_up(self) -> int:
        """Look at the lines that came since; return how many rows are gone from the book."""
        start = self._book.start
        if self._seen < start:
            self._readers.clear()
        for log, first, lines in self._book.batches(self._seen):
            reader = self._readers.setdefault(log, TracebackReader())
            for at, part in reader.read(lines):
                self._take(log, first + at, part)
        self._seen = self._book.end
        gone = self.count(start)
        self._forget(start)
        return gone

    def _take(self, log: str, number: int, part: Part) -> None:
        if part is Part.BEGINNING:
            self._folds[number] = self._newest[log] = Fold(number, number, last=number)
            return
        fold = self._newest[log]
        fold.size += 1
        fold.last = number
        if part is Part.SAYING:
            fold.says = number
        self._inner.append(number)
        self._heads.append(fold.head)
        if not fold.open:
            self._hidden.append(number)

    def _forget(self, start: int) -> None:
        """Forget what is gone from the book. The rest of a traceback that has lost its first line stays hidden."""
        self._start = start
        gone = bisect_left(self._inner, start)
        if gone:
            del self._inner[:gone], self._heads[:gone], self._hidden[: bisect_left(self._hidden, start)]
            self._folds = {head: fold for head, fold in self._folds.items() if fold.last >= start}

    def count(self, end: int) -> int:
        """Return how many rows there are before a line."""
        return max(0, end - self._start - bisect_left(self._hidden, end))

    def at(self, row: int) -> int | None:
        """Return the number of the line in a row."""
        hidden = bisect_right(range(len(self._hidden)), row, key=lambda at: self._hidden[at] - self._start - at)
        number = self._start + row + hidden
        return number if row >= 0 and number < self._seen else None

    def row(self, number: int) -> int:
        """Return the row of a line; of the line that it is folded into, where it is hidden."""
        fold = self.fold(number)
        return self.count(number if fold is None or fold.open else fold.head)

    def fold(self, number: int) -> Fold | None:
        """Return the traceback that a line belongs to."""
        at = bisect_left(self._inner, number)
        inside = at < len(self._inner) and self._inner[at] == number
        return self._folds.get(self._heads[at] if inside else number)

    def hides(self, number: int) -> bool:
        """Say whether a line is folded into another."""
        at = bisect_left(self._hidden, number)
        return at < len(self._hidden) and self._hidden[at] == number

    def inner(self, fold: Fold) -> list[int]:
        """Return the numbers of the lines below the first one."""
        begin, end = bisect_left(self._inner, fold.head), bisect_right(self._inner, fold.last)
        return [self._inner[at] for at in range(begin, end) if self._heads[at] == fold.head]

    def turn(self, fold: Fold) -> None:
        """Open a traceback, or fold it again."""
        fold.open = not fold.open
        shown = {one.head for one in self._folds.values() if one.open}
        pairs = zip(self._inner, self._heads, strict=True)
        self._hidden = array("q", (number for number, head in pairs if head not in shown))
