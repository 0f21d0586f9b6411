"""What a save would change, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.content import Content

from stormdeck.model.settings.diff import DiffKind, DiffLine
from stormdeck.model.text import clean
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import hanging, line, lines
from stormdeck.ui.screens.dialog import Dialog

ON_TOP = "Somebody else changed the file meanwhile. These are your edits on top of it."
THESE_ALONE = "Only these lines change. A copy of the file is kept first."
YOUR_CHOICE = (
    "It changes who pays, where prompts go, or what another host receives. Nothing is written before you save."
)
STYLES = {DiffKind.CONTEXT: "$quiet", DiffKind.REMOVED: "$error", DiffKind.ADDED: "$success"}


class SaveScreen(Dialog[bool | None]):
    """Enter writes, escape does not; where the file changed outside, ``d`` drops one's own edits."""

    BINDINGS = bindings("save")
    HEADLINE = "SAVE  "

    def __init__(
        self, path: Path, lines: Sequence[DiffLine], *, notes: Sequence[str] = (), changed_outside: bool = False
    ) -> None:
        super().__init__()
        self._path = path
        self._lines = lines
        self._notes = notes
        self._changed_outside = changed_outside

    def words(self, width: int) -> Content:
        """Return the file, the diff, and what happens to the rest."""
        rows = [*line((self.HEADLINE, "$quiet bold"), (str(self._path), "bold")).wrap(width), line()]
        rows += [row for one in self._lines for row in diff_rows(one, width)]
        notes = [row for note in self._notes for row in line((note, "$quiet")).wrap(width)]
        rows += [line(), *notes] if notes else []
        return lines([*rows, line(), line(self.closing())])

    def closing(self) -> tuple[str, str]:
        """Return the sentence below the diff, and its style."""
        return (ON_TOP, "$warning") if self._changed_outside else (THESE_ALONE, "$quiet")

    def hints(self) -> tuple[Content, ...]:
        """Return the ways out: two, and one more where somebody else changed the file."""
        if not self._changed_outside:
            return self.hint("save.write"), self.hint("save.back", "back to the form")
        return (
            self.hint("save.write", "write both"),
            self.hint("save.drop", "drop mine, keep theirs"),
            self.hint("save.back", "decide later"),
        )

    def action_drop(self) -> None:
        """Drop one's own edits."""
        if self._changed_outside:
            self.dismiss(None)


class TakeScreen(SaveScreen):
    """What a fix would change that is not made without asking: enter takes it into the draft, escape does not."""

    HEADLINE = "FIX  "

    def closing(self) -> tuple[str, str]:
        """Return what such a fix does."""
        return YOUR_CHOICE, "$warning"

    def hints(self) -> tuple[Content, ...]:
        """Return the two ways out."""
        return self.hint("save.write", "take it"), self.hint("save.back", "back to the form")


def diff_rows(one: DiffLine, width: int) -> list[Content]:
    """Return a line of a diff with its number and its sign; what does not fit goes on under its text."""
    number = one.new if one.kind is DiffKind.ADDED else one.old
    head = line((f"{number:>4} ", "$faint"), (f"{one.kind.value} ", STYLES[one.kind]))
    return hanging(Content.styled(clean(one.text), STYLES[one.kind]), width, head)
