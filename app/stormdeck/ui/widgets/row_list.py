"""Show rows of different heights, drawing only the visible lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from textual import events
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

KEPT = 128
"""Drawn rows that are cached, two screens."""


class RowLayout:
    """The heights of all rows at one width, and the lines of those that are drawn."""

    def __init__(self, heights: Sequence[int], draw: Callable[[int], list[Content]]) -> None:
        self.heights = heights
        self.tops = [0, *accumulate(heights)]
        """The first line of each row, and the number of lines."""
        self._draw = draw
        self._drawn: LRUCache[int, list[Content]] = LRUCache(KEPT)

    def lines(self, index: int) -> list[Content]:
        """Return the lines of a row."""
        drawn = self._drawn.get(index)
        if drawn is None:
            drawn = self._drawn[index] = self._draw(index)
        return drawn

    def row_at(self, line: int) -> int:
        """Return the row of a line."""
        return bisect_right(self.tops, line) - 1


class RowList(Widget):
    """A range of rows, as high as all of them."""

    ALLOW_SELECT = False

    class Clicked(Message):
        """A row was clicked, or double-clicked (``twice``)."""

        def __init__(self, index: int, *, twice: bool) -> None:
            self.index = index
            self.twice = twice
            super().__init__()

    def __init__(self, layout_of: Callable[[int], RowLayout]) -> None:
        super().__init__()
        self._layout_of = layout_of
        self._first = 0
        self._end = 0

    def show(self, first: int, end: int) -> None:
        """Show the rows from ``first`` to the one before ``end``."""
        self._first, self._end = first, end
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines of all rows."""
        tops = self._layout_of(width).tops
        return tops[min(self._end, len(tops) - 1)] - tops[min(self._first, len(tops) - 1)]

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, base = self.content_size.width, self.visual_style
        layout = self._layout_of(width)
        line = layout.tops[min(self._first, len(layout.tops) - 1)] + y
        row = layout.row_at(line)
        lines = layout.lines(row) if self._first <= row < self._end else []
        within = line - layout.tops[row]
        shown = lines[within] if within < len(lines) else Content()
        return Strip(shown.render_segments(base)).adjust_cell_length(width, base.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Post which row was clicked."""
        place = event.get_content_offset(self)
        if place is not None:
            layout = self._layout_of(self.content_size.width)
            row = layout.row_at(layout.tops[min(self._first, len(layout.tops) - 1)] + place.y)
            if self._first <= row < self._end:
                self.post_message(self.Clicked(row, twice=event.chain == 2))
