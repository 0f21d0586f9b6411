"""Draw the rows of a log view: one line of the screen each, or several where long lines are wrapped."""

from __future__ import annotations

from collections.abc import Callable

from textual.cache import LRUCache
from textual.content import Content
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from stormdeck.model.logs.book import LogBook
from stormdeck.ui.rendering import CURSOR
from stormdeck.ui.widgets.logs.filter import LineFilter
from stormdeck.ui.widgets.logs.line import NARROW, Fragment, LineDrawer, body, exception, head
from stormdeck.ui.widgets.logs.search import LogRows
from stormdeck.ui.widgets.logs.wrapping import Wrapped

DRAWN = 128
"""Drawn lines that are cached, two screens: one takes 4 kB, since Textual caches all its crops too."""
BOOKMARK = "◆"


class DrawnRows(LineDrawer, ScrollView, inherit_bindings=False):
    """The rows with their marks and bookmarks; which of them are visible, and how far the view is scrolled."""

    column: reactive[int] = reactive(0)

    def __init__(
        self,
        book: LogBook,
        clock: Callable[[float], str],
        line_filter: LineFilter,
        *,
        id: str,  # noqa: A002 - Textual's own
    ) -> None:
        super().__init__(id=id)
        self.filter = line_filter
        self.rows = LogRows(book, line_filter)
        self.mark = -1
        """The number of the current line; -1: none."""
        self.bookmarks: set[int] = set()
        self.wrapped = False
        """Whether long lines are wrapped."""
        self._anchor = -1
        """The line at the other end of the marked lines."""
        self._book = book
        self._clock = clock
        self._strips: LRUCache[tuple[int, int, int, int, int, int, bool], list[Strip]] = LRUCache(DRAWN)
        self._count = 0
        """The number of rows."""

    def _scroll(self, row: int) -> None:
        self.scroll_to(y=max(0, row), animate=False, force=True, immediate=True)

    def _wrapping(self) -> Wrapped:
        return Wrapped(lambda row: len(self._drawn(row)), self._count, self.size.height)

    def _top_for(self, row: int, room: int | None = None) -> int:
        """Return the first row to show so that a row is the last one in the view, or in so many lines of it."""
        room = self.size.height if room is None else room
        return self._wrapping().top_for(row, room) if self.wrapped else max(0, row - room + 1)

    def _bottom(self) -> int:
        """Return the last row that is visible whole."""
        top = round(self.scroll_y)
        return self._wrapping().bottom(top) if self.wrapped else top + self.size.height - 1

    def row_at(self, y: int) -> int:
        """Return the row in a line of the view."""
        top = round(self.scroll_y)
        if not self.wrapped:
            return top + y
        shown = self._wrapping().visible(top)
        return shown[y][0] if y < len(shown) else self._count

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        top = round(self.scroll_y)
        if not self.wrapped:
            drawn = self._drawn(top + y)
            return drawn[0] if drawn else self._blank()
        shown = self._wrapping().visible(top)
        return self._drawn(shown[y][0])[shown[y][1]] if y < len(shown) else self._blank()

    def _blank(self) -> Strip:
        return self.draw([], [], self.scrollable_content_region.width)

    def _drawn(self, row: int) -> list[Strip]:
        """Return the lines of a row: one, or several where it is wrapped."""
        width = self.scrollable_content_region.width
        number = self._number(row)
        shown = self._book.line(number) if number is not None else None
        if shown is None:
            return [self._blank()]
        marked = self.mark >= 0 and min(self.mark, self._anchor) <= shown.number <= max(self.mark, self._anchor)
        fold = self.rows.folded(shown.number)
        size = fold.size if fold is not None else 0
        kept = shown.number in self.bookmarks
        key = (shown.number, shown.attempt, width, self.column, marked + (marked and self.has_focus), size, kept)
        strips = self._strips.get(key)
        if strips is not None:
            return strips
        edge = Fragment(BOOKMARK if kept else CURSOR if marked else " ", "cursor")
        before = [edge, *head(shown, self._clock, named=width > NARROW)]
        last = self._book.line(fold.says) if fold is not None else None
        fixed, text = ([], exception(last)) if last is not None else body(shown, width - 1, whole=self.wrapped)
        after = [Fragment(f"  +{size}", "quiet")] if size else []
        if self.wrapped:
            strips = self._wrapped_strips([*before, *fixed], text, after, width, marked)
        else:
            strips = [self.draw([*before, *fixed], text, width, self.column, marked, after)]
        self._strips[key] = strips
        return strips

    def _wrapped_strips(
        self, before: list[Fragment], text: list[Fragment], after: list[Fragment], width: int, marked: bool
    ) -> list[Strip]:
        """Return a line whose text is wrapped beside its time and log."""
        begin = sum(len(fragment.text) for fragment in before)
        pieces = [
            Fragment(row.plain, fragment.look)
            for fragment in text
            for row in Content(fragment.text).wrap(max(8, width - begin))
        ] or [Fragment("")]
        strips = []
        for at, piece in enumerate(pieces):
            lead = before if not at else [Fragment(" " * begin)]
            strips.append(self.draw(lead, [piece], width, 0, marked, after if at == len(pieces) - 1 else ()))
        return strips

    def _number(self, row: int) -> int | None:
        return self.rows.at(row) if 0 <= row < self._count else None
