"""The checks: every finding by hop, explained; what was found on this machine, and what was not."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Input

from stormdeck.model.finding import Finding
from stormdeck.ui.actions import bindings
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.check_detail import CheckDetail
from stormdeck.ui.widgets.check_list import CheckList

LOOK_BACK = 5000
"""Lines of each log in which a message is looked for."""


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
        field = Input(
            placeholder="paste what Claude Code says; enter decodes it, esc closes", id="message", compact=True
        )
        field.cursor_blink = False
        yield field

    @on(CheckList.Chosen)
    def _explain(self, message: CheckList.Chosen) -> None:
        self.query_one(CheckDetail).show(message.item)
        self.query_one("#checks-detail").scroll_home(animate=False)

    def action_filter(self) -> None:
        """Show problems only, or all."""
        checks = self.query_one(CheckList)
        checks.problems_only = not checks.problems_only
        checks.fill()

    async def action_canary(self) -> None:
        """Show what a canary would send."""
        await self.panel.show_canary()

    def action_decode(self) -> None:
        """Open the field for a message of the client."""
        field = self.query_one("#message", Input)
        field.add_class("-open")
        field.value = ""
        field.focus()

    def action_close(self) -> None:
        """Close the field."""
        self.query_one("#message", Input).remove_class("-open")
        self.query_one(CheckList).focus()

    @on(Input.Submitted, "#message")
    async def _decode(self, event: Input.Submitted) -> None:
        from stormdeck.model.symptoms.decode import decode, near
        from stormdeck.model.symptoms.traces import traces
        from stormdeck.ui.screens.symptom import SymptomScreen

        self.action_close()
        if event.value.strip():
            seen = traces(self.panel.book.ends(LOOK_BACK))
            causes = decode(event.value, self.panel.deck, seen)
            await self.app.push_screen(SymptomScreen(event.value, causes, near(event.value)))

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
