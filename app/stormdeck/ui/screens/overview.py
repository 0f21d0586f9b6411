"""The overview: the panels with the verdict, the traffic and the servers."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.widget import Widget

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.first_look import is_first_look
from stormdeck.model.gpu_places import count_rows
from stormdeck.model.overview_layout import HISTORY
from stormdeck.model.text import clean
from stormdeck.ui.bindings import bindings
from stormdeck.ui.messages import GoTo, LogMoment, StormLines
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.history.panel import HistoryPanel
from stormdeck.ui.widgets.logs.tail import LogPanel
from stormdeck.ui.widgets.overview.board import Board
from stormdeck.ui.widgets.overview.first_look import FirstLookPanel
from stormdeck.ui.widgets.overview.gpus import GpuPanel
from stormdeck.ui.widgets.overview.in_flight import InFlightPanel
from stormdeck.ui.widgets.overview.requests import RequestsPanel
from stormdeck.ui.widgets.overview.servers import EnginePanel, ProxyPanel
from stormdeck.ui.widgets.overview.storms import StormsPanel
from stormdeck.ui.widgets.verdict_bar import VerdictBar

FIRST_LOOK = "first-look"
_HOPS = {"proxy": HopKind.PROXY, "engine": HopKind.SERVER}
"""The hop of each panel whose server can be restarted."""


class OverviewScreen(Area):
    """The panels that the user has chosen, arranged for the size. Any of them can be zoomed."""

    AREA = "overview"
    BINDINGS = bindings("overview")

    _saw_first_look = False

    def compose_top(self) -> ComposeResult:
        """Compose nothing: the verdict is a panel here."""
        yield from ()

    def body(self) -> ComposeResult:
        """Compose the panels in the chosen order, which ``tab`` follows too."""
        preferences = self.panel.preferences
        panels = [self._panel(name) for name in preferences.boxes]
        for panel in panels:
            panel.can_focus = not isinstance(panel, VerdictBar)
        yield Board(*panels, FirstLookPanel(id=FIRST_LOOK), preferences=preferences, id="board")

    def _panel(self, name: str) -> Widget:
        clock = self.panel.clock
        match name:
            case "verdict":
                return VerdictBar(id=name)
            case "requests":
                return RequestsPanel(id=name)
            case "storms":
                return StormsPanel(clock.minute, id=name)
            case "in-flight":
                return InFlightPanel(clock.now, id=name)
            case "engine":
                return EnginePanel(id=name)
            case "proxy":
                return ProxyPanel(id=name)
            case "gpus":
                return GpuPanel(id=name)
            case "history":
                return HistoryPanel(self.panel.clock, id=name)
            case _:
                return LogPanel(self.panel.book, clock.moment, id=name)

    @property
    def board(self) -> Board:
        """Return the board."""
        return self.query_one(Board)

    def take_deck(self, deck: Deck) -> None:
        """Pass the deck to every panel, and arrange them for the number of GPUs and requests in flight."""
        super().take_deck(deck)
        self.board.count_gpus(count_rows(deck))
        self.board.count_flights(len(deck.wire.in_flight) if deck.wire.recorders else None)
        self.board.show_history(deck.history.is_known)
        self._show_first_look(is_first_look(deck))

    def _show_first_look(self, wanted: bool) -> None:
        """Enlarge the first look once, and restore the panels when something is configured."""
        if wanted and not self._saw_first_look and not self.board.zoomed:
            self._saw_first_look = True
            self.board.zoom(FIRST_LOOK)
        elif not wanted and self.board.zoomed == FIRST_LOOK:
            self.board.zoom("")

    @on(StormsPanel.Chosen)
    def _show_storm(self, message: StormsPanel.Chosen) -> None:
        self.post_message(GoTo(StormLines(message.storm)))

    async def action_open(self) -> None:
        """Show the lines of the selected storm, or else the row or the page that the verdict is about."""
        if isinstance(self.focused, StormsPanel):
            self.focused.action_open()
        else:
            await self.run_action("app.fix")

    @on(HistoryPanel.LinesWanted)
    def _show_lines(self, message: HistoryPanel.LinesWanted) -> None:
        self.post_message(GoTo(LogMoment(message.at)))

    def action_history(self) -> None:
        """Enlarge the history, or restore it."""
        if self.panel.deck.replay is not None:
            self.notify("A recording holds log lines only: it has no history of figures.")
            return
        if HISTORY not in self.panel.preferences.boxes:
            self.notify("The history is not among the chosen panels: add history to panels in the options file.")
            return
        self.toggle_zoom(HISTORY)
        if self.board.zoomed == HISTORY:
            self.query_one(HistoryPanel).focus()

    def show_history(self, at: float) -> None:
        """Enlarge the history with its cursor at a moment."""
        if self.board.zoomed != HISTORY:
            self.action_history()
        for history in self.query(HistoryPanel):
            history.show_moment(at)

    async def action_groups(self) -> None:
        """Show the model groups of the proxy, each with its servers."""
        from stormdeck.ui.screens.model_groups import GroupsScreen

        if self.panel.deck.proxy is None or not self.panel.deck.discovery.routes.groups:
            self.notify("No model groups are known: name the proxy's YAML with --litellm-config FILE.")
            return
        await self.app.push_screen(GroupsScreen(self.panel.deck))

    async def action_restart(self) -> None:
        """Ask whether to restart the server of the focused panel, or else the one that the verdict blames."""
        from stormdeck.model.restart import hop_to_restart, restart_of
        from stormdeck.ui.screens.restart import RestartScreen

        panel = self.panel
        if why := self._why_nothing_restarts():
            self.notify(why)
            return
        chosen = self.board.zoomed or self._focused_panel(self.board.steps())
        hop = _HOPS.get(chosen) or hop_to_restart(panel.deck, panel.verdict)
        restart = restart_of(panel.deck, hop) if isinstance(hop, HopKind) else hop
        if isinstance(restart, str):
            self.notify(clean(restart), timeout=10, markup=False)
        elif panel.feed is not None and panel.feed.restart is not None:
            await self.app.push_screen(RestartScreen(restart, panel.feed.restart))

    def _why_nothing_restarts(self) -> str:
        """Return why this panel restarts no server; empty if it may."""
        if self.panel.deck.replay is not None:
            return "This is a replay: no server is restarted."
        if self.panel.demo:
            return "The servers of the demo are a part of it: quit and start it again."
        if self.panel.feed is None:
            return self.panel.NO_SETTINGS
        return self.panel.read_only

    def action_copy(self) -> None:
        """Copy the verdict."""
        verdict = self.panel.verdict
        parts = (verdict.headline, verdict.detail, verdict.code)
        self.copy("\n".join(part for part in parts if part), "the verdict")

    def on_click(self, event: events.Click) -> None:
        """Zoom the clicked panel, or unzoom it, unless the user selects text."""
        if event.widget is None or self.get_selected_text():
            return
        steps = self.board.steps()
        name = next((node.id for node in event.widget.ancestors_with_self if node.id in steps), None)
        if name is not None:
            self.board.zoom("" if self.board.zoomed else name)

    def toggle_zoom(self, name: str) -> None:
        """Zoom a panel, or unzoom it if it is zoomed."""
        if name in self.panel.preferences.boxes:
            self.board.zoom("" if self.board.zoomed == name else name)

    def action_zoom(self) -> None:
        """Zoom the focused panel, or the first one, or unzoom."""
        steps = self.board.steps()
        if self.board.zoomed:
            self.board.zoom("")
        elif steps:
            name = self._focused_panel(steps) or steps[0]
            self.board.get_child_by_id(name).focus()
            self.board.zoom(name)

    def action_unzoom(self) -> None:
        """Unzoom the panel, or else remove the focus."""
        if self.board.zoomed:
            self.board.zoom("")
        else:
            self.set_focus(None)

    def action_next_panel(self, step: int) -> None:
        """Focus the next or previous panel; if one is zoomed, zoom that one instead."""
        steps = self.board.steps()
        if not steps:
            return
        chosen = self._focused_panel(steps)
        at = steps.index(chosen) + step if chosen else 0 if step > 0 else -1
        name = steps[at % len(steps)]
        if self.board.zoomed:
            self.board.zoom(name)
        self.board.get_child_by_id(name).focus()

    def _focused_panel(self, steps: list[str]) -> str:
        """Return the focused panel, or an empty text."""
        return self.focused.id if self.focused is not None and self.focused.id in steps and self.focused.id else ""

    def take_lines(self) -> None:
        """Show new log lines."""
        for log in self.query(LogPanel):
            log.grow()
