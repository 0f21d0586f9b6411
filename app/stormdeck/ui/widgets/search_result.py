"""What was found on this machine, how, and what could not be."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.discovery import DiscoverySnapshot
from stormdeck.model.light import Light
from stormdeck.ui.draw import light, line
from stormdeck.ui.widgets.panel import Panel


class SearchResultPanel(Panel):
    """As high as its text."""

    def __init__(self, home: Path, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._home = home

    def part(self, deck: Deck) -> object:
        """Return the outcome of the search."""
        return deck.discovery

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Lay out again: another outcome is another height."""
        if self.part(old) != self.part(new):
            self.refresh(layout=True)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of lines at a width."""
        return len(self.rows(width, 0))

    def rows(self, width: int, height: int) -> list[Content]:
        """Return what was found, then what was not."""
        found = self.deck.discovery
        rows = [self.heading("FOUND ON THIS MACHINE"), line()]
        if not found.done:
            return [*rows, line(("Looking …", "$quiet"))]
        for one in found.found:
            rows.append(line(light(Light.FINE), " ", (one.kind.value, "bold"), f"  {one.url}"))
            rows += _quiet(one.how, width)
            if one.process is not None:
                command = " ".join(one.process.command)
                rows += _quiet(f"process {one.process.pid}: {command}", width)
                rows += _quiet(f"its output goes {one.process.log_note}", width)
        rows += self._logs(found, width)
        for missed in found.missed:
            rows.append(line(light(Light.UNKNOWN), f" {missed.what}"))
            rows += _quiet(missed.why, width)
        return rows

    def _logs(self, found: DiscoverySnapshot, width: int) -> list[Content]:
        rows = [line(light(Light.FINE), " log  ", str(path)) for path in found.logs]
        for note in found.log_notes:
            wrapped = Content(note).wrap(max(1, width - 2))
            rows += [line(light(Light.LOOK), " ", wrapped[0]), *(line("  ", more) for more in wrapped[1:])]
        return rows


def _quiet(text: str, width: int) -> list[Content]:
    return [line("  ", piece) for piece in Content.styled(text, "$quiet").wrap(max(1, width - 2))]
