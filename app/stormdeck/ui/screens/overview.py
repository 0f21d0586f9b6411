"""The overview: is all well, and if not, where and since when."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.widget import Widget

from stormdeck.model.deck import Deck
from stormdeck.ui.bindings import bindings
from stormdeck.ui.messages import GoTo, StormLines
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.logs.tail import LogPanel
from stormdeck.ui.widgets.overview.board import Board
from stormdeck.ui.widgets.overview.gpus import GpuPanel
from stormdeck.ui.widgets.overview.requests import RequestsPanel
from stormdeck.ui.widgets.overview.servers import EnginePanel, ProxyPanel
from stormdeck.ui.widgets.overview.storms import StormsPanel
from stormdeck.ui.widgets.verdict_bar import VerdictBar


class OverviewScreen(Area):
    """The panels that the user wants, arranged for the size; any of them can fill the pane."""

    AREA = "overview"
    BINDINGS = bindings("overview")

    def compose_top(self) -> ComposeResult:
        """Leave the verdict to the board."""
        yield from ()

    def body(self) -> ComposeResult:
        """Compose the panels in the order wanted, which is the order of ``tab`` too."""
        wish = self.panel.wish
        panels = [self._panel(name) for name in wish.boxes]
        for panel in panels:
            panel.can_focus = not isinstance(panel, VerdictBar)
        yield Board(*panels, wish=wish, id="board")

    def _panel(self, name: str) -> Widget:
        clock = self.panel.clock
        match name:
            case "verdict":
                return VerdictBar(id=name)
            case "requests":
                return RequestsPanel(id=name)
            case "storms":
                return StormsPanel(clock.minute, id=name)
            case "engine":
                return EnginePanel(id=name)
            case "proxy":
                return ProxyPanel(id=name)
            case "gpus":
                return GpuPanel(id=name)
            case _:
                return LogPanel(self.panel.book, clock.second, id=name)

    @property
    def board(self) -> Board:
        """Return the board."""
        return self.query_one(Board)

    def take_deck(self, deck: Deck) -> None:
        """Hand the deck to every panel, and make room for the GPUs there are."""
        super().take_deck(deck)
        self.board.count_gpus(len(deck.gpu.gpus))

    @on(StormsPanel.Chosen)
    def _show_storm(self, message: StormsPanel.Chosen) -> None:
        self.post_message(GoTo(StormLines(message.storm)))

    def action_copy(self) -> None:
        """Copy what the verdict says."""
        said = self.panel.verdict
        self.copy("\n".join(part for part in (said.headline, said.detail, said.code) if part), "the verdict")

    def on_click(self, event: events.Click) -> None:
        """Let the panel under the mouse fill the pane, or make it small again; marking text does neither."""
        if event.widget is None or self.get_selected_text():
            return
        steps = self.board.steps()
        name = next((node.id for node in event.widget.ancestors_with_self if node.id in steps), None)
        if name is not None:
            self.board.zoom("" if self.board.zoomed else name)

    def toggle_zoom(self, name: str) -> None:
        """Zoom a panel, or unzoom it if it is zoomed."""
        if name in self.panel.wish.boxes:
            self.board.zoom("" if self.board.zoomed == name else name)

    def action_zoom(self) -> None:
        """Let the panel with the focus fill the pane, the first one where none has it, or make it small again."""
        steps = self.board.steps()
        if self.board.zoomed:
            self.board.zoom("")
        elif steps:
            name = self._chosen(steps) or steps[0]
            self.board.get_child_by_id(name).focus()
            self.board.zoom(name)

    def action_unzoom(self) -> None:
        """Make a panel small again, else drop the focus."""
        if self.board.zoomed:
            self.board.zoom("")
        else:
            self.set_focus(None)

    def action_next_panel(self, step: int) -> None:
        """Move the focus over the panels; a zoomed one gives way to the next."""
        steps = self.board.steps()
        if not steps:
            return
        chosen = self._chosen(steps)
        at = steps.index(chosen) + step if chosen else 0 if step > 0 else -1
        name = steps[at % len(steps)]
        if self.board.zoomed:
            self.board.zoom(name)
        self.board.get_child_by_id(name).focus()

    def _chosen(self, steps: list[str]) -> str:
        """Return the panel that has the focus."""
        return self.focused.id if self.focused is not None and self.focused.id in steps and self.focused.id else ""

    def take_lines(self) -> None:
        """Let the tail follow the log book."""
        for log in self.query(LogPanel):
            log.grow()
