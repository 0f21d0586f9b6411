"""Draw the storms, live and past; Claude Code does not show its past ones."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message

from stormdeck.model.deck import Deck
from stormdeck.model.logs.spec import short_name
from stormdeck.model.retries.chain import UNKNOWN
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.text import clean
from stormdeck.model.units import duration
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import MORE, fit, fit_words, line, marked, sentences
from stormdeck.ui.widgets.panel import LivePanel

LONG_WORDS_FROM = 50
"""Columns from which on a storm is described in whole words."""
NAMES_FROM = 64
"""Columns from which on folder and session are shown, if there are storms of several sessions."""
ALL_NAMES_FROM = 100
"""Columns from which on folder and session, or the log, are always shown."""
LOG, ENDED = 16, 24
"""Columns of that name, and of how the storm ended."""
SESSION = 4
"""Characters that are shown of a session's id."""
_LOST = {Outcome.GAVE_UP, Outcome.QUIET}
_ORDERS: dict[str, Callable[[Storm], float]] = {
    "newest first": lambda storm: -storm.started,
    "most attempts first": lambda storm: -storm.attempts,
    "longest first": lambda storm: storm.started - storm.last,
}
"""Orders of the storms; one that goes on is always before those that are over."""


class StormsPanel(LivePanel):
    """One line per storm: when, how many attempts, why, and how it ended. One of them has the cursor."""

    BINDINGS = bindings("overview", inner=True)

    class Chosen(Message):
        """The user wants to see a storm's log lines."""

        def __init__(self, storm: Storm) -> None:
            self.storm = storm
            super().__init__()

    def __init__(self, clock: Callable[[float], str], *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._clock = clock
        self._current: tuple[float, str] | None = None
        """The storm under the cursor: when it began, and in which log."""
        self._first = 0
        """The storm in the first row."""
        self._order = next(iter(_ORDERS))

    def part(self, deck: Deck) -> object:
        """Return the storms."""
        traffic = deck.traffic
        return (
            deck.discovery.done,
            deck.wire.recorders,
            (traffic.storms, traffic.logs, traffic.since) if traffic else None,
        )

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the first storms that fit, or those around the cursor."""
        traffic = self.deck.traffic
        if traffic is None or not (traffic.logs or traffic.storms or self.deck.wire.recorders):
            no_log = "Not known without a log. Name one: stormdeck --log FILE"
            words = no_log if self.deck.discovery.done else "not known yet"
            return [self.heading("STORMS"), *sentences(words, width, height - 1)]
        if not traffic.storms:
            since = f" since {self._clock(traffic.since)}" if traffic.since is not None else ""
            words = f"None seen{since}. A storm is three or more attempts of one turn."
            return [self.heading("STORMS"), *sentences(words, width, height - 1)]
        room, at = height - 1, self._place()
        self._first = max(0, at - room + 1) if self.has_focus else 0
        rows = [self._row(storm, width) for storm in self._storms()[self._first : self._first + room]]
        if self.has_focus and rows:
            rows[at - self._first] = marked(rows[at - self._first], width, focused=True)
        return [self.heading("STORMS", (self._note(width, len(traffic.storms) - room), "$quiet")), *rows]

    def _storms(self) -> list[Storm]:
        """Return the storms in the chosen order; of equals, the newest first."""
        newest = _ORDERS["newest first"]
        chosen = _ORDERS[self._order]
        return sorted(self.deck.storms, key=lambda storm: (storm.over, chosen(storm), newest(storm)))

    def _note(self, width: int, left_out: int) -> str:
        """Return the order if it is not the usual one, and how many storms do not fit; or else what a storm is."""
        usual = self._order == next(iter(_ORDERS))
        if left_out > 0 or not usual:
            hidden = f"{left_out} older not shown" if usual and not self._first else f"{left_out} not shown"
            return ", ".join([*([] if usual else [self._order]), *([hidden] if left_out > 0 else [])])
        meaning = "three or more attempts of one turn"
        return meaning if len(meaning) + 8 <= width else ""

    def action_move(self, step: int) -> None:
        """Move the cursor to another storm."""
        storms = self._storms()
        if storms:
            self._current = _key(storms[max(0, min(len(storms) - 1, self._place() + step))])
            self.refresh()

    def sort(self) -> str:
        """Sort the storms in the next order, and return it."""
        orders = list(_ORDERS)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self.refresh()
        return self._order

    def action_open(self) -> None:
        """Show the log lines of the storm under the cursor."""
        storms = self._storms()
        if storms:
            self.post_message(self.Chosen(storms[self._place()]))

    def on_click(self, event: events.Click) -> None:
        """Show the log lines of the clicked storm; the overview handles clicks elsewhere."""
        place = event.get_content_offset(self)
        storms = self._storms()[self._first :]
        if place is not None and 1 <= place.y <= len(storms):
            event.stop()
            self._current = _key(storms[place.y - 1])
            self.post_message(self.Chosen(storms[place.y - 1]))

    def _place(self) -> int:
        """Return the row of the storm under the cursor, or the first if that is gone."""
        return next((at for at, storm in enumerate(self._storms()) if _key(storm) == self._current), 0)

    def _row(self, storm: Storm, width: int) -> Content:
        live, roomy = storm.outcome is Outcome.LIVE, width >= LONG_WORDS_FROM
        when = "now" if live else self._clock(storm.started)
        failing = live and storm.fails
        style = "$error bold" if failing else "$warning" if live or storm.outcome in _LOST else ""
        head = f" {when:<5} {storm.attempts:>2}{' attempts ' if roomy else '×'} "
        ended = _ended(storm, roomy=roomy)
        several = len({(one.folder, one.session) for one in self.deck.storms if one.session is not None}) > 1
        whose = _whose(storm) if width >= ALL_NAMES_FROM or (several and width >= NAMES_FROM) else ""
        tail = f"  {fit(whose, LOG)}  {ended:>{ENDED}}" if whose else f"  {ended}"
        room = max(0, width - len(head) - cell_len(tail))
        cause = "cause unknown" if storm.cause == UNKNOWN else storm.cause
        why = fit_words(f"{cause} {storm.reason}".strip(), room, more=MORE)
        return line(
            (head, "bold" if live else ""),
            (fit(why, room) + tail[: -len(ended)], "$quiet"),
            (ended, style),
        )


def _whose(storm: Storm) -> str:
    """Return the folder and session of a storm, or else its log."""
    if storm.session is None:
        return short_name(storm.log)
    folder, session = clean(storm.folder.rstrip("/").rsplit("/", 1)[-1]), clean(storm.session[:SESSION])
    return f"{folder[: LOG - SESSION - 1]} {session}" if folder else session


def _key(storm: Storm) -> tuple[float, str]:
    return storm.started, storm.log


def _ended(storm: Storm, *, roomy: bool) -> str:
    took = duration(storm.last - storm.started)
    match storm.outcome:
        case Outcome.RECOVERED:
            return f"recovered, {took}" if roomy else took
        case Outcome.LIVE if storm.answered_at is not None:
            return "being answered" if roomy else "answer"
        case Outcome.LIVE if not storm.fails:
            return "next attempt overdue" if roomy else "overdue"
        case Outcome.LIVE:
            return storm.outcome.value if roomy else "live"
        case Outcome.GAVE_UP:
            return storm.outcome.value
        case _:
            return storm.outcome.value if roomy else "stopped"
