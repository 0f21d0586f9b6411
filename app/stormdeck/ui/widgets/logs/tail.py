"""The overview's log panel: the last requests of Claude Code and the last log records that matter."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.strip import Strip

from stormdeck.model.deck import Deck
from stormdeck.model.logs.book import Line, LogBook
from stormdeck.model.logs.spec import display_name
from stormdeck.ui.rendering import fit_words, line, sentences
from stormdeck.ui.widgets.logs.line import Fragment, LineDrawer, columns, head, message, short_message
from stormdeck.ui.widgets.panel import LivePanel

TIME = 9
"""Columns of the time and the space after it."""
SHOWN_KINDS = {"main", "count_tokens"}
"""The kinds of requests that are shown."""
NOISE = ("Avg prompt throughput", "Route: /")
"""Texts of records that vLLM repeats every ten seconds, or at each start."""
NOTHING_YET = "No request and no error yet. Press 2 for every line."
LOOK_BACK = 3000
"""How many of the last lines are searched."""


class LogTail(LineDrawer):
    """The lines. Health polls, tracebacks and banners are left out: the logs area shows them."""

    def __init__(self, book: LogBook, clock: Callable[[float], str]) -> None:
        super().__init__()
        self._book = book
        self._clock = clock
        self._rows: deque[tuple[Line, list[Fragment]]] = deque()
        self._seen = 0

    def grow(self) -> None:
        """Add the new lines; redraw only if one of them is shown here."""
        height, width = self.size.height, self.size.width
        if not height or self._seen == self._book.end:
            return
        new = last_rows(self._book, self._seen, height, width)
        self._seen = self._book.end
        if new:
            self._rows = deque([*self._rows, *new], maxlen=height)
            self.refresh()

    def on_resize(self) -> None:
        """Fill the new size."""
        self._rows.clear()
        self._seen = 0
        self.grow()

    def render_line(self, y: int) -> Strip:
        """Draw one row, the newest at the bottom."""
        width = self.size.width
        if not self._rows and y == 0:
            words = NOTHING_YET if self._book.end else "No log line since the panel started."
            return self.draw([], [Fragment(words[:width], "quiet")], width)
        if not 0 <= y < len(self._rows):
            return self.draw([], [], width)
        line, body = self._rows[y]
        return self.draw(head(line, self._clock, named=False), body, width)


def last_rows(book: LogBook, begin: int, most: int, width: int) -> list[tuple[Line, list[Fragment]]]:
    """Return up to ``most`` of the last lines from ``begin`` on that are shown here, oldest first."""
    rows: list[tuple[Line, list[Fragment]]] = []
    for number in range(book.end - 1, max(book.start, begin, book.end - LOOK_BACK) - 1, -1):
        line = book.line(number)
        body = _drawn(line, width) if line is not None else None
        if line is not None and body is not None:
            rows.append((line, body))
            if len(rows) == most:
                break
    return rows[::-1]


def _drawn(line: Line, width: int) -> list[Fragment] | None:
    """Return the drawn line, or ``None`` if it is left out."""
    from stormdeck.model.logs.records import classify
    from stormdeck.model.logs.requests.access_line import parse_access

    access = parse_access(line.text)
    if access is not None:
        # The query is always the same, and a narrow pane needs the room.
        short = replace(access, path=access.path.partition("?")[0])
        return columns(short, line.attempt, width) if access.kind in SHOWN_KINDS else None
    record = classify(line.text)
    if record is None or not record.message.strip() or any(word in record.message for word in NOISE):
        return None
    return message(record, fit_words(short_message(record), width - TIME))


LEAST_NOTE = 20
"""Columns below which a note is left out."""


class TailHeading(LivePanel):
    """The heading: the names of the logs, or why there is none."""

    def part(self, deck: Deck) -> object:
        """Return the followed logs, and the problems with logs."""
        found, logs = deck.discovery, deck.traffic.logs if deck.traffic else ()
        return logs, found.log_notes, found.done, deck.own_faults

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Use the room of the lines if no log is followed."""
        super().watch_deck(old, new)
        if self.parent is not None:
            self.parent.set_class(new.traffic is None or not new.traffic.logs, "-none")

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the heading with the followed logs and the first problem with a log."""
        found, traffic = self.deck.discovery, self.deck.traffic
        own = self.deck.own_faults
        note = next(iter((*own.unread, *found.log_notes, *own.remarks)), "")
        if traffic is not None and traffic.logs:
            names = "  ".join(map(display_name, traffic.logs))
            title = self.heading("LOG", (names, "$quiet"))
            room = width - title.cell_length - 3
            return [line(title, (f"   {fit_words(note, room)}" if note and room > LEAST_NOTE else "", "$warning"))]
        words = "searching for a log" if not found.done else note or "No log found. Name one: stormdeck --log FILE"
        if height > 1:
            return [self.heading("LOG"), *sentences(words, width, height - 1)]
        title = self.heading("LOG", "")
        return [line(title, *sentences(words, width - title.cell_length, 1)[:1])]


HEADING_FROM = 5
"""Rows from which on the panel has a heading."""


class LogPanel(Vertical):
    """The heading above the lines."""

    def __init__(self, book: LogBook, clock: Callable[[float], str], *, id: str) -> None:  # noqa: A002 - Textual's own
        super().__init__(id=id)
        self._tail = LogTail(book, clock)

    def compose(self) -> ComposeResult:
        """Compose the heading above the lines."""
        yield TailHeading()
        yield self._tail

    def grow(self) -> None:
        """Show new lines."""
        self._tail.grow()

    def on_resize(self, event: events.Resize) -> None:
        """Hide the heading in a low pane."""
        self.set_class(event.size.height < HEADING_FROM, "-low")

    def on_focus(self) -> None:
        """Draw the heading as focused."""
        self.query_one(TailHeading).refresh()

    def on_blur(self) -> None:
        """Draw the heading as not focused."""
        self.query_one(TailHeading).refresh()
