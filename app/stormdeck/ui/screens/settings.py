"""The settings form: edit one scope at a time, check it while the user types, and save it."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from stormdeck.model.deck import Deck
from stormdeck.model.editing.diff import diff
from stormdeck.model.editing.draft import Draft
from stormdeck.model.editing.starter import is_blank, target, working_block
from stormdeck.model.finding import Finding, Fix
from stormdeck.model.keys.action import Action
from stormdeck.model.settings.field import Kind
from stormdeck.model.settings.scope import EDITABLE, Scope
from stormdeck.paths import STYLES
from stormdeck.ui.bindings import bindings
from stormdeck.ui.copying import of_setting
from stormdeck.ui.screens.backups import Reversing
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.profiles import Switching
from stormdeck.ui.screens.save import FixScreen, Saving, propose_repair
from stormdeck.ui.widgets.bottom_input import BottomField
from stormdeck.ui.widgets.key_bar import KeyBar
from stormdeck.ui.widgets.row_list import RowList
from stormdeck.ui.widgets.settings.field_row import FieldRow
from stormdeck.ui.widgets.settings.form import SettingsForm, SettingsHeading


def edit_keys(*, has_choices: bool) -> list[Action]:
    """Return the keys of the input in which a value is edited: no other one acts while letters are typed."""
    keys = [
        Action("edit.keep", "enter", "keep", "Keep the text; it is not saved yet.", "end_edit(True)"),
        Action("edit.drop", "escape", "drop", "Drop the text.", "end_edit(False)"),
        Action("edit.choose", "down", "choose", "Take the next value to choose from.", "choose_value"),
        Action("edit.next", "tab", "next value", "Keep the text, and go to the next value.", "leave_edit"),
    ]
    return [key for key in keys if has_choices or key.id != "edit.choose"]


class SettingsScreen(Area):
    """A list of values: enter edits one in place, every other key acts on the current row."""

    AREA = "settings"
    CSS_PATH = STYLES / "settings.tcss"
    BINDINGS = bindings("settings")

    def __init__(self) -> None:
        super().__init__()
        self.draft = Draft()
        self._others: dict[Scope, Draft] = {}
        """Drafts of the scopes that are not shown."""
        self._revealed = False
        self._reversing = Reversing(self, lambda: self.draft)
        self._saving = Saving(self, lambda: self.draft, self._keep, self.change, self._reversing.note)
        self._switching = Switching(self, lambda: self.draft)
        self._typing: Draft | None = None
        """The draft as it was before the current row is edited; ``None``: no row is edited."""
        self._is_outdated = True
        """Whether the deck has changed since the drafts were based on it."""

    def body(self) -> ComposeResult:
        """Compose the heading, the rows and the search field."""
        fix, fix_all = (self.panel.action(name).shown for name in ("settings.fix", "settings.fix-all"))
        yield SettingsHeading(self.panel.home, fix_all, id="settings-heading")
        yield SettingsForm(fix, id="form")
        yield BottomField("name of a setting; enter finds, n next", id="find")

    def on_mount(self) -> None:
        """Focus the first row; Textual calls ``Area.on_mount`` too."""
        self.query_one(SettingsHeading).read_only = self.panel.read_only
        self.call_after_refresh(self.form.begin)

    def take_deck(self, deck: Deck) -> None:
        """Update the drafts to a new deck, or do so later if the form is hidden."""
        super().take_deck(deck)
        self._is_outdated = True
        if self.is_active:
            self._catch_up()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Apply the deck that arrived while the form was hidden; Textual calls ``Area.on_screen_resume`` too."""
        if self._is_outdated and self.is_mounted:
            self._catch_up()

    def _catch_up(self) -> None:
        """Update the drafts to the deck. A hidden form does not, so that no rule runs for it."""
        self._is_outdated = False
        deck = self.panel.deck
        self.draft = self.draft.on(deck)
        self._others = {scope: draft.on(deck) for scope, draft in self._others.items()}
        self.show_draft()
        self._saving.ask_again()

    def show_draft(self) -> None:
        """Draw all rows of the draft, and count its unsaved changes."""
        self.form.show(self.draft, revealed=self._revealed)
        self.query_one(SettingsHeading).show_draft(self.draft, self.draft.findings)
        unsaved = sum(len(draft.modified) for draft in (self.draft, *self._others.values()))
        self.panel.unsaved = unsaved
        self.query_one(KeyBar).show_note(f"{unsaved} unsaved" if unsaved else "")

    @property
    def form(self) -> SettingsForm:
        """Return the widget with the rows."""
        return self.query_one(SettingsForm)

    async def action_edit(self) -> None:
        """Edit the current row, or toggle its switch."""
        row = self.form.current
        if row is None or not self._may_edit():
            return
        if row.field.kind is Kind.SWITCH:
            toggled = row.field.written(on=not row.field.is_on(row.state.value))
            self.change(self.draft.edit(row.field.path, toggled))
            return
        self._typing = self.draft
        await row.begin_edit()
        self.query_one(KeyBar).show_keys(edit_keys(has_choices=row.has_choices))

    @on(FieldRow.Edited)
    def _on_edited(self, message: FieldRow.Edited) -> None:
        """Check the text while the user types."""
        if self._typing is None:
            return
        before = self._typing = self._typing.on(self.draft.deck)
        same = message.text == (before.value(message.path) or "")
        self.change(before if same else before.edit(message.path, message.text or None))

    @on(FieldRow.Left)
    async def _on_left(self, message: FieldRow.Left) -> None:
        await self._end_edit(message.row, kept=message.kept)

    async def _end_edit(self, row: FieldRow, *, kept: bool) -> None:
        """Remove the input; drop its text unless it is kept."""
        if self._typing is None:
            return
        before, self._typing = self._typing, None
        self.query_one(KeyBar).show_keys(None)
        if not kept:
            self.change(before.on(self.draft.deck))
        had_focus = self.focused is None or row in self.focused.ancestors_with_self
        await row.end_edit()
        if had_focus:
            row.focus()

    async def action_end_edit(self, kept: bool) -> None:
        """Stop editing, and keep the text or drop it."""
        await self._end_edit(self.form.row, kept=kept)

    def action_choose_value(self) -> None:
        """Put the next choice into the input."""
        self.form.row.choose_next()

    def action_leave_edit(self) -> None:
        """Keep the text, and go to the next value."""
        self.form.row.action_move(1)

    @on(FieldRow.Moved)
    async def _on_moved(self, message: FieldRow.Moved) -> None:
        """Go to the row above or below, and keep the text of the current one."""
        await self._end_edit(self.form.row, kept=True)
        self.form.move(message.step)

    @on(RowList.Clicked)
    async def _on_row_clicked(self, message: RowList.Clicked) -> None:
        """Go to the clicked row; a double click edits it."""
        await self._end_edit(self.form.row, kept=True)
        self.form.go_to_row(message.index)
        if message.twice:
            await self.action_edit()

    async def action_profiles(self) -> None:
        """Show the profiles, to switch to another one."""
        if self._may_edit():
            await self._switching.ask()

    async def action_undo(self) -> None:
        """Undo the last edit, or else propose to undo the last save or switch of profiles."""
        if self.draft.edits:
            self.change(self.draft.undo())
        elif not await self._switching.undo() and not await self._reversing.undo():
            self.notify("Nothing to undo.")

    async def action_backups(self) -> None:
        """Show the kept copies of the file, to restore one."""
        if self._may_restore():
            await self._reversing.ask()

    def action_redo(self) -> None:
        """Redo the edit that was undone last."""
        if self.draft.undone:
            self.change(self.draft.redo())
        else:
            self.notify("Nothing to redo.")

    def action_unset(self) -> None:
        """Remove the value of the current row."""
        row = self.form.current
        if row is not None and row.state.value is not None and self._may_edit():
            self.change(self.draft.edit(row.field.path, None))

    async def action_fix(self) -> None:
        """Apply the first fix of the current row."""
        row = self.form.current
        fixes = [finding.fix for finding in row.state.findings if finding.fix] if row else []
        if not fixes:
            self.notify("No fix for this value.")
        elif self._may_edit():
            await self._take(fixes[0])

    async def take_fix(self, finding: Finding) -> None:
        """Apply the fix of a finding in the scope that it is for, and go to its row."""
        if finding.fix is not None:
            self.action_show_scope((finding.fix.scope or self.draft.scope).value)
        self.go_to(finding.path)
        if finding.fix is not None and self._may_edit():
            await self._take(finding.fix)

    async def _take(self, fix: Fix) -> None:
        """Apply a fix; show its diff first if it is not safe."""
        fixed, file = self.draft.take(fix.edits), self.draft.file
        if fix.safe or file is None:
            self.change(fixed)
            return

        def apply(accepted: bool | None) -> None:
            if accepted:
                self.change(self.draft.take(fix.edits))

        changed = diff(self.draft.text(), fixed.text(), fixed.secrets)
        await self.app.push_screen(FixScreen(file.path, changed, notes=(fix.description,)), apply)

    def go_to(self, path: str) -> None:
        """Go to the row of a setting."""
        self.form.go_to(path)

    def action_edge(self, index: int) -> None:
        """Go to the first row or the last."""
        self.form.edge(index)

    def action_copy(self) -> None:
        """Copy the value of the current row."""
        row = self.form.current
        if row is not None:
            self.copy(*of_setting(row.field, row.state.value))

    async def action_fix_all(self) -> None:
        """Apply every safe fix; fill an empty file with the working block; propose a repair of a broken one."""
        if await propose_repair(self, self.draft.file) or not self._may_edit():
            return
        deck = self.draft.deck
        server = target(deck.vllm, deck.proxy) if is_blank(deck.settings) and not self.draft.edits else None
        fixed = self.draft.take(working_block(server, deck.client_version)) if server else self.draft.fixed()
        if fixed.edits == self.draft.edits:
            self.notify("Nothing to fix automatically.")
        self.change(fixed)

    def action_scope(self, step: int) -> None:
        """Show the next scope; each scope keeps its own edits."""
        scopes = self.draft.deck.settings.scopes
        if scopes:
            at = scopes.index(self.draft.scope) + step if self.draft.scope in scopes else 0
            self.action_show_scope(scopes[at % len(scopes)])

    def action_show_scope(self, name: str) -> None:
        """Show a scope by its name."""
        scope = Scope(name)
        if scope is not self.draft.scope:
            self._others[self.draft.scope] = self.draft
            self.change(self._others.pop(scope, Draft(self.draft.deck, scope)))

    def action_reveal(self) -> None:
        """Show or hide the secrets."""
        self._revealed = not self._revealed
        self.show_draft()

    def action_next(self, step: int) -> None:
        """Go to the next or previous match of the search; without a search, to a finding."""
        if not self.form.go_to_next(step):
            self.notify("No such setting." if self.form.wanted else "No findings: nothing to fix.")

    def action_find(self) -> None:
        """Open the search."""
        field = self.query_one(BottomField)
        field.value = ""
        field.open()

    @on(Input.Submitted, "#find")
    def _on_search(self, event: Input.Submitted) -> None:
        self.form.wanted = event.value.casefold().strip()
        self.query_one(BottomField).close()
        if self.form.wanted:
            self.action_next(1)

    def action_close(self) -> None:
        """Close the search; ``n`` goes to findings again then."""
        self.form.wanted = ""
        field = self.query_one(BottomField)
        if field.has_focus:
            field.close()
            self.form.begin()

    async def action_raw(self) -> None:
        """Show the file as it would be saved."""
        from stormdeck.ui.screens.pages import of_draft

        await self.app.push_screen(of_draft(self.draft))

    async def action_save(self) -> None:
        """Show the diff, and save when it is accepted."""
        if not self.draft.changed:
            self.notify("Nothing to save: the file is as shown here.")
        elif self._may_edit():
            await self._saving.ask()

    def change(self, draft: Draft) -> None:
        """Set another draft and show it."""
        self.draft = draft
        self.show_draft()

    def _keep(self, draft: Draft) -> None:
        self.draft = draft

    def _may_restore(self) -> bool:
        """Return whether the file may be written, even if it is broken now."""
        file = self.draft.file
        return (file is not None and file.writable and self.draft.scope in EDITABLE) or self._may_edit()

    def _may_edit(self) -> bool:
        file = self.draft.file
        if self.draft.editable:
            return True
        why = "no settings file was read" if file is None else file.error.message if file.error else "it is read-only"
        self.notify(f"This file cannot be edited: {why}.", severity="warning", markup=False)
        return False
