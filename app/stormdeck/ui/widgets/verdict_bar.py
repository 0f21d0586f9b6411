"""The verdict: what is wrong, and what to do."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.visual import VisualType
from textual.widget import Widget

from stormdeck.model.keys.actions import AREAS
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.verdict.hints import in_area
from stormdeck.model.verdict.statement import LOOKING, Statement
from stormdeck.ui.rendering import HEALTH_STYLES, health_sign, line, lines, sentences

PART = " · "
BRIEF_WIDTH = 60
"""Columns below which the brief headline is shown, if there is one."""


class VerdictBar(Widget):
    """The headline, wrapped, and as many whole sentences of the detail as fit."""

    verdict: reactive[Statement] = reactive(LOOKING)

    async def on_click(self) -> None:
        """Show the cause, unless the user selects text."""
        if not self.screen.get_selected_text():
            self.app.call_later(self.run_action, "app.cause")

    def render(self) -> VisualType:
        """Draw the headline in the colour of its health, and the detail below it."""
        width, height = self.content_size
        verdict = self.verdict
        if width < 8 or not verdict.headline:
            return ""
        style = "" if verdict.health is Health.OK else f"{HEALTH_STYLES[verdict.health]} bold"
        here = self._area_number()
        text = in_area(verdict.brief, here) if verdict.brief and width < BRIEF_WIDTH else verdict.headline
        head = [Content.styled(row, style) for row in packed(text, width - 2)]
        code = f"   {verdict.code}" if verdict.code else ""
        if code and head[-1].cell_length + len(code) <= width - 2:
            head[-1] = Content.assemble(head[-1], (code, "$accent"))
        rows = [*head, *sentences(in_area(verdict.detail, here), width - 2, height - len(head))][:height]
        first, *rest = rows
        return lines([line(health_sign(verdict.health), " ", first), *(line("  ", row) for row in rest)])

    def _area_number(self) -> int:
        """Return the number of the shown area, or 0."""
        area = getattr(self.screen, "AREA", "")
        return next((number for number, (name, _) in enumerate(AREAS, 1) if name == area), 0)


def packed(text: str, width: int) -> list[str]:
    """Wrap a headline between its parts (``·``), and inside a part only if that is too long for a line."""
    rows: list[str] = []
    for paragraph in map(clean, text.split("\n")):
        row = ""
        for part in paragraph.split(PART):
            longer = f"{row}{PART}{part}" if row else part
            if row and cell_len(longer) > width:
                rows.append(row)
                longer = part
            row = longer
        rows.append(row)
    return [piece.plain for row in rows for piece in Content(row).wrap(max(1, width))]
