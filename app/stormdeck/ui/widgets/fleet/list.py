"""The list of the fleet: a line for each instance and proxy, drawing only the visible ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from stormdeck.model.fleet.view.listing import FleetLine, Group, RowLine
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import hanging, marked
from stormdeck.ui.widgets.fleet.columns import MARGIN, Frame, drawn, frame_for, titles

KEPT = 128
"""Lines that are kept drawn, two screens."""
TITLES = 1
"""Lines above the rows, which do not scroll."""


class FleetList(ScrollView, can_focus=True, inherit_bindings=False):
    """All rows that pass the filter, one of them selected.

    A new list keeps the selected row selected and at its place on the screen, and repaints the lines that differ.
    """

    BINDINGS = bindings("fleet", inner=True)
    ALLOW_SELECT = False

    class Chosen(Message):
        """Another row is selected, or none, or the selected one has changed."""

        def __init__(self, row: RowLine | None) -> None:
            self.row = row
            super().__init__()

    class Opened(Message):
        """A row was double-clicked."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._lines: Sequence[FleetLine] = ()
        self._nothing = ""
        self._at: int | None = None
        """The line of the selected row."""
        self._was_moved = False
        """Whether the user has chosen a row: before that, the first one is selected."""
        self._frame: Frame | None = None
        self._texts: LRUCache[int, Content] = LRUCache(KEPT)
        """The lines that were drawn, by their numbers."""
        self._drawn: list[Content] = []
        """The lines on the screen, below the titles."""

    @property
    def current(self) -> RowLine | None:
        """Return the selected row."""
        one = self._lines[self._at] if self._at is not None else None
        return None if isinstance(one, Group) else one

    def fill(self, lines: Sequence[FleetLine], nothing: str) -> None:
        """Show these lines, or the text for none. The same row stays selected."""
        before, was_at = self.current, self._at
        was_empty = not self._lines
        self._lines = lines
        self._texts.clear()
        same = self._find(before.row.key) if before is not None and self._was_moved else None
        self._at = same if same is not None else self._first()
        self.virtual_size = Size(self.scrollable_content_region.width, TITLES + len(lines))
        if nothing != self._nothing or was_empty or not lines:
            self._nothing = nothing
            self.refresh()
        if same is not None and was_at is not None:
            self._scroll(self._top + same - was_at)
        self._keep_in_sight()
        self._repaint()
        self.post_message(self.Chosen(self.current))

    @property
    def _top(self) -> int:
        """Return the first visible line."""
        return round(self.scroll_y)

    @property
    def _room(self) -> int:
        """Return how many lines are visible."""
        return max(1, self.size.height - TITLES)

    def _first(self) -> int | None:
        return self._selectable(0, 1)

    def _find(self, key: str) -> int | None:
        found = (at for at, one in enumerate(self._lines) if not isinstance(one, Group) and one.row.key == key)
        return next(found, None)

    def _selectable(self, at: int, step: int) -> int | None:
        """Return the first line from ``at`` on, in the direction of ``step``, that can be selected."""
        while 0 <= at < len(self._lines):
            if not isinstance(self._lines[at], Group):
                return at
            at += step
        return None

    def action_move(self, step: int) -> None:
        """Select the next or the previous row."""
        self._go(step, 1 if step > 0 else -1)

    def action_page(self, step: int) -> None:
        """Select the row a page further."""
        self._go(step * max(1, self._room - 1), step)

    def _go(self, lines: int, step: int) -> None:
        if self._at is None:
            return
        at = max(0, min(len(self._lines) - 1, self._at + lines))
        found = self._selectable(at, step)
        self._select(found if found is not None else self._selectable(at, -step))

    def go_to_edge(self, index: int) -> None:
        """Select the first row (0) or the last (-1)."""
        self._select(self._first() if index == 0 else self._selectable(len(self._lines) - 1, -1))

    def go_to_problem(self, is_problem: Callable[[RowLine], bool], step: int) -> bool:
        """Select the next or previous row with a problem, round the end; return whether there is one."""
        count = len(self._lines)
        begin = self._at if self._at is not None else 0
        for offset in range(1, count + 1):
            at = (begin + step * offset) % count
            one = self._lines[at]
            if not isinstance(one, Group) and is_problem(one):
                self._select(at)
                return True
        return False

    def _select(self, at: int | None) -> None:
        if at is None:
            return
        self._at, self._was_moved = at, True
        self._keep_in_sight()
        self._repaint()
        self.post_message(self.Chosen(self.current))

    def _keep_in_sight(self) -> None:
        """Scroll to the selected row, with the heading of its model if it is the first of it."""
        if self._at is None:
            return
        first = self._at - 1 if self._at and isinstance(self._lines[self._at - 1], Group) else self._at
        if first < self._top:
            self._scroll(first)
        elif self._at >= self._top + self._room:
            self._scroll(self._at - self._room + 1)

    def _scroll(self, line: int) -> None:
        if line != self._top:
            self.scroll_to(y=max(0, line), animate=False, force=True, immediate=True)

    def on_click(self, event: events.Click) -> None:
        """Select the clicked row; a double click opens it."""
        place = event.get_content_offset(self)
        at = self._top + place.y - TITLES if place is not None and place.y >= TITLES else len(self._lines)
        if at < len(self._lines) and not isinstance(self._lines[at], Group):
            self._select(at)
            if event.chain == 2:
                self.post_message(self.Opened())

    def on_resize(self) -> None:
        """Keep the selected row in sight."""
        self.virtual_size = Size(self.scrollable_content_region.width, TITLES + len(self._lines))
        self._keep_in_sight()
        self.refresh()

    def on_focus(self) -> None:
        """Draw the selected row as focused."""
        self.refresh()

    def on_blur(self) -> None:
        """Draw the selected row as not focused."""
        self.refresh()

    def _repaint(self) -> None:
        """Draw the visible lines that are not on the screen yet."""
        before, self._drawn = self._drawn, self._visible()
        width = self.size.width
        for y, now in enumerate(self._drawn):
            if y >= len(before) or not now.is_same(before[y]):
                self.refresh(Region(0, TITLES + y, width, 1))
        if len(before) > len(self._drawn):
            self.refresh()

    def _visible(self) -> list[Content]:
        top = self._top
        return [self._row(at) for at in range(top, min(len(self._lines), top + self._room))]

    def _row(self, at: int) -> Content:
        """Draw a line, marked if it is the selected one."""
        frame, text = self._fitted(), self._texts.get(at)
        if text is None:
            text = self._texts[at] = drawn(self._lines[at], frame)
        return marked(text, frame.width, focused=self.has_focus) if at == self._at else text

    def _fitted(self) -> Frame:
        width = self.scrollable_content_region.width
        if self._frame is None or self._frame.width != width:
            self._frame = frame_for(width)
            self._texts.clear()
        return self._frame

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        base, frame = self.visual_style, self._fitted()
        at = self._top + y - TITLES
        if not self._lines:
            empty = hanging(Content.styled(self._nothing, "$quiet"), frame.width - MARGIN, " " * MARGIN)
            text = empty[y] if y < len(empty) else Content()
        elif y < TITLES:
            text = titles(frame)
        else:
            text = self._row(at) if at < len(self._lines) else Content()
        return Strip(text.render_segments(base)).adjust_cell_length(frame.width, base.rich_style)
