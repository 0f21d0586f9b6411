"""The base of every panel: watch one part of the deck and draw it as text."""

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

FOCUSED = "▶"
"""Before the heading of the panel that has the focus: colour alone is not seen by everybody."""


class Panel(Widget):
    """A widget that redraws only when its part of the deck changes, and only while it is visible."""

    HEADING = ""
    BACK = ("esc for all panels", "esc")
    """How to leave it while it is zoomed, long and short."""

    deck: reactive[Deck] = reactive(Deck(), init=False, repaint=False)
    plain = False
    """Whether signs must show what colours cannot."""
    _last: tuple[Deck, object] | None = None
    """The newest deck and its part."""

    def part(self, deck: Deck) -> object:
        """Return the part of the deck that this panel shows."""
        raise NotImplementedError

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the lines of the panel at a size."""
        raise NotImplementedError

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Redraw if the part of this panel has changed."""
        if self.differs(old, new):
            self.refresh()

    def differs(self, old: Deck, new: Deck) -> bool:
        """Return whether this panel's part has changed from a deck to the next."""
        before = self._last[1] if self._last is not None and self._last[0] is old else self.part(old)
        self._last = new, self.part(new)
        return before != self._last[1]

    def shown_part(self) -> object:
        """Return the part of the deck that is shown."""
        if self._last is None or self._last[0] is not self.deck:
            self._last = self.deck, self.part(self.deck)
        return self._last[1]

    def render(self) -> VisualType:
        """Draw as many rows as fit."""
        width, height = self.content_size
        if not width or not height:
            return ""
        return lines(self.rows(width, height)[:height])

    def heading(self, title: str, *rest: Part) -> Content:
        """Return the heading: the title, marked while the panel has the focus, and the parts after it."""
        around = [widget for widget in self.ancestors_with_self if isinstance(widget, Widget)]
        has_focus = any(widget.has_focus for widget in around)
        mark = ((f"{FOCUSED} ", "$accent bold"),) if has_focus else ()
        style = "$accent bold underline" if has_focus else "$quiet bold"
        shown = line(*mark, (title, style), *(("  ", ""), *rest) if rest else ())
        room = self.content_size.width - shown.cell_length - 3
        back = next((words for words in self.BACK if len(words) <= room), "")
        return (
            line(shown, "   ", (back, "$quiet")) if back and any(one.has_class("-zoomed") for one in around) else shown
        )


class LivePanel(Panel):
    """A panel that redraws only its changed rows. Its text cannot be selected with the mouse.

    Textual gives each piece of selectable text a style of its own, with its offset: a third of the cost of painting it,
    and thousands of styles in Textual's caches after some hours (measured, Textual 8.2.8).
    """

    ALLOW_SELECT = False

    _drawn: list[Content] | None = None
    """The rows on the screen; ``None``: all must be drawn."""
    _drawn_for = Size()
    """The size that they were drawn for."""

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Redraw the changed rows."""
        if not self.differs(old, new):
            return
        before, size = self._drawn, self._drawn_for
        if before is None or size != self.content_size or not self.screen.is_active:
            self.refresh()
            return
        self._drawn = now = self._rows_in(size)
        changed = [y for y in range(max(len(before), len(now))) if not _same(before[y : y + 1], now[y : y + 1])]
        if changed:
            super().refresh(*(Region(0, y, size.width, 1) for y in changed))

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Redraw regions, or all rows."""
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
