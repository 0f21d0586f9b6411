"""The storms: the live one, and those that the client shows no trace of."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.content import Content
from textual.message import Message

from stormdeck.model.deck import Deck
from stormdeck.model.retries.storm import Outcome, Storm
from stormdeck.model.units import duration
from stormdeck.ui.draw import fit, line
from stormdeck.ui.widgets.panel import Panel

ROOMY = 50
"""Columns from which on a storm is told in whole words."""


class StormsPanel(Panel):
    """One line a storm: when, how many attempts, why, how it ended."""

    class Chosen(Message):
        """The user wants to see a storm's log lines."""

        def __init__(self, storm: Storm) -> None:
            self.storm = storm
            super().__init__()

    def __init__(self, clock: Callable[[float], str], *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._clock = clock

    def part(self, deck: Deck) -> object:
        """Return the storms."""
        return (deck.traffic.storms, deck.traffic.logs, deck.traffic.since) if deck.traffic else None

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the newest storms that fit."""
        traffic = self.deck.traffic
        words = "three or more attempts of one turn"
        title = self.heading("STORMS", *([(words, "$quiet")] if len(words) + 8 <= width else []))
        if traffic is None or not traffic.logs:
            return [title, line(("Not known without a log.", "$quiet"))]
        if not traffic.storms:
            since = f" since {self._clock(traffic.since)}" if traffic.since is not None else ""
            return [title, line((f"None seen{since}.", "$quiet"))]
        return [title, *(self._row(storm, width) for storm in traffic.storms)]

    def on_click(self, event: events.Click) -> None:
        """Go to the log lines of the storm under the mouse."""
        place = event.get_content_offset(self)
        storms = self.deck.traffic.storms if self.deck.traffic else ()
        if place is not None and 1 <= place.y <= len(storms):
            self.post_message(self.Chosen(storms[place.y - 1]))

    def _row(self, storm: Storm, width: int) -> Content:
        live = storm.outcome is Outcome.LIVE
        when = "now" if live else self._clock(storm.started)
        ended = storm.outcome.value
        if storm.outcome is Outcome.RECOVERED:
            ended = f"recovered, {duration(storm.last - storm.started)}"
        style = {Outcome.LIVE: "$error bold", Outcome.GAVE_UP: "$warning", Outcome.RECOVERED: ""}[storm.outcome]
        roomy = width >= ROOMY
        head = f"{when:<6} {storm.attempts:>2}{' attempts ' if roomy else '×'} "
        if not roomy and storm.outcome is not Outcome.GAVE_UP:
            ended = "live" if live else duration(storm.last - storm.started)
        why = f"{storm.cause} {storm.reason}".strip()
        room = width - len(head) - len(ended) - 2
        return line((head, "bold" if live else ""), (fit(why, max(0, room)), "$quiet"), "  ", (ended, style))
