"""The checks area: all findings, explained, and what was found on this machine."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Input

from stormdeck.model.finding import Finding
from stormdeck.paths import STYLES
from stormdeck.ui.bindings import bindings
from stormdeck.ui.copying import of_item
from stormdeck.ui.messages import CanaryPlan, FixInForm, GoTo
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.bottom_input import BottomField
from stormdeck.ui.widgets.checks.detail import CheckDetail
from stormdeck.ui.widgets.checks.list import CheckList, is_problem, search_text

LOOK_BACK = 5000
"""How many of the last lines of each log are searched for an error message."""


class KeylessScroll(VerticalScroll, inherit_bindings=False):
    """A scrolling part without keys of its own: home and end belong to the list in it."""


class ChecksScreen(Area):
    """The list, and the explanation of its selected row."""

    AREA = "checks"
    CSS_PATH = STYLES / "checks.tcss"
    AUTO_FOCUS = "#findings"
    BINDINGS = bindings("checks")

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ""
        """The text that was searched for last."""

    def body(self) -> ComposeResult:
        """Compose the list and the explanation."""
        with Container(id="checks"):
            with KeylessScroll(id="checks-list", can_focus=False):
                yield CheckList(id="findings")
            with KeylessScroll(id="checks-detail", can_focus=False):
                yield CheckDetail(self.panel.action("checks.fix").shown, id="explanation")
        yield BottomField("message of Claude Code; enter decodes", id="message")
        yield BottomField("code or words; enter finds, n next", id="search")

    @on(CheckList.Chosen)
    def _explain(self, message: CheckList.Chosen) -> None:
        self.query_one(CheckDetail).show(message.item)
        self.query_one("#checks-detail").scroll_home(animate=False)

    def go_to(self, finding: Finding) -> None:
        """Select the row of a finding."""
        self.query_one(CheckList).go_to_next(lambda item: item == finding, 1)

    def action_filter(self) -> None:
        """Show only problems, or all rows."""
        checks = self.query_one(CheckList)
        checks.problems_only = not checks.problems_only
        checks.fill()

    def action_canary(self) -> None:
        """Show what a canary would send."""
        self.post_message(GoTo(CanaryPlan()))

    def action_decode(self) -> None:
        """Open the field for an error message; its last text is kept."""
        self._open("#message")

    def action_find(self) -> None:
        """Open the search."""
        self._open("#search")

    def _open(self, name: str) -> None:
        self.action_close()
        self.query_one(name, BottomField).open()

    def action_close(self) -> None:
        """Close the open field; its text is kept."""
        for field in self.query(BottomField):
            field.close()
        self.query_one(CheckList).focus()

    @on(Input.Submitted, "#search")
    def _on_search(self, event: Input.Submitted) -> None:
        self._wanted = event.value.casefold().strip()
        self.action_close()
        if self._wanted:
            self.action_next(1)

    def action_next(self, step: int) -> None:
        """Select the next or previous match of the search; without a search, a problem."""
        wanted = self._wanted
        matches = (lambda item: wanted in search_text(item)) if wanted else is_problem
        if not self.query_one(CheckList).go_to_next(matches, step):
            self.notify("No row with these words." if wanted else "No problem found.")

    def action_edge(self, index: int) -> None:
        """Select the first row or the last."""
        self.query_one(CheckList).go_to_edge(index)

    def action_copy(self) -> None:
        """Copy the selected row."""
        self.copy(*of_item(self.query_one(CheckList).current))

    @on(Input.Submitted, "#message")
    async def _on_decode(self, event: Input.Submitted) -> None:
        from stormdeck.model.symptoms.decode import decode, matched_messages, near
        from stormdeck.model.symptoms.log_traces import last_failures, traces
        from stormdeck.ui.screens.pages import SymptomScreen

        self.action_close()
        event.input.clear()
        if event.value.strip():
            ends = self.panel.book.ends(LOOK_BACK)
            causes = decode(event.value, self.panel.deck, traces(ends))
            known = bool(matched_messages(event.value))
            failures = last_failures(ends, event.value)
            await self.app.push_screen(
                SymptomScreen(event.value, causes, near(event.value), known=known, failures=failures)
            )

    async def action_yaml(self) -> None:
        """Show LiteLLM's YAML with the findings beside its lines."""
        from stormdeck.ui.screens.pages import of_proxy

        config = self.panel.deck.proxy_config
        if config is None:
            self.notify("LiteLLM's YAML was not found: name it with --litellm-config FILE.")
            return
        await self.app.push_screen(of_proxy(config, self.panel.deck.findings, self.panel.deck.settings))

    def action_page(self, step: int) -> None:
        """Scroll the explanation."""
        detail = self.query_one("#checks-detail")
        (detail.scroll_page_down if step > 0 else detail.scroll_page_up)(animate=False)

    def action_fix(self) -> None:
        """Apply the fix of the finding in the form, where it can be saved."""
        item = self.query_one(CheckList).current
        if not isinstance(item, Finding) or item.fix is None:
            self.notify("stormdeck cannot fix this; the explanation says what to change.")
            return
        self.post_message(GoTo(FixInForm(item)))
