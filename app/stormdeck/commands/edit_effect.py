"""Find out what an edit of the settings changes: new findings, and findings that remain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stormdeck.commands.check.knowledge import Knowledge
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.rules.collect import facts_of
from stormdeck.model.rules.locations import located, where
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import previewed, shadows
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot

_SCOPES = tuple(Scope)
"""Highest priority first."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The settings and findings after an edit, from the rules that need no server."""

    after_edit: SettingsSnapshot
    new: tuple[Finding, ...]
    """Findings that the edit causes, worst first."""
    remaining: tuple[Finding, ...]
    """Findings on the edited setting that existed before."""
    stronger: Scope | None
    """A scope of higher priority that also sets the value."""
    path: str
    errors: tuple[Finding, ...] = ()
    """New errors on the edited setting itself, of codes that occur more often than before.

    Errors on other settings do not stop an edit: a user who sets the base URL sets the token next.
    """

    def as_text(self) -> Iterator[str]:
        """Yield the effect as lines, with secrets masked, new findings first."""
        if self.stronger is not None:
            yield f"It has no effect: the {self.stronger.value} settings also set {self.path}, and have priority."
        hide = known_secrets(self.after_edit)
        for heading, found in (("New with this edit:", self.new), ("As before:", self.remaining)):
            if found:
                yield heading
            for one in found:
                yield hide(f"{where(self.after_edit, one)}: {one.severity.value} {one.code}: {one.message}")

    def as_json(self) -> list[dict[str, Any]]:
        """Return the findings for ``--json``, with secrets masked."""
        hide = known_secrets(self.after_edit)
        return [
            {
                "code": one.code,
                "severity": one.severity.value,
                "path": one.path,
                "message": hide(one.message),
                "new": new,
            }
            for new, found in ((True, self.new), (False, self.remaining))
            for one in found
        ]


def effect_of(known: Knowledge, edited: SettingsFile, path: str) -> Effect:
    """Return the effect of a file's new text; ``path`` is the edited setting."""
    after_edit = previewed(known.settings, edited)
    # Checked even if there are no settings yet: what an empty file lacks is not caused by its first value.
    known_before = check(facts_of(known.deck(known.settings)))
    before = {(one.code, one.path): one.message for one in known_before}
    after = located(after_edit, check(facts_of(known.deck(after_edit), changed=frozenset({path}))))

    def is_new(one: Finding) -> bool:
        message = before.get((one.code, one.path))
        return message is None or (one.path == path and message != one.message)

    fresh = tuple(one for one in after if is_new(one))
    worse = _errors(after) - _errors(known_before)
    touched = (known.settings.effective.keys() | after_edit.effective.keys()) & {one.path for one in fresh}
    own = {one for one in touched if one == path or one.startswith(f"{path}.")}
    winner = next(iter(shadows(after_edit, path)), edited.scope)
    return Effect(
        after_edit,
        fresh,
        tuple(one for one in after if one.path == path and not is_new(one)),
        winner if _SCOPES.index(winner) < _SCOPES.index(edited.scope) else None,
        path,
        tuple(one for one in fresh if one.severity is Severity.ERROR and one.code in worse and one.path in own),
    )


def _errors(found: Iterable[Finding]) -> Counter[str]:
    return Counter(one.code for one in found if one.severity is Severity.ERROR)
