"""The base of every panel: it watches its part of the deck and draws it as one piece of text."""

from __future__ import annotations

from typing import Self

from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.visual import VisualType
from textual.widget import Widget

from stormdeck.model.deck import Deck
from stormdeck.ui.rendering import Part, line, lines

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


class LivePanel(Panel):
    """Its text cannot be marked with the mouse.

    Textual gives each piece of text that can be a style of its own, with its place in it: that is a third of the cost
    of painting it, and thousands of styles in Textual's caches after some hours (measured, Textual 8.2.8).
    """

    ALLOW_SELECT = False

    _drawn: list[Content] | None = None
    """The rows as they stand on the screen; ``None``: all are to be drawn."""
    _drawn_for = Size()
    """The room that they were made for."""

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Paint the rows that are others."""
        if self.part(old) == self.part(new):
            return
        before, size = self._drawn, self._drawn_for
        if before is None or size != self.content_size or not self.screen.is_active:
            self.refresh()
            return
        self._drawn = now = self._rows_in(size)
        others = [y for y in range(max(len(before), len(now))) if not _same(before[y : y + 1], now[y : y + 1])]
        if others:
            super().refresh(*(Region(0, y, size.width, 1) for y in others))

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Paint regions, or all rows anew."""
        if not regions:
            self._drawn = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        size = self.content_size
        if self._drawn is None or size != self._drawn_for:
            self._drawn, self._drawn_for = self._rows_in(size), size
        base = self.visual_style
        row = self._drawn[y] if y < len(self._drawn) else Content()
        return Strip(row.render_segments(base)).adjust_cell_length(size.width, base.rich_style)

    def _rows_in(self, size: Size) -> list[Content]:
        return self.rows(*size)[: size.height]


def _same(one: list[Content], other: list[Content]) -> bool:
    return len(one) == len(other) and all(map(Content.is_same, one, other))
