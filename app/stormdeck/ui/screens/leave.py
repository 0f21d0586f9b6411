"""The question before changes of the form are dropped."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.units import plural
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import line, lines
from stormdeck.ui.screens.dialog import Dialog


class LeaveScreen(Dialog[bool]):
    """Asked only while something is unsaved."""

    BINDINGS = bindings("leave")

    def __init__(self, unsaved: int) -> None:
        super().__init__()
        self._unsaved = unsaved

    def words(self, width: int) -> Content:
        """Return the question."""
        save = self.panel.action("settings.save").shown
        return lines(
            [
                line((f"{plural(self._unsaved, 'change')} in the form not saved.", "bold")),
                line((f"Stay and press {save} in Settings to see them as a diff.", "$quiet")),
            ]
        )

    def hints(self) -> tuple[Content, ...]:
        """Return the two answers."""
        return self.hint("leave.leave", "leave without them"), self.hint("leave.stay")
