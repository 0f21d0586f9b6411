"""The quiet line above the log's tail: which logs are followed."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.ui.draw import fit_words, line, sentences
from stormdeck.ui.widgets.live_panel import LivePanel

SOME = 20
"""Columns that a note needs to tell something."""


class TailHeading(LivePanel):
    """Names the logs, or says why there is none."""

    def part(self, deck: Deck) -> object:
        """Return the followed logs and what stands against them."""
        found, logs = deck.discovery, deck.traffic.logs if deck.traffic else ()
        return logs, found.log_notes, found.done, deck.troubles

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Take the place of the lines where there is no log."""
        super().watch_deck(old, new)
        if self.parent is not None:
            self.parent.set_class(new.traffic is None or not new.traffic.logs, "-none")

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the heading; what stands against a log is said beside those that are followed."""
        found, traffic = self.deck.discovery, self.deck.traffic
        own = self.deck.troubles
        note = next(iter((*own.unread, *found.log_notes, *own.remarks)), "")
        if traffic is not None and traffic.logs:
            names = "  ".join(log.rsplit("/", 1)[-1] for log in traffic.logs)
            title = self.heading("LOG", (names, "$quiet"))
            room = width - title.cell_length - 3
            return [line(title, (f"   {fit_words(note, room)}" if note and room > SOME else "", "$warning"))]
        words = "looking for one" if not found.done else note or "No log found. Name one: stormdeck --log FILE"
        if height > 1:
            return [self.heading("LOG"), *sentences(words, width, height - 1)]
        title = self.heading("LOG", "")
        return [line(title, *sentences(words, width - title.cell_length, 1)[:1])]
