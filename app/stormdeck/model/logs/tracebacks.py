"""Tracebacks: which lines of a log belong to one, and which of them says what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto

from stormdeck.model.logs.carrier import uncarried
from stormdeck.model.logs.records import PIECE, classify
from stormdeck.model.text import strip_escapes

LONGEST = 1000
"""Lines of one traceback; Python itself shortens those of an endless recursion."""
LOOK_BACK = 50
"""Lines above a traceback that tell whether its log writes records."""

_BEGINS = "Traceback (most recent call last):"
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


class Part(Enum):
    """What a line is in its traceback."""

    BEGINNING = auto()
    SAYING = auto()
    """The exception and what it says. Of a chain the last one is what came of it."""
    INNER = auto()


class TracebackReader:
    """Tells the tracebacks of one log, in order, over as many pieces as it is read in.

    Plain ones end where the next record begins (measured, LiteLLM 1.80 and 1.109: what the exception says goes over
    many lines). vLLM puts the prefix of the record before every line (measured, 0.28 and 0.32): there, and in a log
    that writes no known records, the exception's own line is the last that is not indented.
    """

    def __init__(self) -> None:
        self._lines = 0
        """Of the traceback that is being read; 0: none is."""
        self._prefix = ""
        """What a server puts before each line of it."""
        self._written = ""
        """What stands before its first line in all: a collector's part, colours and the prefix."""
        self._said = False
        self._chained = False
        self._records = False
        """A record has been seen in this log."""

    def read(self, lines: Sequence[str]) -> Iterator[tuple[int, Part]]:
        """Yield the index of every line that belongs to a traceback; lines that do not cost next to nothing."""
        at = done = 0
        while at < len(lines):
            part = self._go_on(lines[at]) if self._lines else None
            if part is None:
                self._lines = 0
                at = next((place for place in range(at, len(lines)) if _BEGINS in lines[place]), len(lines))
                self._look_for_records(lines[max(done, at - LOOK_BACK) : at])
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

    def _look_for_records(self, lines: Sequence[str]) -> None:
        self._records = self._records or any(classify(line) is not None for line in lines)

    def _go_on(self, line: str) -> Part | None:
        """Return what a line is in the traceback that is being read, ``None`` where it does not belong to it."""
        rest = self._rest(line)
        if rest is None or self._lines >= LONGEST or (self._lines == 1 and not rest[:1].isspace()):
            return None
        self._lines += 1
        if not rest or rest[0].isspace():
            return Part.INNER
        return self._after(rest) if self._said else self._say(rest)

    def _rest(self, line: str) -> str | None:
        """Return a line without what stands before each, ``None`` where that is missing."""
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
        """Return what a line is that follows the exception."""
        if rest.startswith(_CHAINED):
            self._chained = True
            return Part.INNER
        if rest.startswith(_BEGINS):
            again, self._chained, self._said = self._chained, False, False
            return Part.INNER if again else None
        if self._prefix or not self._records:
            return Part.INNER if PIECE.fullmatch(rest) else None
        return Part.INNER if classify(rest) is None else None


def _bare(line: str) -> str:
    return uncarried(strip_escapes(line) if "\x1b" in line else line)
