"""The heading of the log view: which logs, and what of them is not seen."""

from __future__ import annotations

from textual.content import Content

from stormdeck.ui.rendering import line, sides
from stormdeck.ui.widgets.logs.tail import TailHeading


class LogHeading(TailHeading):
    """The names of the logs, and on the right what is hidden, scrolled or wrapped."""

    note = ""

    def show_note(self, note: str) -> None:
        """Show what of the lines is not seen."""
        if note != self.note:
            self.note = note
            self.refresh()

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the names of the logs and the note; on a narrow screen the note is more important."""
        room = width - len(self.note) - 2 if self.note else width
        first, *more = super().rows(max(1, room), height)
        return [sides(first, line((self.note, "$quiet")), width), *more] if self.note else [first, *more]
