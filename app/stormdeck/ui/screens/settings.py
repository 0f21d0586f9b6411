"""The settings form: the user's settings.json, checked while it is typed, changed byte by byte."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from stormdeck.feed.reduce import served_ids
from stormdeck.model.deck import Deck
from stormdeck.model.settings.draft import Draft
from stormdeck.model.settings.field import Field, Kind
from stormdeck.model.settings.fields import FIELDS
from stormdeck.model.settings.merge import shadows
from stormdeck.ui.actions import bindings
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.save import SaveScreen
from stormdeck.ui.widgets.field_row import FieldRow, RowState, type_problem
from stormdeck.ui.widgets.key_bar import KeyBar
from stormdeck.ui.widgets.settings_heading import SettingsHeading


class SettingsScreen(Area):
    """A list of values. Enter edits one in place; every other key works on the row you are on."""

    AREA = "settings"
    BINDINGS = bindings("settings")

    def __init__(self) -> None:
        super().__init__()
        self.draft = Draft(Deck().settings)
        self._revealed = False
        self._typing: tuple[Draft, str] | None = None
        """The draft before the row that is edited, and its path."""

    def body(self) -> ComposeResult:
        """Compose the heading and a row a field, under the heading of its group."""
        yield SettingsHeading(self.panel.home, id="settings-heading")
        with VerticalScroll(id="form", can_focus=False):
            group = None
            for shown in FIELDS:
                if shown.group is not group:
                    group = shown.group
                    yield Static(Content.styled(group.value, "$quiet bold"), classes="group", markup=False)
                yield FieldRow(shown)

    def on_mount(self) -> None:
        """Begin on the first row; Textual calls the frame's own handler too."""
        self.call_after_refresh(lambda: self.query(FieldRow).first().focus())

    def take_deck(self, deck: Deck) -> None:
        """Put the draft on top of what the sources say now."""
        super().take_deck(deck)
        self.draft = _on_top_of(deck, self.draft)
        if self._typing is not None:
            before, path = self._typing
            self._typing = (_on_top_of(deck, before), path)
        self.show_draft()

    def show_draft(self) -> None:
        """Show every row as the draft has it."""
        values, modified, findings = self.draft.values(), self.draft.modified(), self.draft.findings()
        for row in self.query(FieldRow):
            path = row.field.path
            row.show(
                RowState(
                    value=values.get(path),
                    modified=path in modified,
                    revealed=self._revealed,
                    findings=tuple(finding for finding in findings if finding.path == path),
                    problem=type_problem(row.field, values.get(path)),
                    note=self._note(path, row.field),
                    choices=self.draft.served or (),
                )
            )
        self.query_one(SettingsHeading).show_draft(self.draft, findings)
        self.query_one(KeyBar).say(f"{len(modified)} unsaved" if modified else "")

    def _note(self, path: str, shown: Field) -> str:
        """Return who else sets a value, and who wins."""
        scopes = [scope for scope in shadows(self.draft.snapshot, path) if scope is not self.draft.scope]
        if not scopes:
            return ""
        winner = self.draft.snapshot.effective[path]
        if winner.scope is self.draft.scope:
            return f"the {scopes[0].value} value loses to this file"
        text = "" if shown.kind is Kind.SECRET else f": {winner.value}"
        return f"loses to the {winner.scope.value} scope{text}"

    @property
    def _row(self) -> FieldRow | None:
        focused = self.focused
        return focused if isinstance(focused, FieldRow) else None

    async def action_edit(self) -> None:
        """Edit the row, or flip its switch."""
        row = self._row
        if row is None or not self._may_edit():
            return
        if row.field.kind is Kind.SWITCH:
            flipped = row.field.written(on=not row.field.is_on(row.state.value))
            self._change(self.draft.edit(row.field.path, flipped))
            return
        self._typing = (self.draft, row.field.path)
        await row.begin_edit()

    @on(FieldRow.Edited)
    def _typed(self, message: FieldRow.Edited) -> None:
        """Check while it is typed."""
        if self._typing is not None:
            before, path = self._typing
            old = before.values().get(path)
            same = message.text == (old or "")
            self._change(before if same else before.edit(path, message.text or None))

    @on(FieldRow.Left)
    async def _left(self, message: FieldRow.Left) -> None:
        if self._typing is None:
            return
        before, _ = self._typing
        self._typing = None
        if not message.kept:
            self._change(before)
        focus_row = self.focused is None or message.row in self.focused.ancestors_with_self
        await message.row.end_edit()
        if focus_row:
            message.row.focus()

    def action_undo(self) -> None:
        """Take back the last edit."""
        if not self.draft.edits:
            self.notify("Nothing to take back.")
            return
        self._change(self.draft.undo())

    def action_unset(self) -> None:
        """Remove the value of the row."""
        if self._row is not None and self._row.state.value is not None and self._may_edit():
            self._change(self.draft.edit(self._row.field.path, None))

    def action_fix(self) -> None:
        """Take the first fix that the row offers."""
        fixes = [finding.fix for finding in self._row.state.findings if finding.fix] if self._row else []
        if not fixes:
            self.notify("No fix to take here. n goes to the next finding.")
        elif self._may_edit():
            draft = self.draft
            for edit in fixes[0].edits:
                draft = draft.edit(edit.path, edit.value)
            self._change(draft)

    def action_fix_all(self) -> None:
        """Take every fix, one after the other, as each may settle others."""
        if not self._may_edit():
            return
        draft, seen = self.draft, set()
        while fixes := [one for one in draft.findings() if one.fix and (one.code, one.path) not in seen]:
            seen.add((fixes[0].code, fixes[0].path))
            for edit in fixes[0].fix.edits if fixes[0].fix else ():
                draft = draft.edit(edit.path, edit.value)
        self._change(draft)

    def action_reveal(self) -> None:
        """Show or hide the secrets."""
        self._revealed = not self._revealed
        self.show_draft()

    def action_next_finding(self) -> None:
        """Go to the next row with something to say, from the top again after the last."""
        rows = list(self.query(FieldRow))
        at = rows.index(self._row) + 1 if self._row else 0
        for row in [*rows[at:], *rows[:at]]:
            if row.state.findings or row.state.problem:
                row.focus()
                return
        self.notify("No finding. Nothing to fix.")

    async def action_save(self) -> None:
        """Show the diff, and write it when it is accepted."""
        if not self.draft.changed:
            self.notify("Nothing to save: the file is as shown.")
        elif self._may_edit():
            await self.app.push_screen(SaveScreen(self.draft), self._write)

    async def _write(self, accepted: bool | None) -> None:
        file = self.draft.file
        if not accepted or file is None:
            return
        refused = await self.panel.save(file, self.draft.text())
        if refused:
            self.notify(refused, title="Not saved", severity="error", timeout=12, markup=False)
            return
        self.draft = replace(self.draft, edits=())
        self.notify(
            "Saved. Running sessions keep their model; the rest is read anew from 2.1.112 on.", title="settings.json"
        )

    def _change(self, draft: Draft) -> None:
        self.draft = draft
        self.show_draft()

    def _may_edit(self) -> bool:
        file = self.draft.file
        if self.draft.editable:
            return True
        why = "no settings file was read" if file is None else file.error.message if file.error else "it is read-only"
        self.notify(f"The file cannot be edited here: {why}.", severity="warning", markup=False)
        return False


def _on_top_of(deck: Deck, draft: Draft) -> Draft:
    """Return the draft with the same edits on what the sources say now."""
    return replace(draft, snapshot=deck.settings, client_version=deck.client_version, served=served_ids(deck))
