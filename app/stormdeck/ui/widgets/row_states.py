"""What each row of the form shows for a draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stormdeck.model.finding import Finding
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.masking.names import is_secret_name
from stormdeck.model.masking.values import mask_value
from stormdeck.model.rules.live import live_of
from stormdeck.model.settings.draft import Draft
from stormdeck.model.settings.field import Field, Group, Kind, problem
from stormdeck.model.settings.fields import field_of
from stormdeck.model.settings.merge import shadows
from stormdeck.model.settings.scope import Scope
from stormdeck.ui.widgets.row_lines import RowState


def row_states(
    draft: Draft, fields: Iterable[Field], findings: tuple[Finding, ...], *, revealed: bool
) -> Iterator[RowState]:
    """Yield the state of each field's row."""
    values, modified = draft.values(), draft.modified()
    served = live_of(draft.deck).served or ()
    for shown in fields:
        path = shown.path
        value = values.get(path)
        winner = draft.deck.settings.effective.get(path)
        yield RowState(
            value=value,
            modified=path in modified,
            revealed=revealed,
            findings=tuple(finding for finding in findings if finding.path == path),
            problem=None if value is None else problem(shown, value),
            note=_note(draft, shown),
            loses=path in values and winner is not None and _is_stronger(winner.scope, draft.scope),
            choices=served,
            servers=_offered(draft),
        )


def _offered(draft: Draft) -> tuple[str, ...]:
    """Return the URLs to pick from. One with a password is left out: masked it would be written with its dots."""
    urls = [found.url for found in draft.deck.discovery.found]
    return tuple(url for url in urls if mask_text(url) == url)


def free_fields(draft: Draft) -> list[Field]:
    """Return a field for each variable of the scope that the form does not know."""
    return [_free(path) for path in draft.values() if path.startswith("env.") and field_of(path) is None]


def _free(path: str) -> Field:
    name = path.removeprefix("env.")
    kind = Kind.SECRET if is_secret_name(name) else Kind.TEXT
    return Field(path, name[:20], kind, Group.OTHER, "A variable of yours that stormdeck knows nothing of.", "none")


def _is_stronger(one: Scope, other: Scope) -> bool:
    order = list(Scope)
    return order.index(one) < order.index(other)


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
