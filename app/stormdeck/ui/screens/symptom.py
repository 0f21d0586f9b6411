"""A message of the client decoded: what causes it, and what of that is found here."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from stormdeck.model.light import Light
from stormdeck.model.symptoms.cause import Cause, Standing
from stormdeck.model.text import clean
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import light, line, lines
from stormdeck.ui.screens.dialog import Dialog

LIGHTS = {Standing.FOUND: Light.BROKEN, Standing.POSSIBLE: Light.LOOK, Standing.UNLIKELY: Light.UNKNOWN}


class SymptomScreen(Dialog[None]):
    """For reading."""

    BINDINGS = bindings("symptom")

    def __init__(self, message: str, causes: Sequence[Cause], near: Sequence[str]) -> None:
        super().__init__()
        self._message = message
        self._causes = causes
        self._near = near

    def compose(self) -> ComposeResult:
        """Compose the causes, the surest first."""
        with VerticalScroll(id="symptom"):
            yield Static(self._text(), markup=False)

    def _text(self) -> Content:
        rows = [line(("MESSAGE  ", "$quiet bold"), clean(self._message)[:200]), line()]
        if not self._causes:
            rows.append(line(("No message that Claude Code is known to show. The nearest:", "$warning")))
            rows += [line(f"  {clean(text)}") for text in self._near]
        for cause in self._causes:
            sign = LIGHTS[cause.standing]
            rows.append(line(light(sign), " ", (f"{cause.code}  ", "$accent"), (cause.title, "bold")))
            rows.append(line(f"  {cause.standing.value}", *((f" · {cause.hop.value}",) if cause.hop else ())))
            rows += [line("  ", (clean(said), "$quiet")) for said in cause.evidence]
            rows += [line("  ", (clean(cause.change), "$success"))] if cause.change else []
            rows.append(line())
        return lines([*rows, self.hint("symptom.close")])
