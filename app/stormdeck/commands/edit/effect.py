"""Find out what an edit of the settings changes: new findings, and findings that remain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """Findings on the edited settings that existed before."""
    stronger: Mapping[Scope, Sequence[str]]
    """The edited settings that a scope of higher priority also sets."""
    errors: tuple[Finding, ...] = ()
    """New errors that stop the edit, of codes that occur more often than before.

    Errors on other settings do not stop the edit of one value: a user who sets the base URL sets the token next.
    """

    def as_text(self) -> Iterator[str]:
        """Yield the effect as lines, with secrets masked, new findings first."""
        for scope, paths in self.stronger.items():
            yield f"It has no effect: the {scope.value} settings also set {', '.join(paths)}, and have priority."
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


def effect_of(known: Knowledge, edited: SettingsFile, paths: Sequence[str], *, complete: bool = False) -> Effect:
    """Return the effect of a file's new text; ``paths`` are the edited settings.

    ``complete``: they are all that a server needs, so that a new error on any setting stops the edit.
    """
    after_edit = previewed(known.settings, edited)
    # Checked even if there are no settings yet: what an empty file lacks is not caused by its first value.
    known_before = check(facts_of(known.deck(known.settings)))
    before = {(one.code, one.path): one.message for one in known_before}
    after = located(after_edit, check(facts_of(known.deck(after_edit), changed=frozenset(paths))))

    def is_new(one: Finding) -> bool:
        message = before.get((one.code, one.path))
        return message is None or (one.path in paths and message != one.message)

    fresh = tuple(one for one in after if is_new(one))
    worse = _errors(after) - _errors(known_before)
    touched = (known.settings.effective.keys() | after_edit.effective.keys()) & {one.path for one in fresh}
    own = {one for one in touched if any(one == path or one.startswith(f"{path}.") for path in paths)}
    stronger: dict[Scope, list[str]] = {}
    for path in paths:
        winner = next(iter(shadows(after_edit, path)), edited.scope)
        if _SCOPES.index(winner) < _SCOPES.index(edited.scope):
            stronger.setdefault(winner, []).append(path)
    return Effect(
        after_edit,
        fresh,
        tuple(one for one in after if one.path in paths and not is_new(one)),
        stronger,
        tuple(
            one
            for one in fresh
            if one.severity is Severity.ERROR and one.code in worse and (complete or one.path in own)
        ),
    )


def _errors(found: Iterable[Finding]) -> Counter[str]:
    return Counter(one.code for one in found if one.severity is Severity.ERROR)
