"""The log on the overview: which logs are followed, and their last lines worth seeing."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from stormdeck.model.logs.book import LogBook
from stormdeck.ui.widgets.log_tail import LogTail
from stormdeck.ui.widgets.tail_heading import TailHeading

TITLED = 5
"""Rows from which on one is spent on the heading."""


class LogPanel(Vertical):
    """Takes what is left of the pane."""

    def __init__(self, book: LogBook, clock: Callable[[float], str], *, id: str) -> None:  # noqa: A002 - Textual's own
        super().__init__(id=id)
        self._book = book
        self._clock = clock

    def compose(self) -> ComposeResult:
        """Compose the heading above the lines."""
        yield TailHeading()
        yield LogTail(self._book, self._clock)

    def grow(self) -> None:
        """Let the lines follow the log book."""
        self.query_one(LogTail).grow()

    def on_resize(self, event: events.Resize) -> None:
        """Give the heading its row where there is one to spare, or where there are no lines."""
        self.set_class(event.size.height < TITLED, "-low")

    def on_focus(self) -> None:
        """Show that it has the focus."""
        self.query_one(TailHeading).refresh()

    def on_blur(self) -> None:
        """Show that it has it no longer."""
        self.query_one(TailHeading).refresh()
