"""The dialog that chooses which panels the overview shows. Each choice is seen at once."""

from __future__ import annotations

from dataclasses import replace

from textual.content import Content
from textual.geometry import Region

from stormdeck.model.overview_layout import PANELS, LayoutPreferences
from stormdeck.model.panel_choices import PRESETS, preset_of, toggled
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import clickable, line, lines, marked
from stormdeck.ui.screens.dialog import Dialog, Room
from stormdeck.ui.widgets.overview.board import Board

_SHOWS = {
    "everything": "all panels",
    "requests": "requests and storms, with the log",
    "servers": "servers and GPUs, with their history",
    "log": "the verdict over the log",
}
_CONTENT = {
    "verdict": "what is wrong, and what to do",
    "requests": "requests by time, and today's usage",
    "in-flight": "requests that run now, while a recorder runs",
    "storms": "turns that were retried",
    "servers": "vLLM and the proxy",
    "gpus": "load, memory and power",
    "history": "the last hours, where there is room",
    "log": "the newest lines",
}
_COMPACT = "compact"
_NAME = 12
_FIRST_PANEL = len(PRESETS)


class LayoutScreen(Dialog[None]):
    """Rows of layouts, then of panels, then the density."""

    BINDINGS = bindings("layout")
    AUTO_FOCUS = ""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self._board = board
        self._rows = (*PRESETS, *PANELS, _COMPACT)
        self._at = 0
        self._note = ""

    def words(self, width: int) -> Content:
        """Return the rows, and why the choice is not kept, if it is not."""
        chosen = self.panel.preferences
        rows = [line(("LAYOUT", "$quiet bold"))]
        for at, name in enumerate(self._rows):
            if at == _FIRST_PANEL:
                rows += [line(("PANELS", "$quiet bold"))]
            rows.append(self._row(at, name, chosen, width))
        note = [line((self._note, "$warning"))] if self._note else []
        return lines([*rows, *(part for one in note for part in one.wrap(width))])

    def hints(self) -> tuple[Content, ...]:
        """Return the two keys."""
        return self.hint("layout.choose", "choose, show or hide"), self.hint("layout.close")

    def action_move(self, step: int) -> None:
        """Select the row above or below, round the end."""
        self._at = (self._at + step) % len(self._rows)
        self.draw()
        place = 0 if not self._at else self._at + 1 + (self._at >= _FIRST_PANEL)
        self.query_one(Room).scroll_to_region(Region(0, place, 1, 1), animate=False)

    def action_choose(self, at: int = -1) -> None:
        """Use the selected layout, or show or hide the selected panel, or those of the row that was clicked."""
        self._at = at if at >= 0 else self._at
        before = self.panel.preferences
        self._note = ""
        if self._at < _FIRST_PANEL:
            chosen = replace(before, panels=PRESETS[self._rows[self._at]])
        elif self._rows[self._at] == _COMPACT:
            chosen = replace(before, compact=not before.compact)
        else:
            chosen = replace(before, panels=toggled(before.panels, self._rows[self._at]))
        if chosen == before and self._at >= _FIRST_PANEL:
            self._note = "One panel stays."
        else:
            self._note = self.panel.choose_layout(chosen) or self._note
            self._board.use(chosen)
        self.draw()

    def _row(self, at: int, name: str, chosen: LayoutPreferences, width: int) -> Content:
        if at < _FIRST_PANEL:
            sign, words = "(x)" if preset_of(chosen.panels) == name else "( )", _SHOWS[name]
        else:
            shown = chosen.compact if name == _COMPACT else name in chosen.panels
            sign, words = "[x]" if shown else "[ ]", _CONTENT.get(name, "no blank rows between panels")
        head = line("  ", (f"{sign} ", "$accent"), f"{name:<{_NAME}}")
        row = line(head, (words if head.cell_length + len(words) <= width else "", "$quiet"))
        return clickable(marked(row, width, focused=True) if at == self._at else row, f"screen.choose({at})")
