"""The page of a rule, from the palette: what it looks at, what happens, what to change."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.rules.pages import page_lines
from stormdeck.model.rules.registry import page_of
from stormdeck.model.text import clean
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import light, line, lines
from stormdeck.ui.screens.dialog import Dialog


class PageScreen(Dialog[None]):
    """For reading; first of all whether the rule has something to say here."""

    BINDINGS = bindings("page")

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def words(self, width: int) -> Content:
        """Return what the rule finds, then its page."""
        return lines([*self._found(width), *self._page(width)])

    def hints(self) -> tuple[Content, ...]:
        """Return what can be done with it."""
        return self.hint("page.close"), self.hint("page.copy")

    def action_copy(self) -> None:
        """Copy the page."""
        page = page_of(self._code)
        self.app.copy_to_clipboard("\n".join(page_lines(page)) if page is not None else self._code)
        self.notify(f"Copied the page of {self._code}.", timeout=2)

    def _found(self, width: int) -> list[Content]:
        """Return what the rule finds now."""
        found = [finding for finding in self.panel.deck.findings if finding.code == self._code]
        if not found:
            return [line(("Finds nothing here now.", "$quiet")), line()]
        rows = []
        for finding in found:
            first, *more = Content(clean(f"{finding.severity.value}: {finding.message}")).wrap(max(1, width - 2))
            rows += [line(light(finding.severity.light), " ", first), *(line("  ", row) for row in more)]
        return [*rows, line()]

    def _page(self, width: int) -> list[Content]:
        page = page_of(self._code)
        title, *rest = page_lines(page, width) if page is not None else (f"There is no rule {self._code}.",)
        return [line((title, "bold")), *(line((text, "$quiet" if text.startswith(" ") else "bold")) for text in rest)]
