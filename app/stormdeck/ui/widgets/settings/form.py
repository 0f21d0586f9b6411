"""Show the rows of the form: a row for each field, under the heading of its group, and for each unknown variable.

Only the current row is a widget. Of the rows above and below it, only the visible ones are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size

from stormdeck.model.deck import Deck
from stormdeck.model.editing.draft import Draft
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.settings.field import Field
from stormdeck.model.settings.fields import FIELDS, field_of
from stormdeck.model.settings.scope import EDITABLE, SettingsFile
from stormdeck.model.text import clean
from stormdeck.ui.rendering import Part, called, clickable, health_sign, line, sides
from stormdeck.ui.textual_patches.screen_size import is_narrow, is_short
from stormdeck.ui.widgets.panel import Panel
from stormdeck.ui.widgets.row_list import RowLayout, RowList
from stormdeck.ui.widgets.settings.field_row import FieldRow
from stormdeck.ui.widgets.settings.row import COLUMN, FormView, Row, RowState, RowStyle, plain_height, row_lines


class SettingsForm(VerticalScroll, can_focus=False):
    """The rows of a draft, one of which is the current one."""

    def __init__(self, fix_key: str, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._fix_key = fix_key
        self.wanted = ""
        """The text that was searched for last."""
        self._view = FormView(Draft())
        self._at = self._view.rows.index(FIELDS[0])
        self._layouts: dict[tuple[int, bool, bool], RowLayout] = {}
        """The layouts of the view by width, and by whether the pane is narrow and short."""
        self._layouts_before: dict[tuple[int, bool, bool], RowLayout] = {}
        self._changed: frozenset[str] | None = None
        """The paths whose rows may differ from ``_layouts_before``; ``None``: all of them."""
        self.row = FieldRow(FIELDS[0], fix_key)
        """The current row."""
        self._above, self._below = RowList(self._layout_of), RowList(self._layout_of)

    def compose(self) -> ComposeResult:
        """Compose the current row between the others."""
        yield self._above
        yield self.row
        yield self._below

    def action_scroll_home(self) -> None:
        """Leave the home key to the screen, which goes to the first row instead of only scrolling there."""
        raise SkipAction

    def action_scroll_end(self) -> None:
        """Leave the end key to the screen, which goes to the last row."""
        raise SkipAction

    @property
    def current(self) -> FieldRow | None:
        """Return the current row, or ``None`` if another widget has the focus."""
        return self.row if self.row.has_focus_within or self.screen.focused is None else None

    @property
    def fields(self) -> list[Field]:
        """Return the fields in the order of the rows."""
        return [row for row in self._view.rows if isinstance(row, Field)]

    def state(self, path: str) -> RowState | None:
        """Return the state of a setting's row, or ``None`` if there is no such row."""
        shown = next((field for field in self.fields if field.path == path), None)
        return None if shown is None else self._view.state(shown)

    def begin(self) -> None:
        """Focus the current row."""
        self.row.focus()

    def show(self, draft: Draft, *, revealed: bool) -> None:
        """Show another draft; the current row stays the same if there still is such a row."""
        before, self._view = self._view, FormView(draft, revealed=revealed, before=self._view)
        self._changed = self._view.changed_paths(before)
        self._layouts_before, self._layouts = self._layouts, {}
        rows, path = self._view.rows, self.row.field.path
        if self._at >= len(rows) or rows.paths[self._at] != path:
            self._at = rows.paths.index(path) if path in rows.paths else min(self._at, len(rows) - 1)
        self._set_current(self._at)

    def move(self, step: int) -> None:
        """Go to the next or the previous row, round the end."""
        self._next(lambda path: True, step)

    def edge(self, index: int) -> None:
        """Go to the first row (0) or the last (-1)."""
        rows = self._view.rows
        self._go(len(rows) - 1 if index else next(at for at, row in enumerate(rows) if isinstance(row, Field)))

    def go_to_row(self, index: int) -> None:
        """Go to a row by its index, if it is a field: one that was clicked may be gone."""
        if index < len(self._view.rows) and isinstance(self._view.rows[index], Field):
            self._go(index)

    def go_to(self, path: str) -> None:
        """Go to the row of a setting."""
        paths = self._view.rows.paths
        if path and path in paths:
            self._go(paths.index(path))

    def go_to_next(self, step: int) -> bool:
        """Go to the next or previous match of the search, or else finding; return whether there is one."""
        return self._next(self._is_wanted if self.wanted else self._view.has_problem, step)

    def _is_wanted(self, path: str) -> bool:
        """Return whether a row matches the search. The label of a variable that is not known is part of its path."""
        known = field_of(path)
        return self.wanted in (path if known is None else f"{known.label} {path}").casefold()

    def _next(self, wanted: Callable[[str], bool], step: int) -> bool:
        """Go to the next row whose path is wanted, round the end; return whether there is one."""
        paths = self._view.rows.paths
        for count in range(1, len(paths) + 1):
            at = (self._at + step * count) % len(paths)
            if paths[at] and wanted(paths[at]):
                self._go(at)
                return True
        return False

    def _go(self, at: int) -> None:
        """Make a row the current one, and scroll to it."""
        self._set_current(at)
        if self.row.has_focus:
            self.row.scroll_into_view()
        else:
            self.row.focus()

    def _set_current(self, at: int) -> None:
        rows = self._view.rows
        row = rows[at]
        field = row if isinstance(row, Field) else FIELDS[0]
        self._at = at if row is field else rows.index(field)
        self.row.show(field, self._view.state(field))
        self._above.show(0, self._at)
        self._below.show(self._at + 1, len(rows))

    def _layout_of(self, width: int) -> RowLayout:
        """Return the layout of the rows at a width."""
        key = (width, is_narrow(self.app), is_short(self.app))
        layout = self._layouts.get(key)
        if layout is None:
            layout = self._layouts[key] = self._lay_out(*key)
        return layout

    def _lay_out(self, width: int, narrow: bool, short: bool) -> RowLayout:
        view, style = self._view, RowStyle(narrow=narrow, fix_key=self._fix_key)

        def draw(at: int) -> list[Content]:
            row = view.rows[at]
            if isinstance(row, Field):
                return row_lines(row, view.state(row), style, width)
            heading = line((row, "$quiet bold"))
            return [heading] if short else [line(), heading]

        def height(at: int, row: Row) -> int:
            if not isinstance(row, Field):
                return 1 if short else 2
            plain = view.plain_text(row, width - COLUMN)
            known = plain_height(*plain, style, width) if plain is not None else None
            return known or len(draw(at))

        before, changed = self._layouts_before.get((width, narrow, short)), self._changed
        if before is None or changed is None:
            short_rows = view.short_rows(width - COLUMN)
            heights = [
                1 if path in short_rows else height(at, view.rows[at]) for at, path in enumerate(view.rows.paths)
            ]
            return RowLayout(heights, draw)
        heights = list(before.heights)
        for at, path in enumerate(view.rows.paths):
            if path in changed:
                heights[at] = height(at, view.rows[at])
        return RowLayout(heights, draw)


AROUND = 2
"""Lines shown before and after the place of an error."""


class SettingsHeading(Panel):
    """As high as its text."""

    def __init__(self, home: Path, fix_key: str, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._home = home
        self._fix_key = fix_key
        self._draft: Draft | None = None
        self._findings: Sequence[Finding] = ()
        self.read_only = ""
        """Why the panel writes nothing; empty: it may write."""

    def part(self, deck: Deck) -> object:
        """Return nothing: the form sets the draft."""
        return None

    async def on_click(self, event: events.Click) -> None:
        """Show the clicked scope."""
        call = called(event)
        if call is not None:
            await self.run_action(call)

    def show_draft(self, draft: Draft, findings: Sequence[Finding]) -> None:
        """Show another draft with its findings."""
        self._draft, self._findings = draft, findings
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines."""
        return len(self.rows(width, 0))

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the scopes, the file with its counts of findings, and why it cannot be edited."""
        draft = self._draft
        file = draft.file if draft else None
        if draft is not None and draft.deck.replay is not None:
            return _wrapped("This is a replay: the settings are neither read nor changed.", width)
        if draft is None or file is None:
            return [line(("User settings", "bold"), ("   not read yet", "$quiet"))]
        path = str(file.path).replace(str(self._home), "~", 1)
        tabs = _tabs(draft)
        counts = line(*_counts(self._findings))
        for shown in (path, file.path.name, ""):
            left = line(*tabs, (shown, "$quiet"))
            if left.cell_length + counts.cell_length < width:
                break
        rows = [sides(left, counts, width)]
        if file.error is not None:
            rows += _error(file, width, self._fix_key)
        elif draft.scope not in EDITABLE:
            rows += _wrapped("Read-only: settings of an administrator or of a flag cannot be changed here.", width)
        elif self.read_only:
            rows += _wrapped(f"{self.read_only} Values are shown and checked.", width)
        elif not file.exists:
            missing = f"No such file yet. The first save creates it; {self._fix_key} fills in what a live server needs."
            rows += _wrapped(missing, width)
        elif not file.writable:
            rows += _wrapped("Read-only: you may not write this file. Its values are shown and checked.", width)
        return rows


def _tabs(draft: Draft) -> list[Part]:
    """Return the scopes as clickable tabs, the shown one underlined."""
    files = {file.scope: file for file in draft.deck.settings.files}
    parts: list[Part] = []
    for scope in draft.deck.settings.scopes:
        style = "$accent bold underline" if scope is draft.scope else "" if files[scope].exists else "$quiet"
        tab = line((scope.value.capitalize(), style))
        parts += [clickable(tab, f"screen.show_scope('{scope.value}')"), "  "]
    return [*parts, " "]


def _counts(findings: Sequence[Finding]) -> list[Part]:
    counts: list[Part] = []
    for severity in (Severity.ERROR, Severity.WARNING):
        count = sum(finding.severity is severity and finding.hop is HopKind.CLIENT for finding in findings)
        counts += [health_sign(severity.health), f" {count}  "] if count else []
    return counts


def _error(file: SettingsFile, width: int, fix_key: str) -> list[Content]:
    """Return an error of the file with the lines around it."""
    assert file.error is not None  # noqa: S101 - for mypy
    at = file.error.line
    position = f"line {at}, column {file.error.column}: " if at else ""
    rows = [line(), *_wrapped(f"✖ {position}{file.error.message}", width, "$error bold")]
    ignored = f"Claude Code ignores the whole file and says “Not logged in”. Press {fix_key} for a repaired text."
    rows += _wrapped(ignored if file.dropped else "The last text that could be read is shown.", width)
    raw, text = file.text.split("\n"), mask_json(file.text).split("\n")
    for number in range(max(1, at - AROUND), min(len(text), at + AROUND) + 1) if at else ():
        style = "$foreground" if number == at else "$quiet"
        rows.append(line((f"{number:>5}  ", "$faint"), (clean(text[number - 1])[: max(0, width - 8)], style)))
        if number == at and file.error.column and text[number - 1] == raw[number - 1]:
            rows.append(line(" " * (6 + file.error.column), ("▲", "$error")))
    return [*rows, line()]


def _wrapped(text: str, width: int, style: str = "$quiet") -> list[Content]:
    return Content.styled(clean(text), style).wrap(max(1, width))
