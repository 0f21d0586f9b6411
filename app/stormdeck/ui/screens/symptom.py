"""A message of the client decoded: what causes it, and what of that is found here."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from stormdeck.model.light import Light
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.symptoms.cause import Cause, Standing
from stormdeck.model.text import clean
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import hanging, light, line, lines
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

    def hints(self) -> tuple[Content, ...]:
        """Return how it is closed."""
        return (self.hint("symptom.close"),)

    def words(self, width: int) -> Content:
        """Return the causes, the surest first."""
        rows = [
            *hanging(line(mask_text(clean(self._message))[:200]), width, line(("MESSAGE  ", "$quiet bold"))),
            line(),
        ]
        if not self._causes:
            rows.append(line(("No message that Claude Code is known to show. The nearest:", "$warning")))
            rows += [row for text in self._near for row in hanging(line(text), width, "  ")]
        for cause in self._causes:
            sign = LIGHTS[cause.standing]
            rows.append(line(light(sign), " ", (f"{cause.code}  ", "$accent"), (cause.title, "bold")))
            rows.append(line(f"  {cause.standing.value}", *((f" · {cause.hop.value}",) if cause.hop else ())))
            rows += [row for said in cause.evidence for row in hanging(line((said, "$quiet")), width, "  ")]
            rows += hanging(line((cause.change, "$success")), width, "  ") if cause.change else []
            rows.append(line())
        return lines(rows[:-1] if self._causes else rows)
