"""Show the log book, drawing only the visible lines."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from stormdeck.model.logs.book import LogBook
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.text import clean
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import CURSOR
from stormdeck.ui.widgets.logs.line import NARROW, Fragment, LineDrawer, body, exception, head
from stormdeck.ui.widgets.logs.search import LogRows, next_line

SIDESTEP = 20
"""Columns that the left and right keys move."""
DRAWN = 128
"""Drawn lines that are cached, two screens: one takes 4 kB, since Textual caches all its crops too."""


class LogView(LineDrawer, ScrollView, can_focus=True, inherit_bindings=False):
    """Follow the newest line until the user scrolls or pauses; fold and filter without copying the book."""

    BINDINGS = bindings("logs", inner=True)
    ALLOW_SELECT = False

    class Followed(Message):
        """The view has started or stopped following the newest line."""

    following: reactive[bool] = reactive(True)
    column: reactive[int] = reactive(0)

    def __init__(self, book: LogBook, clock: Callable[[float], str], *, id: str) -> None:  # noqa: A002 - Textual's own
        super().__init__(id=id)
        self._rows = LogRows(book)
        self.filter = self._rows.filter
        self.mark = -1
        """The number of the current line; -1: none."""
        self._anchor = -1
        """The line at the other end of the marked lines."""
        self._book = book
        self._clock = clock
        self._paused_at: int | None = None
        self._strips: LRUCache[tuple[int, int, int, int, int, int], Strip] = LRUCache(DRAWN)

    @property
    def paused(self) -> bool:
        """Return whether the view is paused."""
        return self._paused_at is not None

    @property
    def waiting(self) -> int:
        """Return the number of lines that arrived while the view is paused."""
        return self._book.end - self._paused_at if self._paused_at is not None else 0

    def grow(self) -> None:
        """Show new lines; does nothing while the view is hidden."""
        if not self.is_attached or not self.screen.is_active:
            return
        dropped = self._rows.catch_up()
        count = self._rows.count(self._paused_at if self._paused_at is not None else self._book.end)
        if self.virtual_size.height != count:
            self.virtual_size = Size(self.scrollable_content_region.width, count)
        if self.following and not self.paused:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        elif dropped:
            self.scroll_to(y=max(0, self.scroll_y - dropped), animate=False, force=True, immediate=True)
        self.refresh()

    def pause(self, paused: bool) -> None:
        """Pause the view at the lines up to now, or resume it."""
        self._paused_at = self._book.end if paused else None
        self.grow()

    def set_filter(self, text: str) -> None:
        """Show only lines with these words, in any case; an empty text shows all."""
        self.filter.set(text)
        self._strips.clear()
        self._rows.unfold(self.mark)
        self.grow()
        if self.mark >= 0 and not self.following:
            self._show_mark()
        else:
            self._scroll(round(self.max_scroll_y))

    def search(self, step: int) -> bool:
        """Go to the next line with the words of the last filter, or to the next error; return whether there is one."""
        words = self.filter.last
        return self._jump(step, (lambda _, text: words.pass_line(text)) if words else self._rows.is_trouble)

    def search_trouble(self) -> bool:
        """Go to the next failed request or error; return whether there is one."""
        return self._jump(1, self._rows.is_trouble)

    def _jump(self, step: int, wanted: Callable[[int, str], bool]) -> bool:
        first = self._number(round(self.scroll_y))
        after = self.mark if self.mark >= 0 else (first or 0) - 1 if step > 0 else self._book.end
        found = next_line(self._book, after, step, wanted)
        if found is not None:
            self.go_to(found)
        return found is not None

    def go_to(self, number: int) -> None:
        """Mark a line and scroll to it; a filter that hides it is cleared, a traceback that hides it is opened."""
        if self.filter.active and self.filter.at(self.filter.row(number)) != number:
            self.set_filter("")
        self.set_mark(number)
        self._rows.unfold(number)
        self.grow()
        self._show_mark()

    def to_top(self) -> None:
        """Go to the oldest line."""
        oldest = self._number(0)
        if oldest is not None:
            self.set_mark(oldest)
        self._scroll(0)

    def set_mark(self, number: int, *, more: bool = False) -> None:
        """Make a line the current one; with ``more``, mark all lines up to it."""
        self.mark = number
        self._anchor = self._anchor if more and self._anchor >= 0 else number
        self.following = False
        self.refresh()

    def action_move(self, step: int, more: bool = False) -> None:
        """Move the current line. The first move takes the last visible line; one past the end follows the log."""
        rows = self.virtual_size.height
        if not rows:
            return
        below = min(rows, round(self.scroll_y) + self.size.height) - 1
        row = below if self.mark < 0 else max(0, self._row(self.mark) + step)
        if row >= rows:
            self.mark, self.following = -1, True
            self.refresh()
            return
        self.set_mark(self._number(row) or 0, more=more)
        top = round(self.scroll_y)
        if not top <= row < top + self.size.height:
            self._scroll(row if row < top else row - self.size.height + 1)
            self.following = False

    def marked(self) -> list[str]:
        """Return the marked lines with what is folded into them, or else the newest line; secrets are masked."""
        rows = self.virtual_size.height
        first, last = sorted((self._anchor, self.mark)) if self.mark >= 0 else (-1, -1)
        begin, end = (self._row(first), self._row(last)) if self.mark >= 0 else (rows - 1, rows - 1)
        numbers = [self._number(row) for row in range(max(0, begin), min(end + 1, rows))]
        shown = [number for number in numbers if number is not None and (self.mark < 0 or first <= number <= last)]
        lines = [self._book.line(number) for row in shown for number in self._rows.lines(row)]
        return [mask_text(clean(line.text)) for line in lines if line is not None]

    def _show_mark(self) -> None:
        self._scroll(self._row(self.mark) - self.size.height // 3)
        self.following = False

    def _scroll(self, row: int) -> None:
        self.scroll_to(y=max(0, row), animate=False, force=True, immediate=True)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Make the clicked line the current one; with shift, mark all lines up to it."""
        number = self._number(round(self.scroll_y) + event.y)
        if event.button == 1 and number is not None and self._book.line(number) is not None:
            self.capture_mouse()
            self.set_mark(number, more=event.shift)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Mark the lines that the mouse is dragged over."""
        number = self._number(round(self.scroll_y) + max(0, min(event.y, self.size.height - 1)))
        if self.app.mouse_captured is self and number is not None and number != self.mark:
            self.set_mark(number, more=True)

    def on_click(self, event: events.Click) -> None:
        """Open or fold a traceback on a double click."""
        if event.chain == 2:
            self.action_fold()

    def on_mouse_up(self) -> None:
        """End a drag."""
        self.release_mouse()

    def validate_column(self, column: int) -> int:
        """Limit how far the view scrolls to the right."""
        return max(0, min(column, 4000))

    def watch_following(self) -> None:
        """Post the change."""
        self.post_message(self.Followed())

    def watch_column(self) -> None:
        """Redraw from the new column."""
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when the user scrolls away from the end, and follow again at the end."""
        super().watch_scroll_y(old_value, new_value)
        if not self.paused:
            self.following = round(new_value) >= self.max_scroll_y

    def on_resize(self) -> None:
        """Draw again at the new size, and stay at the end if following."""
        self._strips.clear()
        self.grow()

    def notify_style_update(self) -> None:
        """Drop the cached lines when the theme changes."""
        super().notify_style_update()
        self._strips.clear()

    def action_fold(self) -> None:
        """Open or fold the traceback of the current line."""
        head = self._rows.turn(self.mark)
        if head is not None:
            self.set_mark(head)
            self.grow()
            if self._row(head) < round(self.scroll_y):
                self._scroll(self._row(head))

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
        marked = self.mark >= 0 and min(self.mark, self._anchor) <= shown.number <= max(self.mark, self._anchor)
        fold = self._rows.folded(shown.number)
        size = fold.size if fold is not None else 0
        key = (shown.number, shown.attempt, width, self.column, marked + (marked and self.has_focus), size)
        strip = self._strips.get(key)
        if strip is None:
            edge = Fragment(CURSOR if marked else " ", "cursor")
            before = [edge, *head(shown, self._clock, named=width > NARROW)]
            last = self._book.line(fold.says) if fold is not None else None
            text = exception(last) if last is not None else body(shown, width - 1)
            after = [Fragment(f"  +{size}", "quiet")] if size else []
            strip = self.draw(before, text, width, self.column, marked, after)
            self._strips[key] = strip
        return strip

    def _number(self, row: int) -> int | None:
        return self._rows.at(row) if row < self.virtual_size.height else None

    def _row(self, number: int) -> int:
        return self._rows.row(number)
