"""A virtual view of the log book: only the lines that are seen are styled."""

from __future__ import annotations

from collections.abc import Callable

from textual.cache import LRUCache
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from stormdeck.model.logs.book import Line, LogBook
from stormdeck.ui.widgets.log_line import LineDrawer, body, head
from stormdeck.ui.widgets.log_search import LineFilter, next_trouble

SIDESTEP = 20
"""Columns that the left and right keys move."""


class LogView(LineDrawer, ScrollView, can_focus=True):
    """Follows the newest line until the user scrolls or pauses; filters without copying the book."""

    following: reactive[bool] = reactive(True)
    column: reactive[int] = reactive(0)

    def __init__(self, book: LogBook, clock: Callable[[float], str], *, id: str) -> None:  # noqa: A002 - Textual's own
        super().__init__(id=id)
        self.filter = LineFilter(book)
        self.mark = -1
        """The line that was jumped to."""
        self._book = book
        self._clock = clock
        self._paused_at: int | None = None
        self._begin = 0
        self._strips: LRUCache[tuple[int, int, int], Strip] = LRUCache(1024)

    @property
    def paused(self) -> bool:
        """Say whether the view is held."""
        return self._paused_at is not None

    @property
    def waiting(self) -> int:
        """Return the lines that came since the view is held."""
        return self._book.end - self._paused_at if self._paused_at is not None else 0

    def grow(self) -> None:
        """Take what the book has got; cheap, and it does nothing while the view is not seen."""
        if not self.is_attached or not self.screen.is_active:
            return
        gone = self.filter.catch_up()
        begin, count = self._window()
        dropped = gone if self.filter.active else max(0, begin - self._begin)
        self._begin = begin
        if self.virtual_size.height != count:
            self.virtual_size = Size(self.scrollable_content_region.width, count)
        if self.following and not self.paused:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        elif dropped:
            self.scroll_to(y=max(0, self.scroll_y - dropped), animate=False, force=True, immediate=True)
        self.refresh()

    def hold(self, held: bool) -> None:
        """Hold the view or let it go; held, it shows the lines up to now."""
        self._paused_at = self._book.end if held else None
        self.grow()

    def set_filter(self, text: str) -> None:
        """Show only lines that hold these words, whatever their case; an empty text shows all."""
        self.filter.set(text)
        self._strips.clear()
        self.grow()
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)

    def jump_to_trouble(self) -> bool:
        """Go to the next failed request or error, after the last from the top again; say whether there is one."""
        after = self.mark if self.mark >= 0 else (self._number(round(self.scroll_y)) or 0) - 1
        found = next_trouble(self._book, after)
        if found is None:
            return False
        self.go_to(found)
        return True

    def go_to(self, found: int) -> None:
        """Mark a line and bring it into view; a filter that might hide it is dropped."""
        self.following = False
        self.mark = found
        if self.filter.active:
            self.set_filter("")
        self.grow()
        self.scroll_to(
            y=max(0, found - self._book.start - self.size.height // 3), animate=False, force=True, immediate=True
        )
        self.following = False

    def validate_column(self, column: int) -> int:
        """Keep the first column shown within reason."""
        return max(0, min(column, 4000))

    def watch_column(self) -> None:
        """Draw from another column."""
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when the user leaves the end, and follow again when they come back to it."""
        super().watch_scroll_y(old_value, new_value)
        if not self.paused:
            self.following = round(new_value) >= self.max_scroll_y

    def on_resize(self) -> None:
        """Keep the end in sight when the pane changes."""
        self._strips.clear()
        self.grow()

    def notify_style_update(self) -> None:
        """Forget lines drawn in another theme."""
        super().notify_style_update()
        self._strips.clear()

    def action_scroll_left(self) -> None:
        """Show earlier columns of long lines."""
        self.column -= SIDESTEP

    def action_scroll_right(self) -> None:
        """Show later columns of long lines."""
        self.column += SIDESTEP

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        width = self.scrollable_content_region.width
        number = self._number(round(self.scroll_y) + y)
        shown = self._book.line(number) if number is not None else None
        if shown is None:
            return self.draw([], [], width)
        key = (shown.number, width, self.column)
        strip = self._strips.get(key) if shown.number != self.mark else None
        if strip is None:
            strip = self._strip(shown, width)
            if shown.number != self.mark:
                self._strips[key] = strip
        return strip

    def _strip(self, shown: Line, width: int) -> Strip:
        marked = shown.number == self.mark
        return self.draw(head(shown, self._clock, named=True), body(shown, width), width, self.column, marked)

    def _window(self) -> tuple[int, int]:
        """Return the first line number and how many lines there are to see."""
        end = self._paused_at if self._paused_at is not None else self._book.end
        if self.filter.active:
            return self._book.start, self.filter.count(end)
        return self._book.start, max(0, end - self._book.start)

    def _number(self, row: int) -> int | None:
        if self.filter.active:
            return self.filter.at(row)
        return self._book.start + row
