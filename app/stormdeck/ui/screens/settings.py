"""The settings form: one scope at a time, checked while it is typed, changed byte by byte."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from stormdeck.model.deck import Deck
from stormdeck.model.editing.diff import diff
from stormdeck.model.editing.draft import Draft
from stormdeck.model.editing.starter import is_blank, target, working_block
from stormdeck.model.finding import Finding, Fix
from stormdeck.model.settings.field import Kind
from stormdeck.model.settings.scope import Scope
from stormdeck.paths import STYLES
from stormdeck.ui.bindings import bindings
from stormdeck.ui.copying import of_setting
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.save import Saving, TakeScreen, propose_repair
from stormdeck.ui.widgets.bottom_input import BottomField
from stormdeck.ui.widgets.key_bar import KeyBar
from stormdeck.ui.widgets.row_list import RowList
from stormdeck.ui.widgets.settings.field_row import FieldRow
from stormdeck.ui.widgets.settings.form import SettingsForm, SettingsHeading


class SettingsScreen(Area):
    """A list of values. Enter edits one in place; every other key works on the row you are on."""

    AREA = "settings"
    CSS_PATH = STYLES / "settings.tcss"
    BINDINGS = bindings("settings")

    def __init__(self) -> None:
        super().__init__()
        self.draft = Draft()
        self._others: dict[Scope, Draft] = {}
        """The drafts of the scopes that are not shown."""
        self._revealed = False
        self._saving = Saving(self)
        self._typing: Draft | None = None
        """The draft before the row that is edited."""
        self._behind = True
        """The deck has changed since the drafts were put on top of it."""

    def body(self) -> ComposeResult:
        """Compose the heading and a row a field, under the heading of its group."""
        fix, fix_all = (self.panel.action(name).shown for name in ("settings.fix", "settings.fix-all"))
        yield SettingsHeading(self.panel.home, fix_all, id="settings-heading")
        yield SettingsForm(fix, id="form")
        yield BottomField("name of a setting; enter finds, n next", id="find")

    def on_mount(self) -> None:
        """Begin on the first row; Textual calls the frame's own handler too."""
        self.query_one(SettingsHeading).read_only = self.panel.read_only
        self.call_after_refresh(self.form.begin)

    def take_deck(self, deck: Deck) -> None:
        """Put the drafts on top of what the sources say now."""
        super().take_deck(deck)
        self._behind = True
        if self.is_active:
            self._catch_up()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Take what the sources said while the form was not seen; Textual calls the area's own handler too."""
        if self._behind and self.is_mounted:
            self._catch_up()

    def _catch_up(self) -> None:
        """Put the drafts on top of the deck as it is now: while the form is hidden, no rule runs for it."""
        self._behind = False
        deck = self.panel.deck
        self.draft = self.draft.on(deck)
        self._others = {scope: draft.on(deck) for scope, draft in self._others.items()}
        self.show_draft()
        self._saving.look_again()

    def show_draft(self) -> None:
        """Show every row as the draft has it."""
        self.form.show(self.draft, revealed=self._revealed)
        self.query_one(SettingsHeading).show_draft(self.draft, self.draft.findings)
        unsaved = sum(len(draft.modified) for draft in (self.draft, *self._others.values()))
        self.panel.unsaved = unsaved
        self.query_one(KeyBar).say(f"{unsaved} unsaved" if unsaved else "")

    @property
    def form(self) -> SettingsForm:
        """Return the rows."""
        return self.query_one(SettingsForm)

    async def action_edit(self) -> None:
        """Edit the row, or flip its switch."""
        row = self.form.current
        if row is None or not self._may_edit():
            return
        if row.field.kind is Kind.SWITCH:
            flipped = row.field.written(on=not row.field.is_on(row.state.value))
            self.change(self.draft.edit(row.field.path, flipped))
            return
        self._typing = self.draft
        await row.begin_edit()

    @on(FieldRow.Edited)
    def _typed(self, message: FieldRow.Edited) -> None:
        """Check while it is typed."""
        if self._typing is None:
            return
        before = self._typing = self._typing.on(self.draft.deck)
        same = message.text == (before.values.get(message.path) or "")
        self.change(before if same else before.edit(message.path, message.text or None))

    @on(FieldRow.Left)
    async def _left(self, message: FieldRow.Left) -> None:
        await self._end_edit(message.row, kept=message.kept)

    async def _end_edit(self, row: FieldRow, *, kept: bool) -> None:
        """Take the input away, and what was typed with it unless it is kept."""
        if self._typing is None:
            return
        before, self._typing = self._typing, None
        if not kept:
            self.change(before.on(self.draft.deck))
        stays = self.focused is None or row in self.focused.ancestors_with_self
        await row.end_edit()
        if stays:
            row.focus()

    @on(FieldRow.Moved)
    async def _moved(self, message: FieldRow.Moved) -> None:
        """Go to the row above or below; what is typed is kept."""
        await self._end_edit(self.form.row, kept=True)
        self.form.move(message.step)

    @on(RowList.Clicked)
    async def _clicked(self, message: RowList.Clicked) -> None:
        """Go to the row under the mouse; the second click edits it."""
        await self._end_edit(self.form.row, kept=True)
        self.form.go_to_row(message.index)
        if message.twice:
            await self.action_edit()

    def action_undo(self) -> None:
        """Take back the last edit."""
        if self.draft.edits:
            self.change(self.draft.undo())
        else:
            self.notify("Nothing to take back.")

    def action_redo(self) -> None:
        """Make the edit again that was taken back last."""
        if self.draft.undone:
            self.change(self.draft.redo())
        else:
            self.notify("Nothing to make again.")

    def action_unset(self) -> None:
        """Remove the value of the row."""
        row = self.form.current
        if row is not None and row.state.value is not None and self._may_edit():
            self.change(self.draft.edit(row.field.path, None))

    async def action_fix(self) -> None:
        """Take the first fix that the row offers."""
        row = self.form.current
        fixes = [finding.fix for finding in row.state.findings if finding.fix] if row else []
        if not fixes:
            self.notify("No fix to take here.")
        elif self._may_edit():
            await self._take(fixes[0])

    async def take_fix(self, finding: Finding) -> None:
        """Take a finding's fix in the scope that it is for, and go to the row that it is about."""
        if finding.fix is not None:
            self.action_show_scope((finding.fix.scope or self.draft.scope).value)
        self.go_to(finding.path)
        if finding.fix is not None and self._may_edit():
            await self._take(finding.fix)

    async def _take(self, fix: Fix) -> None:
        """Take a fix; one that is not safe only after its diff was seen."""
        taken, file = self.draft.take(fix.edits), self.draft.file
        if fix.safe or file is None:
            self.change(taken)
            return

        def answered(accepted: bool | None) -> None:
            if accepted:
                self.change(self.draft.take(fix.edits))

        changed = diff(self.draft.text(), taken.text())
        await self.app.push_screen(TakeScreen(file.path, changed, notes=(fix.description,)), answered)

    def go_to(self, path: str) -> None:
        """Go to the row of a setting."""
        self.form.go_to(path)

    def action_edge(self, index: int) -> None:
        """Go to the first row or the last."""
        self.form.edge(index)

    def action_copy(self) -> None:
        """Copy the value of the row."""
        row = self.form.current
        if row is not None:
            self.copy(*of_setting(row.field, row.state.value))

    async def action_fix_all(self) -> None:
        """Take every safe fix; an empty file gets the whole working block, a broken one a proposal to mend it."""
        if await propose_repair(self, self.draft.file) or not self._may_edit():
            return
        deck = self.draft.deck
        server = target(deck.vllm, deck.proxy) if is_blank(deck.settings) and not self.draft.edits else None
        fixed = self.draft.take(working_block(server, deck.client_version)) if server else self.draft.fixed()
        if fixed.edits == self.draft.edits:
            self.notify("Nothing that can be fixed safely.")
        self.change(fixed)

    def action_scope(self, step: int) -> None:
        """Show the next scope; the edits of this one stay with it."""
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
        """Go to the next row, or the one before, that was searched for; without a search, to a finding."""
        if not self.form.go_on(step):
            self.notify("No such setting." if self.form.wanted else "No finding. Nothing to fix.")

    def action_find(self) -> None:
        """Open the search."""
        field = self.query_one(BottomField)
        field.value = ""
        field.open()

    @on(Input.Submitted, "#find")
    def _find(self, event: Input.Submitted) -> None:
        self.form.wanted = event.value.casefold().strip()
        self.query_one(BottomField).close()
        if self.form.wanted:
            self.action_next(1)

    def action_close(self) -> None:
        """Close the search; ``n`` goes to findings again."""
        self.form.wanted = ""
        field = self.query_one(BottomField)
        if field.has_focus:
            field.close()
            self.form.begin()

    async def action_raw(self) -> None:
        """Show the file as it would be written."""
        from stormdeck.ui.screens.pages import of_draft

        await self.app.push_screen(of_draft(self.draft))

    async def action_save(self) -> None:
        """Show the diff, and write it when it is accepted."""
        if not self.draft.changed:
            self.notify("Nothing to save: the file is as shown.")
        elif self._may_edit():
            await self._saving.ask()

    def change(self, draft: Draft) -> None:
        """Take another draft, and show it."""
        self.draft = draft
        self.show_draft()

    def _may_edit(self) -> bool:
        file = self.draft.file
        if self.draft.editable:
            return True
        why = "no settings file was read" if file is None else file.error.message if file.error else "it is read-only"
        self.notify(f"The file cannot be edited here: {why}.", severity="warning", markup=False)
        return False
