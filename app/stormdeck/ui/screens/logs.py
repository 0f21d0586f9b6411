"""The logs area: follow, pause, filter and search all log lines."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from stormdeck.model.logs.query_help import completion, explanation
from stormdeck.model.logs.spec import short_name
from stormdeck.model.units import grouped, plural
from stormdeck.paths import STYLES
from stormdeck.ui.bindings import bindings
from stormdeck.ui.messages import GoTo, LogMoment
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.bottom_input import BottomField
from stormdeck.ui.widgets.filter_field import FilterField
from stormdeck.ui.widgets.key_bar import KeyBar
from stormdeck.ui.widgets.logs.filter import LineFilter
from stormdeck.ui.widgets.logs.heading import LogHeading
from stormdeck.ui.widgets.logs.line import NARROW
from stormdeck.ui.widgets.logs.sessions import Connections, LineSessions
from stormdeck.ui.widgets.logs.view import LogView
from stormdeck.ui.widgets.overview.requests import RequestsPanel

NO_TROUBLE = "No failed request and no error in these logs."
NO_MATCH = "No line passes this filter."


class LogsScreen(Area):
    """The requests of the window on top, then the lines."""

    AREA = "logs"
    CSS_PATH = STYLES / "logs.tcss"
    AUTO_FOCUS = "#log"
    BINDINGS = bindings("logs")

    def body(self) -> ComposeResult:
        """Compose the requests, the lines and the filter."""
        clock = self.panel.clock
        self._sessions = LineSessions(self.panel.book, lambda: self.panel.deck, self._request_sessions)
        yield RequestsPanel(id="histogram")
        yield LogHeading(id="log-heading")
        line_filter = LineFilter(self.panel.book, clock.now, clock.local, self._sessions.of_line)
        yield LogView(self.panel.book, clock.moment, line_filter=line_filter, id="log")
        yield FilterField("level:error", self._explain, self._complete)

    @property
    def view(self) -> LogView:
        """Return the lines."""
        return self.query_one(LogView)

    def _request_sessions(self) -> Connections:
        """Return the sessions of the newest requests, as far as the feed knows them."""
        return self.panel.feed.request_sessions() if self.panel.feed is not None else {}

    def _explain(self, text: str) -> str:
        return explanation(text, self._sources(), self._sessions.names())

    def _complete(self, text: str) -> str | None:
        return completion(text, self._sources(), self._sessions.names())

    def _sources(self) -> list[str]:
        """Return the short names of the logs, for the filter."""
        traffic = self.panel.deck.traffic
        logs = traffic.logs if traffic is not None else ()
        return sorted({short_name(log).removesuffix(".log") for log in logs})

    def take_lines(self) -> None:
        """Show new lines."""
        self.view.grow()
        self._show_notes()

    def action_pause(self) -> None:
        """Pause or resume the view."""
        self.view.pause(not self.view.paused)
        self._show_notes()

    def go_to(self, number: int) -> None:
        """Mark a line and scroll to it."""
        self.view.go_to(number)
        self._show_notes()

    def go_near(self, number: int) -> None:
        """Mark a line, or the next one that is shown, and scroll to it."""
        self.view.go_near(number)
        self._show_notes()

    def on_click(self, event: events.Click) -> None:
        """Go to the time of a clicked column of the chart."""
        chart = self.query_one(RequestsPanel)
        place = event.screen_offset - chart.content_region.offset
        if not chart.region.contains_point(event.screen_offset):
            return
        moment = chart.moment_at(place.x, place.y, self.panel.clock.now())
        if moment is not None:
            self.post_message(GoTo(LogMoment(moment)))

    def action_follow(self) -> None:
        """Go to the newest line and follow the log."""
        self.view.mark = -1
        self.view.following = True
        self.view.pause(False)
        self._show_notes()

    def action_top(self) -> None:
        """Go to the oldest line."""
        self.view.to_top()
        self._show_notes()

    def action_filter(self) -> None:
        """Open the filter."""
        self.query_one(FilterField).open()

    def action_clear_filter(self) -> None:
        """Clear the filter and close its field."""
        self.query_one(BottomField).value = ""
        self._close()

    def action_error(self) -> None:
        """Go to the next line that says what went wrong for a user."""
        self.view.search_trouble()
        self._show_notes()

    def action_next(self, step: int) -> None:
        """Go to the next or previous line that passes the last filter, or else to an error."""
        self.view.search(step)
        self._show_notes()

    def action_copy(self) -> None:
        """Copy the marked lines."""
        lines = self.view.marked()
        self.copy("\n".join(lines), plural(len(lines), "line") if lines else "No line to copy.")

    def action_probes(self) -> None:
        """Show polls and probes, or hide them."""
        self.view.show_probes(not self.view.rows.shows_probes)
        self._show_notes()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self.view.wrap(not self.view.wrapped)
        self._show_notes()

    def action_fold(self) -> None:
        """Open or fold the traceback of the current line."""
        self.view.action_fold()

    def action_bookmark(self) -> None:
        """Set a bookmark at the current line, or remove it."""
        if self.view.bookmark() is None:
            self.notify("No line to bookmark.")

    def action_to_bookmark(self) -> None:
        """Go to the next bookmark."""
        if not self.view.to_bookmark():
            self.notify(f"No bookmark yet: {self.panel.action('logs.bookmark').shown} sets one at the current line.")
        self._show_notes()

    async def action_open(self) -> None:
        """Show the current line with all that is known of it."""
        from stormdeck.ui.screens.log_line import LineScreen

        if self.view.mark < 0:
            self.view.action_move(0)
        if self.view.mark >= 0:
            await self.app.push_screen(LineScreen(self.view, self.panel))

    @on(LogView.Followed)
    @on(LogView.Filtered)
    def _on_view_changed(self) -> None:
        self._show_notes()

    @on(LogView.NotFound)
    def _on_nothing_found(self, message: LogView.NotFound) -> None:
        self.notify(NO_MATCH if message.words else NO_TROUBLE)

    @on(Input.Changed, "#filter")
    def _on_filter_typed(self, event: Input.Changed) -> None:
        self.view.set_filter(event.value)
        self._show_notes()

    @on(Input.Submitted, "#filter")
    def _close(self) -> None:
        if not self.query_one(BottomField).value:
            self.query_one(FilterField).close()
        self.view.focus()

    def on_resize(self) -> None:
        """Show the notes where there is room for them at the new size."""
        self.call_after_refresh(self._show_notes)

    def _show_notes(self) -> None:
        """Show how many lines match, wait or are hidden, and what else of them is not seen."""
        view = self.view
        notes = []
        if view.filter.active:
            found = f"{grouped(view.filter.count(view.end))} of {grouped(len(self.panel.book))} lines"
            notes.append(found if view.filter.done else f"{found}, {view.filter.progress} % searched")
        if view.paused:
            notes.append(f"paused, {grouped(view.waiting)} waiting")
        elif not view.following:
            notes.append("not following")
        hidden, heading = self._hidden(), self.query_one(LogHeading)
        if not heading.display and hidden:
            notes.append(hidden.partition(",")[0] if self.size.width >= NARROW else self._hidden_in_short())
        self.query_one(KeyBar).show_note("  ".join(notes))
        seen = [hidden, f"+{view.column} columns" if view.column else "", "wrapped" if view.wrapped else ""]
        heading.show_note("   ".join(filter(None, seen)))
        self.query_one(FilterField).explain(view.filter.problem)

    def _hidden_in_short(self) -> str:
        """Return the number of hidden probes as a key that shows them; empty if they are shown."""
        hidden = self.view.rows.hidden_probes(self.view.end)
        return f"{self.panel.action('logs.probes').shown} {plural(hidden, 'probe')}" if hidden else ""

    def _hidden(self) -> str:
        """Return how many polls and probes are hidden, and the key that shows them."""
        key = self.panel.action("logs.probes").shown
        hidden = self.view.rows.hidden_probes(self.view.end)
        if hidden:
            return f"{grouped(hidden)} {'probe' if hidden == 1 else 'probes'} hidden, {key} shows"
        return f"probes shown, {key} hides" if self.view.rows.shows_probes else ""
