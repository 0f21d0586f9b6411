"""The base of every panel: it watches its part of the deck and draws it as one piece of text."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.visual import VisualType
from textual.widget import Widget

from stormdeck.model.deck import Deck
from stormdeck.ui.draw import Part, line, lines

BACK = ("esc for all panels", "esc")
"""How a zoomed panel is made small again."""


class Panel(Widget):
    """A panel draws again only when its part of the deck has changed, and only while it is seen."""

    HEADING = ""

    deck: reactive[Deck] = reactive(Deck(), init=False, repaint=False)
    plain = False
    """Colours say nothing here: signs must."""

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

    def heading(self, title: str, *rest: Part) -> Content:
        """Return the quiet line on top: its title, underlined while it has the focus, and what belongs to it."""
        held = [widget for widget in self.ancestors_with_self if isinstance(widget, Widget)]
        style = "$accent bold underline" if any(widget.has_focus for widget in held) else "$quiet bold"
        shown = line((title, style), *(("  ", ""), *rest) if rest else ())
        room = self.content_size.width - shown.cell_length - 3
        back = next((words for words in BACK if len(words) <= room), "")
        return line(shown, "   ", (back, "$quiet")) if back and any(one.has_class("-zoomed") for one in held) else shown
