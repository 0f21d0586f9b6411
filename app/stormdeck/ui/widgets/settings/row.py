"""Work out and draw the rows of the form for a draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from textual.content import Content

from stormdeck.model.editing.draft import Draft
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.masking.lines import MASK, mask_text
from stormdeck.model.masking.names import holds_headers, is_harmless, is_secret_name
from stormdeck.model.masking.values import mask_value
from stormdeck.model.rules.collect import live_of
from stormdeck.model.settings.field import Field, Group, Kind, problem
from stormdeck.model.settings.fields import FIELDS, field_of
from stormdeck.model.settings.merge import entries, shadows
from stormdeck.model.settings.scope import Scope, SettingsFile, as_text
from stormdeck.model.text import clean
from stormdeck.ui.rendering import HEALTH_STYLES, Part, fit, health_sign, line

LABEL = 20
MARK = 2
COLUMN = MARK + LABEL + 2
"""The column of the value."""
VALUE = 32
"""Columns of a value that has its finding beside it."""
BESIDE = 34
"""Columns that a finding needs beside the value; with less it is below."""
NAMED_FROM = 100
"""Columns from which on the names of the settings are beside their labels and values."""
NAMED_TO = 150
"""The column at which they end on a wider screen: near their values."""
LONGEST = 1000
"""The most characters that are shown of a value."""


@dataclass(frozen=True, slots=True)
class RowState:
    """What a row shows."""

    value: str | None = None
    modified: bool = False
    revealed: bool = False
    findings: tuple[Finding, ...] = ()
    problem: str | None = None
    note: str = ""
    """Which other scope sets it, and which one wins."""
    loses: bool = False
    """A stronger scope sets it, so this value has no effect."""
    choices: tuple[str, ...] = ()
    """The model ids that the server has."""
    servers: tuple[str, ...] = ()
    """The URLs of the servers found."""


@dataclass(frozen=True, slots=True)
class RowStyle:
    """How a row is drawn."""

    current: bool = False
    editing: bool = False
    """An input covers the value."""
    narrow: bool = False
    """The input is below the label, over the whole width."""
    fix_key: str = "f"
    choices: tuple[str, ...] = ()
    """Values to choose from while it is edited."""

    @property
    def indent(self) -> int:
        """Return the columns before the lines below the label."""
        return 3 if self.narrow else 4


def row_lines(field: Field, state: RowState, style: RowStyle, width: int) -> list[Content]:
    """Return the lines of a row, wrapped."""
    mark: Part = ("• ", "$accent bold") if state.modified else "  "
    label = line(mark, (fit(field.label, LABEL), "$accent bold" if style.current else ""), "  ")
    beside, below = _beside(state), " " * style.indent

    def wrapped(text: Content) -> list[Content]:
        return [line(below, row) for row in text.wrap(max(1, width - style.indent))] if text.plain else []

    value = _value(field, state, width - COLUMN)
    start = max(COLUMN + VALUE, COLUMN + value.cell_length + 2)
    if style.editing:
        rows = [label, line()] if style.narrow else [label]
        rows += wrapped(beside)
    elif width - start >= BESIDE and beside.plain:
        first, *more = beside.wrap(width - start)
        rows = [line(label, value, " " * (start - COLUMN - value.cell_length), first)]
        rows += [line(" " * start, row) for row in more]
    elif COLUMN + value.cell_length <= width:
        rows = [line(label, value), *wrapped(beside)]
    else:
        rows = [label, *wrapped(value), *wrapped(beside)]
    rows[0] = _named(rows[0], field, width)
    for text, colour in _below(field, state, style):
        rows += wrapped(Content.styled(clean(text), colour))
    return rows


def _named(row: Content, field: Field, width: int) -> Content:
    """Return the first line of a row with the setting's name at its end, where there is room."""
    if width < NAMED_FROM or field.name == field.label:
        return row
    for edge in (min(width, NAMED_TO), width):
        space = edge - row.cell_length - len(field.name) - 1
        if space >= 2:
            return line(row, " " * space, (field.name, "$quiet"))
    return row


def plain_height(value: str, note: str, style: RowStyle, width: int) -> int | None:
    """Return the height of a row with a plain ASCII value and a note, or ``None`` if it must be laid out."""
    start = max(COLUMN + VALUE, COLUMN + len(value) + 2)
    room = max(1, width - style.indent)
    if note and width - start >= BESIDE:
        return 1 if len(note) <= width - start else None
    if len(note) > room:
        return None
    rows = 1 + bool(note)
    if COLUMN + len(value) <= width:
        return rows
    # A word that is longer than a line is broken at its end.
    return rows + -(-min(len(value), LONGEST) // room) if " " not in value and "-" not in value else None


def _value(field: Field, state: RowState, room: int) -> Content:
    """Return the value with its unit, or the default if it is not set; of a switch whether what it names is on."""
    if field.kind is Kind.SWITCH and state.problem is None:
        written = clean(state.value)[:LONGEST] if state.value is not None else "not set"
        style = "$quiet strike" if state.loses else "$quiet" if state.value is None else ""
        return line((field.state(state.value), style), (f"  {written}", "$quiet"))
    if state.value is None:
        unset = line(("not set", "$quiet"))
        whole = line(unset, (f"  {field.default}", "$faint"))
        return whole if whole.cell_length <= room else unset
    if not state.value and field.kind is Kind.SECRET:
        return line(("empty", "$quiet"))
    shown = state.value if state.revealed else mask_value(field.path, state.value)
    unit = f" {field.unit}" if field.unit else ""
    return line((clean(shown)[:LONGEST], "$quiet strike" if state.loses else ""), (unit, "$quiet"))


def _beside(state: RowState) -> Content:
    """Return the worst finding in short: sign, severity, code and title."""
    if state.problem:
        return line((f"✖ error  {state.problem}", "$error"))
    if not state.findings:
        return line((state.note, "$quiet"))
    worst = state.findings[0]
    colour = HEALTH_STYLES[worst.severity.health]
    return line(health_sign(worst.severity.health), (f" {worst.severity.value} {worst.code}  {worst.title}", colour))


def _below(field: Field, state: RowState, style: RowStyle) -> Iterator[tuple[str, str]]:
    """Yield the lines below the row: errors always, all else only for the current row."""
    for number, finding in enumerate(state.findings):
        if style.current or finding.severity is Severity.ERROR:
            named = f"{finding.severity.value} {finding.code}: " if number or state.problem else ""
            yield f"{named}{finding.message}", "$quiet"
            if finding.fix:
                key = f"enter, then {style.fix_key}: " if style.editing else f"{style.fix_key}  "
                yield f"{key}{finding.fix.description}", "$success"
    if not style.current:
        return
    yield field.help, "$quiet italic"
    yield f"{field.path}   default: {field.default}", "$faint"
    if style.choices:
        yield f"↓ to choose while editing: {', '.join(style.choices)}", "$quiet"
    if state.note and state.findings:
        yield state.note, "$quiet"


Row = Field | str
"""A setting, or the heading of a group."""
_ORDER = tuple(Scope)
SHORT = 16
"""Characters of a plain value that fit one line of any pane."""


class Rows(Sequence[Row]):
    """The known fields under the headings of their groups, then a field for each variable that is not known.

    A field is made when it is first asked for: a file may have thousands of them, and few are seen.
    """

    def __init__(self, unknown: Sequence[str]) -> None:
        self._unknown = unknown
        self._made: dict[str, Field] = {}

    def __len__(self) -> int:
        return len(_KNOWN) + len(self._unknown)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        """Return one row, or several."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        if at < len(_KNOWN):
            return _KNOWN[at]
        path = self._unknown[at - len(_KNOWN)]
        made = self._made.get(path)
        if made is None:
            made = self._made[path] = _free(path)
        return made

    def shows(self, unknown: Sequence[str]) -> bool:
        """Return whether these are the rows for the same variables."""
        return self._unknown is unknown

    @cached_property
    def paths(self) -> Sequence[str]:
        """Return the path of each row, an empty one for a heading."""
        return [*(row.path if isinstance(row, Field) else "" for row in _KNOWN), *self._unknown]


class FormView:
    """A draft as the form shows it. The state of a row is computed when the row is drawn."""

    def __init__(self, draft: Draft, *, revealed: bool = False, before: FormView | None = None) -> None:
        self.draft = draft
        same_file = before is not None and before.draft.file is draft.file
        self._own: list[str] = before._own if before is not None and same_file else _unknown(_variables(draft.file))
        """The paths of the variables in the file that stormdeck does not know."""
        added = _variables(draft.preview_file).keys() - _variables(draft.file).keys()
        more = {name: value for name, value in _variables(draft.preview_file).items() if name in added} if added else {}
        unknown = [*self._own, *_unknown(more)] if more else self._own
        is_same = before is not None and before.rows.shows(unknown)
        self.rows: Rows = before.rows if before is not None and is_same else Rows(unknown)
        self._revealed = revealed
        self._findings: dict[str, tuple[Finding, ...]] = {}
        for finding in draft.findings:
            self._findings[finding.path] = (*self._findings.get(finding.path, ()), finding)
        self._served = live_of(draft.deck).served_at("") or ()
        # URLs with a password are left out: a masked one would be saved with its dots.
        self._servers = tuple(url for url in draft.deck.discovery.answering if mask_text(url) == url)
        self._elsewhere = _set_elsewhere(draft)

    def state(self, shown: Field) -> RowState:
        """Return the state of a field's row."""
        path = shown.path
        value = self.draft.value(path)
        winner = self.draft.deck.settings.effective.get(path)
        return RowState(
            value=value,
            modified=path in self.draft.modified,
            revealed=self._revealed,
            findings=self._findings.get(path, ()),
            problem=None if value is None else problem(shown, value),
            note=_note(self.draft, shown) if path in self._elsewhere else "",
            loses=self.draft.sets(path) and winner is not None and _is_stronger(winner.scope, self.draft.scope),
            choices=self._served,
            servers=self._servers,
        )

    def changed_paths(self, before: FormView) -> frozenset[str] | None:
        """Return the paths whose rows may differ from another view; ``None``: all of them."""
        old, new = before.draft, self.draft
        if len(self.rows) != len(before.rows) or self._own is not before._own or self._revealed is not before._revealed:
            return None
        if old.deck.settings is not new.deck.settings or old.scope is not new.scope:
            return None
        edited = {edit.path for draft in (old, new) for edit in draft.edits}
        return frozenset(edited | self._findings.keys() | before._findings.keys())

    def has_problem(self, path: str) -> bool:
        """Return whether the row of a path has a finding, or a value of the wrong type."""
        value = self.draft.value(path)
        if path in self._findings or value is None:
            return path in self._findings
        shown = field_of(path)
        is_free = shown is None or shown.kind in _FREE
        return not (is_free and _is_plain(value)) and problem(shown or _free(path), value) is not None

    def plain_text(self, shown: Field, room: int = 0) -> tuple[str, str] | None:
        """Return the value and the note of a row that shows only those, in characters of one cell; else ``None``.

        The height of such a row can be computed. All others have to be laid out, which takes long for thousands. A
        value that is one line in ``room`` columns, masked or not, is returned as it is: masking takes long too.
        """
        path = shown.path
        value = self.draft.value(path)
        if shown.kind not in _FREE or path in self._findings or value is None or not _is_plain(value):
            return None
        if not self._revealed and (" " in value or len(value) + len(MASK) > room):
            value = mask_value(path, value).replace(MASK, "." * len(MASK))
        note = _note(self.draft, shown) if path in self._elsewhere else ""
        is_narrow = value.isascii() and note.isascii() and note.isprintable()
        return (value, note) if is_narrow else None

    def short_rows(self, room: int) -> frozenset[str]:
        """Return the paths of the file's own variables whose row is one line in that many columns for a value."""
        env, fits = _variables(self.draft.preview_file), -1 if self._revealed else room - len(MASK)
        loud = self._findings.keys() | self._elsewhere
        short = []
        for path in self._own:
            text = env.get(path[_ENV:])
            # Masked whole, in part or not at all, such a value fits. Masking each of thousands takes too long.
            if isinstance(text, str) and 0 < len(text) <= fits and " " not in text and text.isascii():
                if text.isprintable():
                    short.append(path)
            elif _is_plain(value := as_text(text) or "") and self._is_short(path, value, room):
                short.append(path)
        return frozenset(short).difference(loud)

    def _is_short(self, path: str, value: str, room: int) -> bool:
        """Return whether a value is surely one line."""
        name = path.removeprefix("env.")
        if self._revealed or not is_secret_name(name):
            return value.isascii() and len(value) <= min(SHORT, room)
        is_masked_whole = not holds_headers(name) and name.lower() != "authorization" and not is_harmless(name, value)
        return is_masked_whole and len(MASK) <= room


_ENV = len("env.")
_FREE = {Kind.TEXT, Kind.SECRET}
"""Kinds of values that any text is valid for."""


def _is_plain(value: str) -> bool:
    """Return whether a value is a printable text, so that its type has no problem with it."""
    return value.isprintable() and bool(value.strip())


def _set_elsewhere(draft: Draft) -> frozenset[str]:
    """Return the paths that other scopes set."""
    settings = draft.deck.settings
    others = (file for file in settings.files if file.scope is not draft.scope)
    paths = {path for file in others for path, _ in entries(file.values)}
    return frozenset(paths.union(f"env.{name}" for name in settings.shell))


def _known() -> list[Row]:
    rows: list[Row] = []
    group = None
    for shown in FIELDS:
        if shown.group is not group:
            group = shown.group
            rows.append(group.value)
        rows.append(shown)
    return rows


_KNOWN = _known()


def _unknown(env: Mapping[str, object]) -> list[str]:
    """Return the path of each variable that stormdeck does not know."""
    return [f"env.{name}" for name, value in env.items() if name not in _OWN_ROW and not isinstance(value, dict | list)]


_OWN_ROW = frozenset(shown.path.removeprefix("env.") for shown in FIELDS if shown.path.startswith("env."))
"""The variables that the form has a field for."""


def _variables(file: SettingsFile | None) -> Mapping[str, object]:
    env = file.values.get("env") if file is not None else None
    return env if isinstance(env, dict) else {}


def _free(path: str) -> Field:
    """Return the field of a variable that stormdeck does not know."""
    name = path.removeprefix("env.")
    kind = Kind.SECRET if is_secret_name(name) else Kind.TEXT
    return Field(path, name[:20], kind, Group.OTHER, "A variable that stormdeck does not know.", "none")


def _is_stronger(one: Scope, other: Scope) -> bool:
    return _ORDER.index(one) < _ORDER.index(other)


def _note(draft: Draft, shown: Field) -> str:
    """Return which other scopes set a value, and which one wins."""
    settings = draft.deck.settings
    others = [scope for scope in shadows(settings, shown.path) if scope is not draft.scope]
    if not others:
        return ""
    winner = settings.effective[shown.path]
    if not _is_stronger(winner.scope, draft.scope):
        return f"wins over {' and '.join(scope.value for scope in others)}"
    text = "" if shown.kind is Kind.SECRET else f": {mask_value(shown.path, str(winner.value))}"
    return f"{winner.scope.value} wins{text}"
