"""The timeline area: what happened, newest first, kept over restarts."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from stormdeck.model.deck import Deck
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.snapshots.timeline import TimelineSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.timeline.event import Event, Kind
from stormdeck.model.timeline.sentences import sentence, sign
from stormdeck.model.timeline.timeline import listed, matches
from stormdeck.model.units import grouped
from stormdeck.paths import STYLES
from stormdeck.ui.bindings import bindings
from stormdeck.ui.messages import GoTo, HistoryMoment, LogMoment, StormLines
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.bottom_input import BottomField
from stormdeck.ui.widgets.key_bar import KeyBar
from stormdeck.ui.widgets.timeline.detail import EventDetail
from stormdeck.ui.widgets.timeline.list import TimelineList

EMPTY = (
    "No event{since}. What happens is written here, newest first, and kept over restarts: a server that goes down and "
    "comes back, with the length; storms and turns that were given up; new versions and models; settings that were "
    "saved, here or outside; findings that come and go; canaries, restarts, and times when nothing was watched."
)
NO_MATCH = "No event of {count} matches. {key} shows all."
_PROBLEMS = {Health.ERROR, Health.WARNING}


class TimelineScreen(Area):
    """The events, the selected one in full, and the filter."""

    AREA = "timeline"
    CSS_PATH = STYLES / "timeline.tcss"
    AUTO_FOCUS = "#events"
    BINDINGS = bindings("timeline")

    def __init__(self) -> None:
        super().__init__()
        self._events: tuple[Event, ...] = ()
        self._of: tuple[TimelineSnapshot, tuple[Storm, ...]] = (TimelineSnapshot(), ())
        """What the events are made of."""
        self._has_filled = False
        self._problems_only = False
        self._words = ""

    def body(self) -> ComposeResult:
        """Compose the list, the selected event and the filter."""
        yield TimelineList(self.panel.clock, id="events")
        yield EventDetail(self.panel.clock, id="event")
        yield BottomField("words, -word; enter keeps, esc clears", id="filter")

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Show what arrived meanwhile, and read what other panels have written."""
        super().on_screen_resume(event)
        if self.panel.feed is not None and self.panel.feed.timeline is not None:
            self.panel.feed.timeline.refresh()

    def take_deck(self, deck: Deck) -> None:
        """Show new events; those that go on get longer."""
        super().take_deck(deck)
        if self.is_active or not self._has_filled:
            self._update(deck)

    def take_lines(self) -> None:
        """Show what happened while another area was shown."""
        if self._of != _parts(self.panel.deck):
            self._update(self.panel.deck)

    def _update(self, deck: Deck) -> None:
        parts = _parts(deck)
        if parts != self._of or not self._has_filled:
            self._of, self._has_filled = parts, True
            self._events = listed(deck)
            self._fill()
        elif any(event.is_open for event in self._events):
            self.query_one(TimelineList).refresh()
            self.query_one(EventDetail).refresh()

    def take_minute(self, minute: str) -> None:
        """Update the time and the days."""
        super().take_minute(minute)
        if self.is_active:
            self._fill()

    def _fill(self) -> None:
        now = self.panel.clock.now()
        shown = [
            event
            for event in self._events
            if matches(event, self._words, now) and (not self._problems_only or sign(event, now) in _PROBLEMS)
        ]
        self.query_one(TimelineList).fill(shown, self._nothing())
        notes = []
        if len(shown) < len(self._events):
            notes.append(f"{grouped(len(shown))} of {grouped(len(self._events))} events")
        if self.panel.deck.timeline.problem:
            notes.append("not kept")
        self.query_one(KeyBar).show_note("  ".join(notes))

    @on(TimelineList.Chosen)
    def _show_event(self, message: TimelineList.Chosen) -> None:
        self.query_one(EventDetail).show(message.event)

    def _nothing(self) -> str:
        """Return why no event is shown, and what to do."""
        if self._events:
            return NO_MATCH.format(count=grouped(len(self._events)), key=self.panel.action("timeline.clear").shown)
        since = self.panel.deck.timeline.since
        text = EMPTY.format(since=f" since {self.panel.clock.minute(since)}" if since is not None else "")
        return f"{self.panel.deck.timeline.problem}. {text}" if self.panel.deck.timeline.problem else text

    def action_open(self) -> None:
        """Show the log lines of the selected event."""
        event = self.query_one(TimelineList).current
        if event is not None:
            self._open(event)

    @on(TimelineList.Opened)
    def _on_opened(self, message: TimelineList.Opened) -> None:
        self._open(message.event)

    def _open(self, event: Event) -> None:
        storm = self._storm(event)
        self.post_message(GoTo(StormLines(storm) if storm is not None else LogMoment(event.at)))

    def action_history(self) -> None:
        """Show the figures of the selected event's moment."""
        event = self.query_one(TimelineList).current
        if event is not None:
            self.post_message(GoTo(HistoryMoment(event.at)))

    def _storm(self, event: Event) -> Storm | None:
        """Return the storm of an event, while the panel knows it."""
        if event.kind not in {Kind.STORM, Kind.GAVE_UP}:
            return None
        return next((one for one in self.panel.deck.storms if one.started == event.at), None)

    def action_filter(self) -> None:
        """Open the filter."""
        self.query_one(BottomField).open()

    def action_clear_filter(self) -> None:
        """Clear the filter and close its field."""
        self.query_one(BottomField).value = ""
        self._problems_only = False
        self._close()
        self._fill()

    def action_problems(self) -> None:
        """Show all events, or only what went wrong."""
        self._problems_only = not self._problems_only
        self._fill()

    def action_edge(self, index: int) -> None:
        """Select the newest event or the oldest."""
        self.query_one(TimelineList).go_to_edge(index)

    def action_copy(self) -> None:
        """Copy the selected event."""
        event = self.query_one(TimelineList).current
        if event is None:
            self.copy("", "No event to copy.")
            return
        when = f"{self.panel.clock.local(event.moment):%Y-%m-%d %H:%M:%S}"
        self.copy(f"{when}  {sentence(event, self.panel.clock.now())}", "the event")

    @on(Input.Changed, "#filter")
    def _on_filter_typed(self, event: Input.Changed) -> None:
        self._words = event.value
        self._fill()

    @on(Input.Submitted, "#filter")
    def _close(self) -> None:
        field = self.query_one(BottomField)
        if not field.value:
            field.close()
        self.query_one(TimelineList).focus()


def _parts(deck: Deck) -> tuple[TimelineSnapshot, tuple[Storm, ...]]:
    return deck.timeline, deck.storms
