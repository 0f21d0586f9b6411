"""The base of every panel: it watches its part of the deck and draws it as one piece of text."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.visual import VisualType
from textual.widget import Widget

from stormdeck.model.deck import Deck
from stormdeck.ui.draw import Part, line, lines


class Panel(Widget):
    """A panel draws again only when its part of the deck has changed, and only while it is seen."""

    HEADING = ""

    deck: reactive[Deck] = reactive(Deck(), init=False, repaint=False)

    def part(self, deck: Deck) -> object:
        """Return what of the deck this panel shows."""
        raise NotImplementedError

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the lines for a size."""
        raise NotImplementedError

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Draw again when the part that is shown is another."""
        if self.part(old) != self.part(new):
            self.refresh()

    def render(self) -> VisualType:
        """Draw as many rows as there is room for."""
        width, height = self.content_size
        if not width or not height:
            return ""
        return lines(self.rows(width, height)[:height])

    @staticmethod
    def heading(title: str, *rest: Part) -> Content:
        """Return the quiet line on top: an upper-case title, then what belongs to it."""
        return line((title, "$quiet bold"), *(("  ", ""), *rest) if rest else ())
