"""Filter the log book in small pieces: the newest lines first, and no line twice while a filter is typed."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.query import Place, Query, level_of
from stormdeck.model.logs.records import Level
from stormdeck.ui.widgets.logs.cpu_limit import TooSlowError, cpu_limit

PIECE = 256
"""Lines that are tested before the time is looked at."""
SETTLED_S = 3.0
"""How long after a line its session is looked for."""
AT_ONCE = 2000
"""New lines that are tested at once."""
SLOWEST_S = 0.25
"""The most processor time for the patterns of one piece."""
TOO_SLOW = "This pattern takes too long for these lines: make it simpler."
KEPT = 6
"""Results of earlier filters that are kept, for a filter that is typed back."""
LOOK_BACK = 200
"""How many lines before a line are searched for the record that it belongs to."""


@dataclass(slots=True)
class _Result:
    """The lines that pass a filter, as far as they are known."""

    query: Query
    seen: int
    """Lines from here on were not tested yet: they are new."""
    floor: int
    """Lines before this one were not tested yet."""
    hits: array[int] = field(default_factory=lambda: array("q"))
    probes: int = 0
    """Polls and probes that would pass and are hidden."""
    todo: array[int] | None = None
    """The lines below ``floor`` that may pass, as a wider filter has found; ``None``: all of them."""
    todo_floor: int = 0
    """``todo`` says nothing of the lines before this one."""
    problem: str = ""


class LineFilter:
    """The numbers of the lines that pass a filter; the lines themselves stay in the log book."""

    def __init__(
        self,
        book: LogBook,
        now: Callable[[], float] = lambda: 0.0,
        local: Callable[[float], datetime] = datetime.fromtimestamp,
        session_of: Callable[[int], str] = lambda number: "",
    ) -> None:
        self._book = book
        self._now = now
        self._local = local
        self._session_of = session_of
        self.shows_probes = False
        self._result = _Result(Query(), 0, 0)
        self._earlier: OrderedDict[tuple[Query, bool], _Result] = OrderedDict()
        self._levels: dict[str, Level | None] = {}
        """The level of the newest record of each log, for the lines that come next."""
        self.last = Query()
        """The last filter, even if it was cleared."""
        self.text = ""

    @property
    def active(self) -> bool:
        """Return whether there is a filter."""
        return bool(self._result.query)

    @property
    def problem(self) -> str:
        """Return what is wrong with the filter; empty: nothing."""
        return self._result.problem or self._result.query.problem

    @property
    def done(self) -> bool:
        """Return whether all lines have been tested."""
        return not self.active or bool(self._result.problem) or self._result.floor <= self._book.start

    @property
    def progress(self) -> int:
        """Return how many percent of the lines have been tested."""
        tested = self._book.end - max(self._result.floor, self._book.start)
        return 100 * tested // max(1, len(self._book))

    @property
    def probes(self) -> int:
        """Return how many polls and probes pass and are hidden, among the lines tested so far."""
        return self._result.probes

    def set(self, text: str) -> None:
        """Set the filter. Its lines are found by ``catch_up`` and ``search_older``."""
        self.text = text.strip()
        query = Query.read(text, self._now(), self._local)
        self.last = query or self.last
        self._use(query)

    def show_probes(self, shown: bool) -> None:
        """Show polls and probes that pass, or hide them."""
        self._keep()
        self.shows_probes = shown
        self._use(self._result.query, anew=True)

    def _keep(self) -> None:
        """Keep the present result."""
        if self.active and not self._result.problem:
            self._earlier[self._result.query, self.shows_probes] = self._result
            if len(self._earlier) > KEPT:
                self._earlier.popitem(last=False)

    def _use(self, query: Query, *, anew: bool = False) -> None:
        before = self._result
        if query == before.query and not anew:
            before.query = query
            return
        if not anew:
            self._keep()
        known = self._earlier.pop((query, self.shows_probes), None)
        if known is not None:
            self._result = known
        elif not anew and before.query and not before.problem and _narrows(query, before.query):
            seen = before.seen
            self._result = _Result(query, seen, seen, todo=before.hits[:], todo_floor=before.floor)
        else:
            end = self._ready(query, 0)
            self._result = _Result(query, end, end)
        self._levels.clear()

    def _ready(self, query: Query, otherwise: int) -> int:
        """Return the number after the last line that can be tested now; ``otherwise`` if there is none.

        The session of a request is known a little after its line: a transcript is written, read and compared first.
        """
        if not query.asks("session"):
            return self._book.end
        settled = self._now() - SETTLED_S
        number = self._book.number_at(settled)
        line = self._book.line(number) if number is not None else None
        if line is None or line.arrived is None:
            return otherwise
        return self._book.end if line.arrived < settled else line.number

    def catch_up(self) -> int:
        """Test the new lines; return how many passing lines have been dropped from the book."""
        if not self.active:
            return 0
        if self._book.end - self._result.seen > AT_ONCE and not self._result.problem:
            # The view was hidden, or this filter was not used, for a while: the newest lines first, as for a new one.
            end = self._ready(self._result.query, 0)
            self._result = _Result(self._result.query, end, end)
        result = self._result
        end = self._ready(result.query, result.seen)
        if result.seen < end and not result.problem:
            self._take_new(result, end)
        gone = bisect_left(result.hits, self._book.start)
        del result.hits[:gone]
        return gone

    def _take_new(self, result: _Result, end: int) -> None:
        levels = self._levels
        new = [] if not result.query else self._passing(result, range(result.seen, end), levels)
        result.seen = end
        result.hits.extend(new)

    def search_older(self, enough: Callable[[], bool]) -> int:
        """Test older lines, a piece at least, until it is ``enough``; return how many of them pass."""
        result, found = self._result, 0
        while not self.done:
            numbers = self._next_piece(result)
            new = self._passing(result, numbers, {})
            if new:
                result.hits = array("q", new) + result.hits
                found += len(new)
            if enough():
                break
        return found

    def _next_piece(self, result: _Result) -> Sequence[int]:
        """Return the next lines to test, ascending, all of them below those tested before."""
        todo = result.todo
        if todo:
            piece = todo[-PIECE:]
            del todo[-PIECE:]
            result.floor = piece[0]
            return piece
        if todo is not None:
            result.floor, result.todo = min(result.floor, result.todo_floor), None
        begin = max(self._book.start, result.floor - PIECE)
        piece_of_all = range(begin, max(begin, result.floor))
        result.floor = begin
        return piece_of_all

    def _passing(self, result: _Result, numbers: Sequence[int], levels: dict[str, Level | None]) -> list[int]:
        """Return the lines that pass. A pattern that takes too long ends the search."""
        if not result.query.patterns:
            return list(self._test(result, numbers, levels))
        found: list[int] = []
        try:
            for begin in range(0, len(numbers), PIECE):
                with cpu_limit(SLOWEST_S):
                    found += self._test(result, numbers[begin : begin + PIECE], levels)
        except TooSlowError:
            result.problem = TOO_SLOW
        return found

    def _test(self, result: _Result, numbers: Sequence[int], levels: dict[str, Level | None]) -> Iterator[int]:
        query, book = result.query, self._book
        asks_level, asks_session = query.asks("level"), query.asks("session")
        for number, log, arrived, text in _lines(book, numbers):
            if asks_level:
                own = level_of(text)
                if own is not None or log not in levels:
                    levels[log] = own if own is not None else self._level_before(number, log)
            session = self._session_of(number) if asks_session else ""
            if not query.passes(text, Place(log, arrived, levels.get(log), session)):
                continue
            if not self.shows_probes and book.is_probe(number):
                result.probes += 1
            else:
                yield number

    def _level_before(self, number: int, log: str) -> Level | None:
        """Return the level of the record that a line belongs to."""
        for earlier in range(number - 1, max(self._book.start, number - LOOK_BACK) - 1, -1):
            line = self._book.line(earlier)
            if line is not None and line.log == log and (level := level_of(line.text)) is not None:
                return level
        return None

    def passes_last(self, number: int, text: str) -> bool:
        """Return whether a line passes the last filter."""
        line = self._book.line(number)
        if line is None or self._result.problem:
            return False
        query = self.last
        level = level_of(text) or self._level_before(number, line.log) if query.asks("level") else None
        session = self._session_of(number) if query.asks("session") else ""
        try:
            with cpu_limit(SLOWEST_S):
                return query.passes(text, Place(line.log, line.arrived, level, session))
        except TooSlowError:
            self._result.problem = TOO_SLOW
            return False

    def count(self, end: int) -> int:
        """Return how many lines before ``end`` pass."""
        return bisect_left(self._result.hits, end)

    def at(self, row: int) -> int | None:
        """Return the number of the line in a row of the filtered view."""
        return self._result.hits[row] if 0 <= row < len(self._result.hits) else None

    def row(self, number: int) -> int:
        """Return the row of a line in the filtered view, or of the next line that passes."""
        return bisect_left(self._result.hits, number)


def _narrows(query: Query, before: Query) -> bool:
    """Return whether the lines of another filter are all that can pass; newer ones may wait for their session."""
    return query.narrows(before) and query.asks("session") is before.asks("session")


def _lines(book: LogBook, numbers: Sequence[int]) -> Iterator[tuple[int, str, float | None, str]]:
    """Yield lines of the book by their ascending numbers: the number, the log, the arrival, and the text."""
    if isinstance(numbers, range):
        yield from book.lines(numbers.start, numbers.stop)
        return
    for number in numbers:
        line = book.line(number)
        if line is not None:
            yield number, line.log, line.arrived, line.text
