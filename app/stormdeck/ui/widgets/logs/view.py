"""Show the log book, drawing only the visible lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive

from stormdeck.model.logs.book import LogBook
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.text import clean
from stormdeck.ui.bindings import bindings
from stormdeck.ui.widgets.logs.drawn_rows import DrawnRows
from stormdeck.ui.widgets.logs.filter import LineFilter
from stormdeck.ui.widgets.logs.search import Wanted, search

SIDESTEP = 20
"""Columns that the left and right keys move."""
SLICE_S = 0.008
"""How long a filter or a search works before keys and the screen get their turn."""
REST_S = 0.004
"""How long they have it."""
SHOW_S = 0.1
"""How often what a filter has found meanwhile is shown."""


class LogView(DrawnRows, can_focus=True, inherit_bindings=False):
    """Follow the newest line until the user scrolls or pauses; fold and filter without copying the book."""

    BINDINGS = bindings("logs", inner=True)
    ALLOW_SELECT = False

    class Followed(Message):
        """The view has started or stopped following the newest line."""

    class Filtered(Message):
        """The filter has tested more lines."""

    class NotFound(Message):
        """A search has found no line."""

        def __init__(self, *, words: bool) -> None:
            self.words = words
            super().__init__()

    following: reactive[bool] = reactive(True)

    def __init__(
        self,
        book: LogBook,
        clock: Callable[[float], str],
        *,
        line_filter: LineFilter | None = None,
        id: str,  # noqa: A002 - Textual's own
    ) -> None:
        super().__init__(book, clock, line_filter if line_filter is not None else LineFilter(book), id=id)
        self._paused_at: int | None = None
        self._search: Iterator[int | None] | None = None
        self._searches_words = False
        self._added = 0
        """Rows that a filter has found before the others since the view was drawn."""
        self._shown_at = 0.0
        """When a filter that is at work was shown last."""
        self._works = False
        """Whether the filter or a search goes on soon."""

    @property
    def paused(self) -> bool:
        """Return whether the view is paused."""
        return self._paused_at is not None

    @property
    def waiting(self) -> int:
        """Return the number of lines that arrived while the view is paused."""
        return self._book.end - self._paused_at if self._paused_at is not None else 0

    @property
    def end(self) -> int:
        """Return the number after the last line that may be shown."""
        return self._paused_at if self._paused_at is not None else self._book.end

    def grow(self) -> None:
        """Show new lines; does nothing while the view is hidden."""
        if not self.is_attached or not self.screen.is_active:
            return
        added, self._added = self._added, 0
        self._resize(added - self.rows.catch_up())
        self._work_later()

    def _resize(self, added: int) -> None:
        """Scroll for the present number of rows, of which some were added before the others, or removed there."""
        self._count = count = self.rows.count(self.end)
        height = count
        if self.wrapped and count:
            fits = count - self._wrapping().top_for(count - 1)
            height = count - fits + self.size.height
        if self.virtual_size.height != height:
            self.virtual_size = Size(self.scrollable_content_region.width, height)
        if self.following and not self.paused:
            self._scroll(round(self.max_scroll_y))
        elif added:
            self._scroll(round(self.scroll_y) + added)
        self.refresh()

    def _work_later(self) -> None:
        """Go on with the filter or the search soon, if there is more to do."""
        if not self._works and (self._search is not None or not self.filter.done):
            self._works = True
            self.set_timer(REST_S, self._work)

    def _work(self) -> None:
        """Filter, then search, for a moment."""
        self._works = False
        if not self.is_attached or not self.screen.is_active:
            return
        enough = _after(SLICE_S)
        if not self.filter.done:
            self._added += self.rows.search_older(enough)
            if self.filter.done or time.monotonic() - self._shown_at > SHOW_S:
                self._shown_at = time.monotonic()
                self._resize(self._added)
                self._added = 0
                self.post_message(self.Filtered())
        elif self._search is not None:
            self._go_on(enough)
        self._work_later()

    def pause(self, paused: bool) -> None:
        """Pause the view at the lines up to now, or resume it."""
        self._paused_at = self._book.end if paused else None
        self.grow()

    def set_filter(self, text: str) -> None:
        """Show only the lines that pass a filter; an empty text shows all. The view begins at the first column."""
        self.filter.set(text)
        self._refilter()

    def show_probes(self, shown: bool) -> None:
        """Show polls and probes, or hide them."""
        self.rows.show_probes(shown)
        self._refilter()

    def _refilter(self) -> None:
        self.column = 0
        self._search = None
        self._strips.clear()
        self.rows.unfold(self.mark)
        self._works = True
        self._added, self._shown_at = 0, 0.0
        self.grow()
        self._work()
        if self.mark >= 0 and not self.following:
            self._show_mark()
        else:
            self._scroll(round(self.max_scroll_y))

    def wrap(self, wrapped: bool) -> None:
        """Wrap long lines, or cut them."""
        top = self.row_at(0)
        self.wrapped = wrapped
        self.column = 0
        self._strips.clear()
        self.grow()
        if not self.following:
            self._scroll(top)

    def search(self, step: int) -> None:
        """Go to the next line that passes the last filter, or to the next error."""
        self._searches_words = bool(self.filter.last)
        if self.filter.active and self.filter.done:
            self._go_to_row_after(step)
        else:
            self._begin_search(step, self.filter.passes_last if self.filter.last else self.rows.is_trouble)

    def search_trouble(self) -> None:
        """Go to the next line that says what went wrong for a user."""
        self._searches_words = False
        self._begin_search(1, self.rows.is_trouble)

    def _go_to_row_after(self, step: int) -> None:
        """Go to the next row, round the end."""
        if not self._count:
            self.post_message(self.NotFound(words=True))
            return
        if self.mark < 0:
            row = self.row_at(0) if step > 0 else self._count - 1
        else:
            is_shown = self.rows.at(self.rows.row(self.mark)) == self.mark
            row = self.rows.row(self.mark) + (step if is_shown or step < 0 else 0)
        number = self.rows.at(row % self._count)
        if number is not None:
            self.go_to(number)

    def _begin_search(self, step: int, wanted: Wanted) -> None:
        first = self._number(self.row_at(0))
        after = self.mark if self.mark >= 0 else (first or 0) - 1 if step > 0 else self._book.end
        self._search = search(self._book, after, step, wanted)
        self._go_on(_after(SLICE_S))
        self._work_later()

    def _go_on(self, enough: Callable[[], bool]) -> None:
        """Go on with the search until it is ``enough``, or a line is found, or there is none."""
        for found in self._search or ():
            if found is not None:
                self._search = None
                self.go_to(found)
                return
            if enough():
                return
        self._search = None
        self.post_message(self.NotFound(words=self._searches_words))

    def go_to(self, number: int) -> None:
        """Mark a line and scroll to it; a filter that hides it is cleared, a traceback that hides it is opened."""
        if self.filter.active and self.filter.at(self.filter.row(number)) != number:
            self.set_filter("")
        self.rows.unfold(number)
        self.set_mark(number)
        self.grow()
        self._show_mark()

    def go_near(self, number: int) -> None:
        """Mark a line and scroll to it; if it is not shown, the next one that is, or else the last."""
        self.grow()
        row = min(self.rows.row(number), self._count - 1)
        shown = self._number(row)
        if shown is not None:
            self.go_to(shown)

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

    def bookmark(self) -> bool | None:
        """Set a bookmark at the current line, or remove it; return whether it is set, ``None`` without a line."""
        if self.mark < 0:
            self.action_move(0)
        if self.mark < 0:
            return None
        self.bookmarks ^= {self.mark}
        self.refresh()
        return self.mark in self.bookmarks

    def to_bookmark(self) -> bool:
        """Go to the next bookmark, round the end; return whether there is one."""
        kept = sorted(number for number in self.bookmarks if number >= self._book.start)
        self.bookmarks.intersection_update(kept)
        if kept:
            self.go_to(next((number for number in kept if number > self.mark), kept[0]))
        return bool(kept)

    def action_move(self, step: int, more: bool = False) -> None:
        """Move the current line. The first move takes the last visible line; one past the end follows the log."""
        if not self._count:
            return
        below = min(self._count - 1, self._bottom())
        row = below if self.mark < 0 else max(0, self.rows.row(self.mark) + step)
        if row >= self._count:
            self.mark, self.following = -1, True
            self.refresh()
            return
        self.set_mark(self._number(row) or 0, more=more)
        top = round(self.scroll_y)
        if row < top or row > self._bottom():
            self._scroll(row if row < top else self._top_for(row))
            self.following = False

    def step(self, step: int) -> int | None:
        """Make the next or previous row the current one; return its line, ``None`` at the end."""
        row = self.rows.row(self.mark) + step
        if not 0 <= row < self._count:
            return None
        self.action_move(step)
        return self.mark

    def marked(self) -> list[str]:
        """Return the marked lines with what is folded into them, or else the newest line; secrets are masked."""
        rows = self._count
        first, last = sorted((self._anchor, self.mark)) if self.mark >= 0 else (-1, -1)
        begin, end = (self.rows.row(first), self.rows.row(last)) if self.mark >= 0 else (rows - 1, rows - 1)
        numbers = [self._number(row) for row in range(max(0, begin), min(end + 1, rows))]
        shown = [number for number in numbers if number is not None and (self.mark < 0 or first <= number <= last)]
        lines = [self._book.line(number) for row in shown for number in self.rows.lines(row)]
        return [mask_text(clean(line.text)) for line in lines if line is not None]

    def _show_mark(self) -> None:
        row = self.rows.row(self.mark)
        self._scroll(self._top_for(row, self.size.height // 3 + 1))
        self.following = False

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Make the clicked line the current one; with shift, mark all lines up to it."""
        number = self._number(self.row_at(event.y))
        if event.button == 1 and number is not None and self._book.line(number) is not None:
            self.capture_mouse()
            self.set_mark(number, more=event.shift)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Mark the lines that the mouse is dragged over."""
        if self.app.mouse_captured is not self:
            return
        number = self._number(self.row_at(max(0, min(event.y, self.size.height - 1))))
        if number is not None and number != self.mark:
            self.set_mark(number, more=True)

    async def on_click(self, event: events.Click) -> None:
        """Open a line on a double click."""
        if event.chain == 2:
            await self.run_action("screen.open")

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
        self.post_message(self.Filtered())

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
        first = self.rows.turn(self.mark)
        if first is not None:
            self.set_mark(first)
            self.grow()
            if self.rows.row(first) < round(self.scroll_y):
                self._scroll(self.rows.row(first))

    def action_page_up(self) -> None:
        """Scroll a page back."""
        if self.wrapped:
            self._scroll(self._top_for(round(self.scroll_y)))
        else:
            super().action_page_up()

    def action_page_down(self) -> None:
        """Scroll a page forward."""
        if self.wrapped:
            self._scroll(max(self._bottom(), round(self.scroll_y) + 1))
        else:
            super().action_page_down()

    def action_scroll_left(self) -> None:
        """Show earlier columns of long lines."""
        self.column -= SIDESTEP

    def action_scroll_right(self) -> None:
        """Show later columns of long lines."""
        if not self.wrapped:
            self.column += SIDESTEP


def _after(seconds: float) -> Callable[[], bool]:
    """Return whether so many seconds have passed since now."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until
