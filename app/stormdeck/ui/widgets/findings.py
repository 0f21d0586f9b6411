"""All findings, worst first, with what happens and the fix."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding
from stormdeck.ui.draw import light, line
from stormdeck.ui.widgets.panel import Panel

INDENT = 2


class FindingsPanel(Panel):
    """As high as its text."""

    def part(self, deck: Deck) -> object:
        """Return the findings and the state of the files."""
        return deck.findings, deck.settings.files

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Lay out again: another number of findings is another height."""
        if self.part(old) != self.part(new):
            self.refresh(layout=True)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of lines at a width."""
        return len(self.rows(width, 0))

    def rows(self, width: int, height: int) -> list[Content]:
        """Return every finding with its message and its fix."""
        rows = [self.heading("SETTINGS"), line()]
        for file in self.deck.settings.files:
            if file.error is not None:
                place = f" line {file.error.line}, column {file.error.column}" if file.error.line else ""
                rows += _wrapped(f"✖ {file.path}{place}: {file.error.message}", "$error", width)
                rows += _wrapped("The client drops the whole file. It is not touched here.", "$quiet", width, INDENT)
        if not self.deck.findings and not any(file.error for file in self.deck.settings.files):
            present = any(file.exists for file in self.deck.settings.files)
            words = "Nothing to say against them." if present else "No settings file yet. Press 3 to write one."
            rows.append(line((words, "$quiet")))
        for finding in self.deck.findings:
            rows += _finding(finding, width)
        return [*rows, line()]


def _finding(finding: Finding, width: int) -> list[Content]:
    name = finding.path.removeprefix("env.")
    rows = [
        line(light(finding.severity.light), " ", (finding.code, "$accent"), "  ", (name, "bold"), f" {finding.title}")
    ]
    rows += _wrapped(finding.message, "$quiet", width, INDENT)
    if finding.fix:
        rows += _wrapped(f"fix: {finding.fix.description}", "$success", width, INDENT)
    return [*rows, line()]


def _wrapped(text: str, style: str, width: int, indent: int = 0) -> list[Content]:
    pieces = Content.styled(text, style).wrap(max(1, width - indent))
    return [Content.assemble(" " * indent, piece) for piece in pieces]
