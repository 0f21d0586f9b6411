"""The logs area: follow, pause, filter and search all log lines."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from stormdeck.model.units import grouped, plural
from stormdeck.paths import STYLES
from stormdeck.ui.bindings import bindings
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.bottom_input import BottomField
from stormdeck.ui.widgets.key_bar import KeyBar
from stormdeck.ui.widgets.logs.tail import TailHeading
from stormdeck.ui.widgets.logs.view import LogView
from stormdeck.ui.widgets.overview.requests import RequestsPanel

NO_TROUBLE = "No failed request and no error in these logs."


class LogsScreen(Area):
    """The requests of the window on top, then the lines."""

    AREA = "logs"
    CSS_PATH = STYLES / "logs.tcss"
    AUTO_FOCUS = "#log"
    BINDINGS = bindings("logs")

    def body(self) -> ComposeResult:
        """Compose the requests, the lines and the filter."""
        yield RequestsPanel(id="histogram")
        yield TailHeading(id="log-heading")
        yield LogView(self.panel.book, self.panel.clock.moment, id="log")
        yield BottomField("words, -word; enter keeps, esc clears", id="filter")

    def take_lines(self) -> None:
        """Show new lines."""
        view = self.query_one(LogView)
        view.grow()
        self._show_notes()

    def action_pause(self) -> None:
        """Pause or resume the view."""
        view = self.query_one(LogView)
        view.pause(not view.paused)
        self._show_notes()

    def go_to(self, number: int) -> None:
        """Mark a line and scroll to it."""
        self.query_one(LogView).go_to(number)
        self._show_notes()

    def action_follow(self) -> None:
        """Go to the newest line and follow the log."""
        view = self.query_one(LogView)
        view.mark = -1
        view.following = True
        view.pause(False)
        self._show_notes()

    def action_top(self) -> None:
        """Go to the oldest line."""
        self.query_one(LogView).to_top()
        self._show_notes()

    def action_filter(self) -> None:
        """Open the filter."""
        self.query_one(BottomField).open()

    def action_clear_filter(self) -> None:
        """Clear the filter and close its field."""
        self.query_one(BottomField).value = ""
        self._close()

    def action_error(self) -> None:
        """Go to the next failed request or error record."""
        if not self.query_one(LogView).search_trouble():
            self.notify(NO_TROUBLE)
        self._show_notes()

    def action_next(self, step: int) -> None:
        """Go to the next or previous line with the words of the last filter, or else to an error."""
        view = self.query_one(LogView)
        if not view.search(step):
            self.notify("No line with these words." if view.filter.last else NO_TROUBLE)
        self._show_notes()

    def action_copy(self) -> None:
        """Copy the marked lines."""
        lines = self.query_one(LogView).marked()
        self.copy("\n".join(lines), plural(len(lines), "line") if lines else "No line to copy.")

    @on(LogView.Followed)
    def _on_followed(self) -> None:
        self._show_notes()

    @on(Input.Changed, "#filter")
    def _on_filter_typed(self, event: Input.Changed) -> None:
        self.query_one(LogView).set_filter(event.value)
        self._show_notes()

    @on(Input.Submitted, "#filter")
    def _close(self) -> None:
        field = self.query_one(BottomField)
        if not field.value:
            field.close()
        self.query_one(LogView).focus()

    def _show_notes(self) -> None:
        """Show in the key bar how many lines match, wait, or are not followed."""
        view = self.query_one(LogView)
        notes = []
        if view.filter.text:
            notes.append(f"{grouped(view.filter.count(self.panel.book.end))} of {grouped(len(self.panel.book))} lines")
        if view.paused:
            notes.append(f"paused, {grouped(view.waiting)} waiting")
        elif not view.following:
            notes.append("not following")
        self.query_one(KeyBar).show_note("  ".join(notes))
