"""The verdict: one sentence in plain words, and what to do."""

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
from stormdeck.ui.rendering import LIGHT_STYLES, light, line, lines, sentences

PART = " · "
BRIEF_WIDTH = 60
"""Below it the brief headline is taken where there is one."""


class VerdictBar(Widget):
    """Headline and detail; the headline wraps, the detail takes what is left."""

    verdict: reactive[Statement] = reactive(LOOKING)

    async def on_click(self) -> None:
        """Show what it speaks of; marking its text does not."""
        if not self.screen.get_selected_text():
            self.app.call_later(self.run_action, "app.cause")

    def render(self) -> VisualType:
        """Draw the headline in the colour of its light, the detail quiet below it."""
        width, height = self.content_size
        said = self.verdict
        if width < 8 or not said.headline:
            return ""
        style = "" if said.light is Health.OK else f"{LIGHT_STYLES[said.light]} bold"
        here = self._area_number()
        text = in_area(said.brief, here) if said.brief and width < BRIEF_WIDTH else said.headline
        head = [Content.styled(row, style) for row in packed(text, width - 2)]
        code = f"   {said.code}" if said.code else ""
        if code and head[-1].cell_length + len(code) <= width - 2:
            head[-1] = Content.assemble(head[-1], (code, "$accent"))
        rows = [*head, *sentences(in_area(said.detail, here), width - 2, height - len(head))][:height]
        first, *rest = rows
        return lines([line(light(said.light), " ", first), *(line("  ", row) for row in rest)])

    def _area_number(self) -> int:
        """Return the number of the area that is shown; 0 for none of them."""
        area = getattr(self.screen, "AREA", "")
        return next((number for number, (name, _) in enumerate(AREAS, 1) if name == area), 0)


def packed(text: str, width: int) -> list[str]:
    """Return a headline in lines that break between its parts, and inside a part only where it is too long itself."""
    rows: list[str] = []
    for said in map(clean, text.split("\n")):
        row = ""
        for part in said.split(PART):
            longer = f"{row}{PART}{part}" if row else part
            if row and cell_len(longer) > width:
                rows.append(row)
                longer = part
            row = longer
        rows.append(row)
    return [piece.plain for row in rows for piece in Content(row).wrap(max(1, width))]
