"""What a save would change, before it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from stormdeck.model.editing.diff import DiffKind, DiffLine, diff
from stormdeck.model.editing.draft import pickup_message
from stormdeck.model.json_edit.repair import repair
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.text import clean
from stormdeck.model.units import plural
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import hanging, line, lines
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.dialog import Dialog

if TYPE_CHECKING:
    from stormdeck.ui.screens.settings import SettingsScreen


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


async def propose_repair(area: Area, file: SettingsFile | None) -> bool:
    """Show a repaired text of a file that the client drops; say whether there is one."""
    proposed = repair(file.text) if file is not None and file.error is not None and file.writable else None
    if file is None or proposed is None:
        return False

    async def write(accepted: bool | None) -> None:
        refused = await area.panel.save(file, proposed.text) if accepted else ""
        if refused:
            area.notify(refused, title="Not saved", severity="error", timeout=12, markup=False)

    await area.app.push_screen(
        SaveScreen(file.path, diff(file.text, proposed.text), notes=(*proposed.notes, *file.caveats)), write
    )
    return True


class Saving:
    """Writes the draft that the form shows, once its diff is accepted."""

    def __init__(self, form: SettingsScreen) -> None:
        self._form = form
        self._refused_on = ""
        """The digest of the file on which a save was refused, until it is known as it is now."""

    async def ask(self) -> None:
        """Show what a save would change, and write it when that is accepted."""
        await self._show_diff(self._write)

    def look_again(self) -> None:
        """Ask anew where a save was refused and the file is known as it is now."""
        file = self._form.draft.file
        if self._refused_on and file is not None and file.digest != self._refused_on:
            self._refused_on = ""
            if self._form.draft.editable and self._form.draft.changed:
                self._form.call_later(self._show_diff, self._settle, changed_outside=True)

    async def _show_diff(
        self, then: Callable[[bool | None], Awaitable[None]], *, changed_outside: bool = False
    ) -> None:
        draft = self._form.draft
        if draft.file is not None:
            file = draft.file
            dialog = SaveScreen(file.path, draft.diff(), notes=file.caveats, changed_outside=changed_outside)
            await self._form.app.push_screen(dialog, then)

    async def _write(self, accepted: bool | None) -> None:
        form, file = self._form, self._form.draft.file
        if not accepted or file is None:
            return
        refused = await form.panel.save(file, form.draft.text())
        if not refused:
            form.notify(pickup_message(form.draft), title=f"Saved {file.path.name}", timeout=10, markup=False)
            form.draft = replace(form.draft, edits=(), undone=())
            return
        form.notify(refused, title="Not saved", severity="error", timeout=12, markup=False)
        self._refused_on = file.digest

    async def _settle(self, accepted: bool | None) -> None:
        """Settle what was changed on both sides: mine on top of theirs, or theirs alone."""
        if accepted is None:
            self._form.change(replace(self._form.draft, edits=(), undone=()))
        else:
            await self._write(accepted)
