"""The list of the timeline: the events by day, newest first, drawing only the visible lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from stormdeck.model.timeline.event import Event
from stormdeck.model.timeline.sentences import sentence, sign
from stormdeck.ui.bindings import bindings
from stormdeck.ui.clock import Clock
from stormdeck.ui.rendering import MORE, fit_words, health_sign, line, marked

SECONDS_FROM = 60
"""Columns from which on times have seconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the heading of a day, or an event."""

    heading: str = ""
    event: Event | None = None


def rows_of(shown: Sequence[Event], now: float, local: Callable[[float], datetime]) -> Iterator[Row]:
    """Yield the rows: each day's heading, then its events, the newest first."""
    day = ""
    for event in shown:
        if (heading := _day(local(event.moment), local(now))) != day:
            day = heading
            yield Row(heading)
        yield Row(event=event)


def _day(at: datetime, now: datetime) -> str:
    if at.date() == now.date():
        return "TODAY"
    if at.date() == (now - timedelta(days=1)).date():
        return "YESTERDAY"
    return f"{at:%a %d %b}".upper() if at.year == now.year else f"{at:%d %b %Y}".upper()


class TimelineList(ScrollView, can_focus=True, inherit_bindings=False):
    """All events that pass the filter, one of them selected."""

    BINDINGS = bindings("timeline", inner=True)
    ALLOW_SELECT = False

    class Chosen(Message):
        """Another event is selected, or none."""

        def __init__(self, event: Event | None) -> None:
            self.event = event
            super().__init__()

    class Opened(Message):
        """An event was double-clicked."""

        def __init__(self, event: Event) -> None:
            self.event = event
            super().__init__()

    def __init__(self, clock: Clock, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._clock = clock
        self._rows: list[Row] = []
        self._nothing = ""
        self.current: Event | None = None

    def fill(self, shown: Sequence[Event], nothing: str) -> None:
        """Show these events, newest first, or the text for none.

        The same event stays selected, but a list at its top shows what is new.
        """
        self._nothing = nothing
        at_top = self.current is None or self._place() <= 1
        self._rows = list(rows_of(shown, self._clock.now(), self._clock.local))
        # An event that goes on or happens again keeps its beginning.
        same = next((one for one in shown if self.current is not None and one.key == self.current.key), None)
        newest = shown[0] if shown else None
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))
        self._select(newest if same is None or (at_top and self.scroll_y == 0) else same)
        self.refresh()

    def action_move(self, step: int) -> None:
        """Select the next or the previous event."""
        selectable = [row.event for row in self._rows if row.event is not None]
        if selectable:
            at = next((index for index, one in enumerate(selectable) if one is self.current), 0)
            self.go_to(selectable[max(0, min(len(selectable) - 1, at + step))])

    def action_page(self, step: int) -> None:
        """Select the event a page further."""
        self.action_move(step * max(1, self.size.height - 1))

    def go_to_edge(self, index: int) -> None:
        """Select the newest event (0) or the oldest (-1)."""
        selectable = [row.event for row in self._rows if row.event is not None]
        if selectable:
            self.go_to(selectable[index])

    def go_to(self, event: Event) -> None:
        """Select an event and scroll to it, with the line above it, which may be the heading of its day."""
        self._select(event)
        self.refresh()
        row, top = self._place(), round(self.scroll_y)
        if row - 1 < top:
            self._scroll(row - 1)
        elif row >= top + self.size.height:
            self._scroll(row - self.size.height + 1)

    def on_click(self, event: events.Click) -> None:
        """Select the clicked event; a double click opens it."""
        place = event.get_content_offset(self)
        row = round(self.scroll_y) + place.y if place is not None else len(self._rows)
        clicked = self._rows[row].event if row < len(self._rows) else None
        if clicked is not None:
            self.go_to(clicked)
            if event.chain == 2:
                self.post_message(self.Opened(clicked))

    def on_resize(self) -> None:
        """Keep the selected event in sight."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))
        if self.current is not None:
            self.go_to(self.current)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        width, row = self.scrollable_content_region.width, round(self.scroll_y) + y
        base = self.visual_style
        if row >= len(self._rows):
            empty = Content.styled(self._nothing, "$quiet").wrap(max(1, width)) if not self._rows else []
            text = empty[y] if y < len(empty) else Content()
            return Strip(text.render_segments(base)).adjust_cell_length(width, base.rich_style)
        one = self._rows[row]
        text = line((one.heading, "$quiet bold"))
        if one.event is not None:
            text = self._draw(one.event, width)
            if one.event is self.current:
                text = marked(text, width, focused=self.has_focus)
        return Strip(text.render_segments(base)).adjust_cell_length(width, base.rich_style)

    def _draw(self, event: Event, width: int) -> Content:
        now = self._clock.now()
        time = (self._clock.second if width >= SECONDS_FROM else self._clock.minute)(event.moment)
        health = sign(event, now)
        head = line(f" {time} ", health_sign(health) if health is not None else ("·", "$quiet"), " ")
        return line(head, fit_words(sentence(event, now), max(1, width - head.cell_length), more=MORE))

    def _place(self) -> int:
        return next((index for index, row in enumerate(self._rows) if row.event is self.current), 0)

    def _select(self, event: Event | None) -> None:
        self.current = event
        self.post_message(self.Chosen(event))

    def _scroll(self, row: int) -> None:
        self.scroll_to(y=max(0, row), animate=False, force=True, immediate=True)
