"""What each row of the form shows for a draft."""

from __future__ import annotations

from collections.abc import Mapping

from stormdeck.model.finding import Finding
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.masking.names import is_secret_name
from stormdeck.model.masking.values import mask_value
from stormdeck.model.rules.live import live_of
from stormdeck.model.settings.draft import Draft
from stormdeck.model.settings.field import Field, Group, Kind, problem
from stormdeck.model.settings.fields import FIELDS, field_of
from stormdeck.model.settings.merge import entries, shadows
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.ui.widgets.row_lines import RowState

Row = Field | str
"""A setting, or the heading of a group."""
_ORDER = tuple(Scope)
SHORT = 16
"""Letters of a plain value that every pane has room for in one line."""


class FormView:
    """One draft as the form shows it; the state of a row is made when the row is drawn."""

    def __init__(self, draft: Draft, *, revealed: bool = False, before: FormView | None = None) -> None:
        self.draft = draft
        same_file = before is not None and before.draft.file is draft.file
        self._own: list[Field] = (
            before._own if before is not None and same_file else _free_fields(_variables(draft.file))
        )
        """A field for each variable of the file that the form does not know."""
        added = _variables(draft.would_file).keys() - _variables(draft.file).keys()
        more = {name: value for name, value in _variables(draft.would_file).items() if name in added} if added else {}
        self.rows: list[Row] = [*_KNOWN, *self._own, *_free_fields(more)]
        """The known fields under the headings of their groups, then the variables that the form does not know."""
        self._revealed = revealed
        self._findings: dict[str, tuple[Finding, ...]] = {}
        for finding in draft.findings:
            self._findings[finding.path] = (*self._findings.get(finding.path, ()), finding)
        self._served = live_of(draft.deck).served_at("") or ()
        # One with a password is left out: masked it would be written with its dots.
        self._servers = tuple(url for url in draft.deck.discovery.answering if mask_text(url) == url)
        self._elsewhere = _set_elsewhere(draft)

    def state(self, shown: Field) -> RowState:
        """Return the state of a field's row."""
        path = shown.path
        values = self.draft.values
        value = values.get(path)
        winner = self.draft.deck.settings.effective.get(path)
        return RowState(
            value=value,
            modified=path in self.draft.modified,
            revealed=self._revealed,
            findings=self._findings.get(path, ()),
            problem=None if value is None else problem(shown, value),
            note=_note(self.draft, shown) if path in self._elsewhere else "",
            loses=path in values and winner is not None and _is_stronger(winner.scope, self.draft.scope),
            choices=self._served,
            servers=self._servers,
        )

    def others_than(self, before: FormView) -> frozenset[str] | None:
        """Return the paths whose rows may be others than in the view before; ``None``: all of them."""
        old, new = before.draft, self.draft
        if len(self.rows) != len(before.rows) or self._own is not before._own or self._revealed is not before._revealed:
            return None
        if old.deck.settings is not new.deck.settings or old.scope is not new.scope:
            return None
        edited = {edit.path for draft in (old, new) for edit in draft.edits}
        return frozenset(edited | self._findings.keys() | before._findings.keys())

    def plain_text(self, shown: Field) -> tuple[str, str] | None:
        """Return the value and the note of a row that nothing else is said about; ``None``: it has more to show.

        Of thousands of rows only the others have to be laid out to know how high they are.
        """
        path = shown.path
        value = self.draft.values.get(path)
        if path in self._findings or value is None:
            return None
        note = _note(self.draft, shown) if path in self._elsewhere else ""
        # Printable plain letters have one cell each, and a text with one of them is a value.
        is_plain = shown.kind is Kind.TEXT and value.isascii() and value.isprintable() and value.strip()
        return (value, note) if is_plain and note.isascii() and note.isprintable() else None

    def short_rows(self) -> frozenset[str]:
        """Return the paths of variables of the file with a short plain value that nothing else is said about."""
        loud = self._findings.keys() | self._elsewhere
        values = self.draft.values
        return frozenset(
            one.path
            for one in self._own
            if one.kind is Kind.TEXT
            and len(value := values.get(one.path) or "") <= SHORT
            and one.path not in loud
            and value.isascii()
            and value.isprintable()
            and value.strip()
        )


def _set_elsewhere(draft: Draft) -> frozenset[str]:
    """Return the paths that another scope sets too."""
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


def _free_fields(env: Mapping[str, object]) -> list[Field]:
    """Return a field for each variable that the form does not know."""
    paths = (f"env.{name}" for name, value in env.items() if not isinstance(value, dict | list))
    return [_free(path) for path in paths if field_of(path) is None]


def _variables(file: SettingsFile | None) -> Mapping[str, object]:
    env = file.values.get("env") if file is not None else None
    return env if isinstance(env, dict) else {}


def _free(path: str) -> Field:
    """Return the field of a variable that the form does not know."""
    name = path.removeprefix("env.")
    kind = Kind.SECRET if is_secret_name(name) else Kind.TEXT
    return Field(path, name[:20], kind, Group.OTHER, "A variable of yours that stormdeck knows nothing of.", "none")


def _is_stronger(one: Scope, other: Scope) -> bool:
    return _ORDER.index(one) < _ORDER.index(other)


def _note(draft: Draft, shown: Field) -> str:
    """Return who else sets a value, and who wins."""
    settings = draft.deck.settings
    others = [scope for scope in shadows(settings, shown.path) if scope is not draft.scope]
    if not others:
        return ""
    winner = settings.effective[shown.path]
    if not _is_stronger(winner.scope, draft.scope):
        return f"wins over {' and '.join(scope.value for scope in others)}"
    text = "" if shown.kind is Kind.SECRET else f": {mask_value(shown.path, str(winner.value))}"
    return f"{winner.scope.value} wins{text}"
