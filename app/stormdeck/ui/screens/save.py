"""What a save would change, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from stormdeck.model.settings.diff import DiffKind, DiffLine
from stormdeck.model.text import clean
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import line, lines
from stormdeck.ui.screens.dialog import Dialog

STYLES = {DiffKind.CONTEXT: "$quiet", DiffKind.REMOVED: "$error", DiffKind.ADDED: "$success"}


class SaveScreen(Dialog[bool | None]):
    """Enter writes, escape does not; where the file changed outside, ``d`` drops one's own edits."""

    BINDINGS = bindings("save")

    def __init__(
        self, path: Path, lines: Sequence[DiffLine], *, notes: Sequence[str] = (), changed_outside: bool = False
    ) -> None:
        super().__init__()
        self._path = path
        self._lines = lines
        self._notes = notes
        self._changed_outside = changed_outside

    def compose(self) -> ComposeResult:
        """Compose the diff."""
        with VerticalScroll(id="save"):
            yield Static(self._text(), markup=False)

    def action_drop(self) -> None:
        """Drop one's own edits."""
        if self._changed_outside:
            self.dismiss(None)

    def _text(self) -> Content:
        rows = [line(("SAVE  ", "$quiet bold"), (str(self._path), "bold")), line()]
        rows += [diff_row(one) for one in self._lines]
        rows += [line(), *(line((clean(note), "$quiet")) for note in self._notes)] if self._notes else []
        if self._changed_outside:
            rows += [
                line(),
                line(("Somebody else changed the file meanwhile. These are your edits on top of it.", "$warning")),
            ]
            keys = (
                ("save.write", "write both"),
                ("save.drop", "drop mine, keep theirs"),
                ("save.back", "decide later"),
            )
            return lines([*rows, line(), self.hints(*(self.hint(action, words) for action, words in keys))])
        rows += [
            line(),
            line(("Only these lines change. A copy of the file is kept first.", "$quiet")),
            self.hints(self.hint("save.write"), self.hint("save.back", "back to the form")),
        ]
        return lines(rows)


def diff_row(one: DiffLine) -> Content:
    """Return a line of a diff with its number and its sign."""
    number = one.new if one.kind is DiffKind.ADDED else one.old
    return line((f"{number:>4} ", "$faint"), (f"{one.kind.value} {clean(one.text)}", STYLES[one.kind]))
