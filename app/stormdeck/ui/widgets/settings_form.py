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

    def __init__(self, fix_key: str, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._fix_key = fix_key
        self.wanted = ""
        """What was searched for last."""

    def compose(self) -> ComposeResult:
        """Compose the rows of the known fields."""
        group = None
        for shown in FIELDS:
            if shown.group is not group:
                group = shown.group
                yield Static(Content.styled(group.value, "$quiet bold"), classes="group", markup=False)
            yield FieldRow(shown, self._fix_key)

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
        new = [FieldRow(shown, self._fix_key) for shown in free_fields(draft) if shown.path not in known]
        if new:
            self.mount(*new)
        rows = [*self.query(FieldRow)]
        states = row_states(draft, [row.field for row in rows], findings, revealed=revealed)
        for row, state in zip(rows, states, strict=True):
            row.show(state)

    def edge(self, index: int) -> None:
        """Go to the first row (0) or the last (-1)."""
        [*self.query(FieldRow)][index].focus()

    def go_to(self, path: str) -> None:
        """Go to the row of a setting."""
        self._next(lambda row: row.field.path == path, 1)

    def go_on(self, step: int) -> bool:
        """Go to the next row, or the one before, that is searched for, else to a finding; say whether there is one."""
        wanted = self.wanted
        if not wanted:
            return self._next(lambda row: bool(row.state.findings or row.state.problem), step)
        return self._next(lambda row: wanted in f"{row.field.label} {row.field.path}".casefold(), step)

    def _next(self, wanted: Callable[[FieldRow], bool], step: int) -> bool:
        """Go to the next row that is wanted, round the end; say whether there is one."""
        rows = [*self.query(FieldRow)]
        at = rows.index(self.current) if self.current in rows else -1 if step > 0 else 0
        order = [rows[(at + step * count) % len(rows)] for count in range(1, len(rows) + 1)]
        found = next((row for row in order if wanted(row)), None)
        if found is not None:
            found.focus()
        return found is not None
