"""The checks: every finding by hop, explained; what was found on this machine, and what was not."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll

from stormdeck.model.finding import Finding
from stormdeck.ui.actions import bindings
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.check_detail import CheckDetail
from stormdeck.ui.widgets.check_list import CheckList


class ChecksScreen(Area):
    """The list, and the explanation of the row that the cursor stands on."""

    AREA = "checks"
    AUTO_FOCUS = "#findings"
    BINDINGS = bindings("checks")

    def body(self) -> ComposeResult:
        """Compose the list and the explanation."""
        with Container(id="checks"):
            with VerticalScroll(id="checks-list", can_focus=False):
                yield CheckList(id="findings")
            with VerticalScroll(id="checks-detail", can_focus=False):
                yield CheckDetail(id="explanation")

    @on(CheckList.Chosen)
    def _explain(self, message: CheckList.Chosen) -> None:
        self.query_one(CheckDetail).show(message.item)
        self.query_one("#checks-detail").scroll_home(animate=False)

    def action_filter(self) -> None:
        """Show problems only, or all."""
        checks = self.query_one(CheckList)
        checks.problems_only = not checks.problems_only
        checks.fill()

    async def action_yaml(self) -> None:
        """Show LiteLLM's YAML with the findings beside its lines."""
        from stormdeck.ui.screens.raw import of_proxy

        config = self.panel.deck.proxy_config
        if config is None:
            self.notify("LiteLLM's YAML is not known: name it with --litellm-config FILE.")
            return
        await self.app.push_screen(of_proxy(config, self.panel.deck.findings))

    def action_page(self, step: int) -> None:
        """Scroll the explanation."""
        detail = self.query_one("#checks-detail")
        (detail.scroll_page_down if step > 0 else detail.scroll_page_up)(animate=False)

    async def action_fix(self) -> None:
        """Take the fix of the finding to the form, where it is saved after its diff."""
        item = self.query_one(CheckList).current
        if not isinstance(item, Finding) or item.fix is None:
            self.notify("No fix that stormdeck can make; the explanation says what to change.")
            return
        await self.panel.take_to_form(item)
