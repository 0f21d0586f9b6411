"""Find tracebacks in a log, and fold them into one row."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.prefixes.dress import undress
from stormdeck.model.logs.records import PIECE, classify

LONGEST = 1000
"""The most lines of one traceback; Python itself shortens those of an endless recursion."""
LONGEST_PREFIX = 120
"""The most columns that are looked at for a line that is nothing but prefixes."""
LOOK_BACK = 50
"""How many lines before a traceback are searched for records."""

_BEGINS = "Traceback (most recent call last):"
_BLANK_ENDS = frozenset(")|]:F \t\r\v\f")
"""The last character of a line that may be blank, or nothing but prefixes; nearly all lines have another."""
_PROCESS = re.compile(r"\(\w{1,40} pid=\d{1,9}\)")
"""What vLLM puts before each line of a process."""
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


class Part(Enum):
    """The role of a line in its traceback."""

    BEGINNING = auto()
    SAYING = auto()
    """The exception and its message. In a chain of exceptions the last one counts."""
    INNER = auto()


class TracebackReader:
    """Finds the tracebacks of one log, which may be read in several pieces.

    A plain traceback ends where the next record begins (measured, LiteLLM 1.80 and 1.109: the exception's message has
    many lines). vLLM puts the prefix of the record before every line (measured, 0.28 and 0.32): there, and in a log
    without known records, the exception's line is the last one that is not indented.
    """

    def __init__(self) -> None:
        self._lines = 0
        """The number of lines so far of the traceback that is being read; 0: none."""
        self._prefix = ""
        """The prefix that the server puts before each of its lines."""
        self._written = ""
        """Everything before its first line: a collector's prefix, colours, and the server's prefix."""
        self._said = False
        self._chained = False
        self._records = False
        """The log has known records."""

    def read(self, lines: Sequence[str]) -> Iterator[tuple[int, Part]]:
        """Yield the index and role of every line of a traceback. Other lines are skipped fast."""
        at = done = 0
        while at < len(lines):
            part = self._continue(lines[at]) if self._lines else None
            if part is None:
                self._lines = 0
                at = next((place for place in range(at, len(lines)) if _BEGINS in lines[place]), len(lines))
                self._find_records(lines[max(done, at - LOOK_BACK) : at])
                part = self._begin(lines[at]) if at < len(lines) else None
                done = at
            if part is not None:
                yield at, part
            at += 1

    def _begin(self, line: str) -> Part | None:
        bare = _bare(line).rstrip()
        if not bare.endswith(_BEGINS):
            return None
        self._lines, self._said, self._chained = 1, False, False
        self._prefix, self._written = bare[: -len(_BEGINS)], line[: line.index(_BEGINS)]
        return Part.BEGINNING

    def _find_records(self, lines: Sequence[str]) -> None:
        self._records = self._records or any(classify(line) is not None for line in lines)

    def _continue(self, line: str) -> Part | None:
        """Return the role of a line in the traceback that is being read, ``None`` if it does not belong to it."""
        rest = self._rest(line)
        if rest is None or self._lines >= LONGEST or (self._lines == 1 and not rest[:1].isspace()):
            return None
        self._lines += 1
        if not rest or rest[0].isspace():
            return Part.INNER
        return self._after(rest) if self._said else self._say(rest)

    def _rest(self, line: str) -> str | None:
        """Return a line without the prefix of the traceback, ``None`` if it has another prefix."""
        if line.startswith(self._written):
            return line[len(self._written) :]
        bare = _bare(line)
        if self._lines == 1 and not bare.startswith(self._prefix):
            self._prefix = ""
        return bare[len(self._prefix) :] if bare.startswith(self._prefix) else None

    def _say(self, rest: str) -> Part | None:
        self._said = self._prefix != "" or classify(rest) is None
        return Part.SAYING if self._said else None

    def _after(self, rest: str) -> Part | None:
        """Return the role of a line that follows the exception."""
        if rest.startswith(_CHAINED):
            self._chained = True
            return Part.INNER
        if rest.startswith(_BEGINS):
            again, self._chained, self._said = self._chained, False, False
            return Part.INNER if again else None
        if self._prefix or not self._records:
            return Part.INNER if PIECE.fullmatch(rest) else None
        return Part.INNER if classify(rest) is None else None


def is_blank(line: str) -> bool:
    """Return whether a line is empty, but perhaps for what a server or a collector puts before each line."""
    if not line or line.isspace():
        return True
    return len(line) <= LONGEST_PREFIX and line.rstrip()[-1] in _BLANK_ENDS and not _without_prefix(line).strip()


def _without_prefix(line: str) -> str:
    bare = _bare(line)
    prefix = _PROCESS.match(bare)
    return bare[prefix.end() :] if prefix is not None else bare


def _bare(line: str) -> str:
    return undress(line).text


@dataclass(slots=True)
class Fold:
    """One traceback. Its first line is always shown."""

    head: int
    """The number of its first line."""
    says: int
    """The number of the line with the exception; of the first line until that is known."""
    size: int = 0
    """The number of lines after the first one."""
    last: int = 0
    """The number of its last line; lines of other logs may come in between."""
    open: bool = False


class Folds:
    """The tracebacks in a log book, and the rows that are left when they are folded and probes and blank lines hidden.

    Each line is read once, in order; a line outside of tracebacks costs no memory.
    """

    def __init__(self, book: LogBook) -> None:
        self._book = book
        self._readers: dict[str, TracebackReader] = {}
        self._newest: dict[str, Fold] = {}
        """The newest traceback of each log."""
        self._folds: dict[int, Fold] = {}
        """All tracebacks, by the number of the first line."""
        self._inner = array("q")
        """The numbers of all lines after the first one of a traceback; ``_heads`` has their first lines."""
        self._heads = array("q")
        self._hidden = array("q")
        """The lines that are hidden now: those of ``_inner``, polls and probes, and blank lines."""
        self._blank = array("q")
        """Lines without a text, outside of tracebacks: they are never shown."""
        self._fresh: list[int] = []
        """Lines of tracebacks to be added to ``_hidden``."""
        self.shows_probes = False
        self._start = book.start
        self._seen = book.start

    def catch_up(self) -> int:
        """Read the lines that were added since. Returns how many rows have left the book."""
        start = self._book.start
        if self._seen < start:
            self._readers.clear()
        for log, first, lines in self._book.batches(self._seen):
            reader = self._readers.setdefault(log, TracebackReader())
            inside = set()
            for at, part in reader.read(lines):
                self._take(log, first + at, part)
                inside.add(at)
            blank = (at for at, text in enumerate(lines) if (not text or text[-1] in _BLANK_ENDS) and is_blank(text))
            self._blank.extend(first + at for at in blank if at not in inside)
        probes = [] if self.shows_probes else self._book.probes[bisect_left(self._book.probes, self._seen) :]
        empty = self._blank[bisect_left(self._blank, self._seen) :]
        self._hidden.extend(sorted({*self._fresh, *probes, *empty}) if probes or empty else self._fresh)
        self._fresh.clear()
        self._seen = self._book.end
        gone = self.count(start)
        self._forget(start)
        return gone

    def _take(self, log: str, number: int, part: Part) -> None:
        if part is Part.BEGINNING:
            self._folds[number] = self._newest[log] = Fold(number, number, last=number)
            return
        fold = self._newest[log]
        # It may have left the book before it grew.
        self._folds.setdefault(fold.head, fold)
        fold.size += 1
        fold.last = number
        if part is Part.SAYING:
            fold.says = number
        self._inner.append(number)
        self._heads.append(fold.head)
        if not fold.open:
            self._fresh.append(number)

    def _forget(self, start: int) -> None:
        """Drop what has left the book. The rest of a traceback that has lost its first line stays hidden."""
        self._start = start
        gone = bisect_left(self._inner, start)
        del self._hidden[: bisect_left(self._hidden, start)]
        del self._blank[: bisect_left(self._blank, start)]
        if gone:
            del self._inner[:gone], self._heads[:gone]
            self._folds = {head: fold for head, fold in self._folds.items() if fold.last >= start}

    def count(self, end: int) -> int:
        """Return the number of rows before a line."""
        return max(0, end - self._start - bisect_left(self._hidden, end))

    def at(self, row: int) -> int | None:
        """Return the number of the line in a row, ``None`` if there is no such row."""
        hidden = bisect_right(range(len(self._hidden)), row, key=lambda at: self._hidden[at] - self._start - at)
        number = self._start + row + hidden
        return number if row >= 0 and number < self._seen else None

    def row(self, number: int) -> int:
        """Return the row of a line; for a hidden line, the row of its traceback."""
        fold = self.fold(number)
        return self.count(number if fold is None or fold.open else fold.head)

    def fold(self, number: int) -> Fold | None:
        """Return the traceback of a line, ``None`` if it is in none."""
        at = bisect_left(self._inner, number)
        inside = at < len(self._inner) and self._inner[at] == number
        return self._folds.get(self._heads[at] if inside else number)

    def hides(self, number: int) -> bool:
        """Return whether a line is hidden in a folded traceback."""
        fold = self.fold(number)
        return fold is not None and not fold.open and number != fold.head

    def inner(self, fold: Fold) -> list[int]:
        """Return the numbers of the lines after the first one."""
        begin, end = bisect_left(self._inner, fold.head), bisect_right(self._inner, fold.last)
        return [self._inner[at] for at in range(begin, end) if self._heads[at] == fold.head]

    def toggle(self, fold: Fold) -> None:
        """Open a traceback, or fold it."""
        fold.open = not fold.open
        self._hide_again()

    def show_probes(self, shown: bool) -> None:
        """Show polls and probes, or hide them."""
        self.shows_probes = shown
        self._hide_again()

    def _hide_again(self) -> None:
        shown = {one.head for one in self._folds.values() if one.open}
        pairs = zip(self._inner, self._heads, strict=True)
        folded = [number for number, head in pairs if head not in shown]
        probes = self._book.probes
        hidden = [] if self.shows_probes else probes[bisect_left(probes, self._start) : bisect_left(probes, self._seen)]
        self._hidden = array("q", sorted({*folded, *hidden, *self._blank}))
