"""The quiet line above the log's tail: which logs are followed."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.ui.draw import line
from stormdeck.ui.widgets.panel import Panel


class TailHeading(Panel):
    """Names the logs, or says why there is none."""

    def part(self, deck: Deck) -> object:
        """Return the followed logs and what stands against them."""
        return deck.traffic.logs if deck.traffic else (), deck.discovery.log_notes, deck.discovery.done

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the heading."""
        found, traffic = self.deck.discovery, self.deck.traffic
        if traffic is not None and traffic.logs:
            names = "  ".join(log.rsplit("/", 1)[-1] for log in traffic.logs)
            return [self.heading("LOG", (names, "$quiet"))]
        if not found.done:
            return [self.heading("LOG", ("looking …", "$quiet"))]
        note = found.log_notes[0] if found.log_notes else "No log found. Name one: stormdeck --log FILE"
        return [line(("LOG", "$quiet bold"), "  ", (note, "$quiet"))]
