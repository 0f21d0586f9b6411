"""The selected event in full: the whole sentence, its times, and what is known beside it."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType
from textual.widget import Widget

from stormdeck.model.timeline.event import Event, Kind
from stormdeck.model.timeline.sentences import is_lost, sentence
from stormdeck.model.units import duration
from stormdeck.ui.clock import Clock
from stormdeck.ui.rendering import line, lines

ROOMY = 4
"""Rows from which on times are shown too."""


class EventDetail(Widget):
    """The text below the list."""

    def __init__(self, clock: Clock, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._clock = clock
        self._event: Event | None = None

    def show(self, event: Event | None) -> None:
        """Show an event, or nothing."""
        self._event = event
        self.refresh()

    def render(self) -> VisualType:
        """Draw the text."""
        width, height = self.content_size
        if not width or not height or self._event is None:
            return ""
        now = self._clock.now()
        rows = list(line(sentence(self._event, now)).wrap(width))
        if height >= ROOMY:
            rows += Content.styled(self._times(self._event, now), "$quiet").wrap(width)
        return lines(rows[:height])

    def _times(self, event: Event, now: float) -> str:
        """Return when it was, how long ago, and how sure that is."""
        local = self._clock.local
        same_day = local(event.at).date() == local(now).date()
        begin = f"{local(event.at):%H:%M:%S}" if same_day else f"{local(event.at):%d %b %H:%M:%S}"
        parts = [begin]
        if event.is_open:
            last = f"last seen {self._clock.second(event.seen)}" if is_lost(event, now) else "goes on"
            parts = [f"since {begin}", last]
        elif event.until is not None and event.until - event.at >= 1:
            parts = [f"{begin} to {self._clock.second(event.until)}"]
        if not event.is_open:
            parts.append(f"{duration(max(0.0, now - event.moment))} ago")
        if event.kind in {Kind.STORM, Kind.GAVE_UP}:
            parts.append(f"how sure: {event.now}")
        elif event.cause and event.kind is Kind.RESTART:
            parts.append(event.cause)
        return " · ".join(parts)
