"""The rows of the form: one a field, under the heading of its group, and one a variable that is not known."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from stormdeck.model.finding import Finding
from stormdeck.model.settings.draft import Draft
from stormdeck.model.settings.fields import FIELDS
from stormdeck.ui.widgets.field_row import FieldRow
from stormdeck.ui.widgets.row_states import free_fields, row_states


class SettingsForm(VerticalScroll, can_focus=False):
    """Shows a draft, and moves between its rows."""

    def compose(self) -> ComposeResult:
        """Compose the rows of the known fields."""
        group = None
        for shown in FIELDS:
            if shown.group is not group:
                group = shown.group
                yield Static(Content.styled(group.value, "$quiet bold"), classes="group", markup=False)
            yield FieldRow(shown)

    @property
    def current(self) -> FieldRow | None:
        """Return the row that has the focus."""
        focused = self.screen.focused
        return focused if isinstance(focused, FieldRow) else None

    def begin(self) -> None:
        """Go to the first row."""
        self.query(FieldRow).first().focus()

    def show(self, draft: Draft, findings: tuple[Finding, ...], *, revealed: bool) -> None:
        """Show every row as a draft has it."""
        known = {row.field.path for row in self.query(FieldRow)}
        new = [FieldRow(shown) for shown in free_fields(draft) if shown.path not in known]
        if new:
            self.mount(*new)
        rows = [*self.query(FieldRow)]
        states = row_states(draft, [row.field for row in rows], findings, revealed=revealed)
        for row, state in zip(rows, states, strict=True):
            row.show(state)

    def go_to_next(self, wanted: Callable[[FieldRow], bool]) -> bool:
        """Go to the next row that is wanted, after the last from the top again; say whether there is one."""
        rows = list(self.query(FieldRow))
        at = rows.index(self.current) + 1 if self.current in rows else 0
        found = next((row for row in [*rows[at:], *rows[:at]] if wanted(row)), None)
        if found is not None:
            found.focus()
        return found is not None
