"""The overview: is all well, and if not, where and since when."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from stormdeck.ui.actions import bindings
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.gpus import GpuPanel
from stormdeck.ui.widgets.log_tail import LogTail
from stormdeck.ui.widgets.requests import RequestsPanel
from stormdeck.ui.widgets.servers import EnginePanel, ProxyPanel
from stormdeck.ui.widgets.storms import StormsPanel
from stormdeck.ui.widgets.tail_heading import TailHeading


class OverviewScreen(Area):
    """Two columns in a wide pane, one in a narrow one; the log takes what is left."""

    AREA = "overview"
    BINDINGS = bindings("overview")

    def body(self) -> ComposeResult:
        """Compose the panels."""
        clock = self.panel.clock
        with Container(id="columns"):
            with Vertical(id="left"):
                yield RequestsPanel(id="requests")
                yield StormsPanel(clock.minute, id="storms")
            with Vertical(id="right"):
                yield EnginePanel(id="engine")
                yield ProxyPanel(id="proxy")
                yield GpuPanel(id="gpu")
        yield TailHeading(id="tail-heading")
        yield LogTail(self.panel.book, clock.second, id="tail")

    @on(StormsPanel.Chosen)
    async def _show_storm(self, message: StormsPanel.Chosen) -> None:
        await self.panel.show_storm(message.storm)

    def take_lines(self) -> None:
        """Let the tail follow the log book."""
        self.query_one(LogTail).grow()

    def on_screen_resume(self) -> None:
        """Catch up with what came while another area was shown."""
        self.take_lines()
