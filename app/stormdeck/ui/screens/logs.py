"""The logs: every line, to follow, hold, filter and jump through."""

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

NO_TROUBLE = "No failed request and no error in the lines that are kept."


class LogsScreen(Area):
    """A strip of the window on top, then the lines."""

    AREA = "logs"
    CSS_PATH = STYLES / "logs.tcss"
    AUTO_FOCUS = "#log"
    BINDINGS = bindings("logs")

    def body(self) -> ComposeResult:
        """Compose the strip, the lines and the filter."""
        yield RequestsPanel(id="histogram")
        yield TailHeading(id="log-heading")
        yield LogView(self.panel.book, self.panel.clock.second, id="log")
        yield BottomField("words, -word; enter keeps, esc drops", id="filter")

    def take_lines(self) -> None:
        """Let the view follow the log book."""
        view = self.query_one(LogView)
        view.grow()
        self._say()

    def action_pause(self) -> None:
        """Hold the view, or let it go on."""
        view = self.query_one(LogView)
        view.hold(not view.paused)
        self._say()

    def go_to(self, number: int) -> None:
        """Mark a line and bring it into view."""
        self.query_one(LogView).go_to(number)
        self._say()

    def action_follow(self) -> None:
        """Let the view go on at the newest line."""
        view = self.query_one(LogView)
        view.mark = -1
        view.following = True
        view.hold(False)
        self._say()

    def action_top(self) -> None:
        """Go to the oldest line."""
        self.query_one(LogView).to_top()
        self._say()

    def action_filter(self) -> None:
        """Open the filter."""
        self.query_one(BottomField).open()

    def action_clear_filter(self) -> None:
        """Drop the filter and close its field."""
        self.query_one(BottomField).value = ""
        self._close()

    def action_error(self) -> None:
        """Go to the next failed request or error record."""
        if not self.query_one(LogView).search_trouble():
            self.notify(NO_TROUBLE)
        self._say()

    def action_next(self, step: int) -> None:
        """Go to the next line, or the one before, that holds the words of the last filter; else to an error."""
        view = self.query_one(LogView)
        if not view.search(step):
            self.notify("No line that is kept holds these words." if view.filter.last else NO_TROUBLE)
        self._say()

    def action_copy(self) -> None:
        """Copy the marked lines."""
        lines = self.query_one(LogView).marked()
        self.copy("\n".join(lines), plural(len(lines), "line") if lines else "No line to copy.")

    @on(LogView.Followed)
    def _followed(self) -> None:
        self._say()

    @on(Input.Changed, "#filter")
    def _narrow(self, event: Input.Changed) -> None:
        self.query_one(LogView).set_filter(event.value)
        self._say()

    @on(Input.Submitted, "#filter")
    def _close(self) -> None:
        field = self.query_one(BottomField)
        if not field.value:
            field.close()
        self.query_one(LogView).focus()

    def _say(self) -> None:
        """Tell in the footer what is held back."""
        view = self.query_one(LogView)
        notes = []
        if view.filter.text:
            notes.append(f"{grouped(view.filter.count(self.panel.book.end))} of {grouped(len(self.panel.book))} lines")
        if view.paused:
            notes.append(f"paused, {grouped(view.waiting)} waiting")
        elif not view.following:
            notes.append("not following")
        self.query_one(KeyBar).say("  ".join(notes))
