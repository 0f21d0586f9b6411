"""Dialogs that show a change as a diff before it is made, and the steps of saving a draft."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from textual.content import Content

from stormdeck.model.editing.diff import DiffLine, diff
from stormdeck.model.editing.draft import Draft, pickup_message
from stormdeck.model.finding import Finding
from stormdeck.model.json_edit.repair import repair
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.text import clean
from stormdeck.model.units import plural
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import hanging, health_sign, line, lines
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.dialog import Dialog
from stormdeck.ui.widgets.diff_lines import diff_rows

CHANGED_OUTSIDE = "Another program changed the file meanwhile. These are your edits on top of its changes."
ONLY_THESE_LINES = "Only these lines change. A copy of the file is kept first."
NEW_FINDINGS = "New with this edit:"
UNSAFE_FIX = (
    "This changes who pays, where prompts go, or what another host receives. Nothing is written before you save."
)


class SaveScreen(Dialog[bool | None]):
    """Show a diff: enter writes it, escape cancels.

    If the file was changed outside, ``d`` drops the user's own edits; the dialog returns ``None`` then.
    """

    BINDINGS = bindings("save")
    HEADLINE = "SAVE  "

    def __init__(
        self,
        path: Path,
        lines: Sequence[DiffLine],
        *,
        notes: Sequence[str] = (),
        findings: Sequence[Finding] = (),
        changed_outside: bool = False,
    ) -> None:
        super().__init__()
        self._findings = findings
        self._path = path
        self._lines = lines
        self._notes = notes
        self._changed_outside = changed_outside

    def words(self, width: int) -> Content:
        """Return the file, its diff, new findings, notes, and what happens to the rest of the file."""
        rows = [*line((self.HEADLINE, "$quiet bold"), (str(self._path), "bold")).wrap(width), line()]
        rows += [row for one in self._lines for row in diff_rows(one, width)]
        found = [row for one in self._findings for row in _finding(one, width)]
        rows += [line(), line((NEW_FINDINGS, "$quiet bold")), *found] if found else []
        notes = [row for note in self._notes for row in line((note, "$quiet")).wrap(width)]
        rows += [line(), *notes] if notes else []
        return lines([*rows, line(), line(self.closing())])

    def closing(self) -> tuple[str, str]:
        """Return the sentence below the diff and its style."""
        return (CHANGED_OUTSIDE, "$warning") if self._changed_outside else (ONLY_THESE_LINES, "$quiet")

    def hints(self) -> tuple[Content, ...]:
        """Return the keys: two, and a third one if the file was changed outside."""
        if not self._changed_outside:
            return self.hint("save.write"), self.hint("save.back", "back to the form")
        return (
            self.hint("save.write", "write both"),
            self.hint("save.drop", "drop mine, keep theirs"),
            self.hint("save.back", "decide later"),
        )

    def action_drop(self) -> None:
        """Drop the user's own edits."""
        if self._changed_outside:
            self.dismiss(None)


def _finding(one: Finding, width: int) -> list[Content]:
    """Return a finding: its sign, code and message."""
    text = Content.assemble((f"{one.code}  ", "bold"), (clean(one.message), "$quiet"))
    return hanging(text, width, line(health_sign(one.severity.health), " "))


class FixScreen(SaveScreen):
    """Show what a fix that is not safe would change; enter applies it to the draft, escape cancels."""

    HEADLINE = "FIX  "

    def closing(self) -> tuple[str, str]:
        """Return what such a fix may affect."""
        return UNSAFE_FIX, "$warning"

    def hints(self) -> tuple[Content, ...]:
        """Return the two keys."""
        return self.hint("save.write", "apply it"), self.hint("save.back", "back to the form")


class LeaveScreen(Dialog[bool]):
    """Ask before unsaved changes are lost."""

    BINDINGS = bindings("leave")

    def __init__(self, unsaved: int) -> None:
        super().__init__()
        self._unsaved = unsaved

    def words(self, width: int) -> Content:
        """Return the question."""
        save = self.panel.action("settings.save").shown
        is_are = "is" if self._unsaved == 1 else "are"
        return lines(
            [
                line((f"{plural(self._unsaved, 'change')} in the form {is_are} not saved.", "bold")),
                line((f"Stay and press {save} in Settings to see them as a diff.", "$quiet")),
            ]
        )

    def hints(self) -> tuple[Content, ...]:
        """Return the two keys."""
        return self.hint("leave.leave", "leave without them"), self.hint("leave.stay")


async def propose_repair(area: Area, file: SettingsFile | None) -> bool:
    """Show the repaired text of a file that Claude Code cannot read; return whether there is one."""
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
    """Save the draft of a form once its diff is accepted.

    ``draft`` returns the form's draft, ``keep`` sets it without drawing, and ``show`` sets and draws it. ``note`` takes
    the file as it was and the text that was written.
    """

    def __init__(
        self,
        area: Area,
        draft: Callable[[], Draft],
        keep: Callable[[Draft], None],
        show: Callable[[Draft], None],
        note: Callable[[SettingsFile, str], None],
    ) -> None:
        self._area = area
        self._draft = draft
        self._keep = keep
        self._show = show
        self._note = note
        self._refused_digest = ""
        """The digest of the file on which a save was refused, until the file has been read again."""

    async def ask(self) -> None:
        """Show what would be saved, and write it when it is accepted."""
        await self._show_diff(self._write)

    def ask_again(self) -> None:
        """Show the diff again if a save was refused and the changed file has been read meanwhile."""
        draft = self._draft()
        if self._refused_digest and draft.file is not None and draft.file.digest != self._refused_digest:
            self._refused_digest = ""
            if draft.editable and draft.changed:
                self._area.call_later(self._show_diff, self._resolve, changed_outside=True)

    async def _show_diff(
        self, then: Callable[[bool | None], Awaitable[None]], *, changed_outside: bool = False
    ) -> None:
        draft = self._draft()
        if draft.file is not None:
            file = draft.file
            dialog = SaveScreen(file.path, draft.diff(), notes=file.caveats, changed_outside=changed_outside)
            await self._area.app.push_screen(dialog, then)

    async def _write(self, accepted: bool | None) -> None:
        file = self._draft().file
        if not accepted or file is None:
            return
        text = self._draft().text()
        refused = await self._area.panel.save(file, text)
        if refused:
            self._area.notify(refused, title="Not saved", severity="error", timeout=12, markup=False)
            self._refused_digest = file.digest
            return
        draft = self._draft()
        self._note(file, text)
        undo, copies = (self._area.panel.action(f"settings.{name}").shown for name in ("undo", "backups"))
        words = f"{pickup_message(draft)} {undo} proposes to undo it, {copies} lists the copies."
        self._area.notify(words, title=f"Saved {file.path.name}", timeout=10, markup=False)
        # Drawn when the file has been read: until then the form would show its old values.
        self._keep(replace(draft, edits=(), undone=()))

    async def _resolve(self, accepted: bool | None) -> None:
        """Write the edits on top of the outside changes, or drop them (``None``)."""
        if accepted is None:
            self._show(replace(self._draft(), edits=(), undone=()))
        else:
            await self._write(accepted)
