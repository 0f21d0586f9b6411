"""The checks: every finding by hop, and what was found on this machine and what was not."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from stormdeck.ui.actions import bindings
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.findings import FindingsPanel
from stormdeck.ui.widgets.search_result import SearchResultPanel


class ChecksScreen(Area):
    """Findings first, then the machine."""

    AREA = "checks"
    AUTO_FOCUS = "#checks"
    BINDINGS = bindings("checks")

    def body(self) -> ComposeResult:
        """Compose the two lists."""
        with VerticalScroll(id="checks"):
            yield FindingsPanel(id="findings")
            yield SearchResultPanel(self.panel.home, id="search-result")
