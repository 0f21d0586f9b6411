"""What an edit of the settings brings: the findings that are new with it, and those that stay."""

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
"""Strongest first."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What is in force after an edit, by the rules that need no server."""

    would: SettingsSnapshot
    new: tuple[Finding, ...]
    """Findings that the edit brings, worst first."""
    standing: tuple[Finding, ...]
    """Findings about the edited setting that were there before."""
    stronger: Scope | None
    """The scope that sets the value too, and wins."""
    path: str
    errors: tuple[Finding, ...] = ()
    """The new errors about what was edited itself, of a kind of which there are more than before: it got worse.

    What is missing elsewhere is no reason against a first step: somebody who sets the base URL sets the token next.
    """

    def as_text(self) -> Iterator[str]:
        """Yield the effect in lines, secrets masked: new findings first."""
        if self.stronger is not None:
            yield f"It has no effect: the {self.stronger.value} settings set {self.path} too, and win."
        hide = known_secrets(self.would)
        for heading, found in (("New with this edit:", self.new), ("As before:", self.standing)):
            if found:
                yield heading
            for one in found:
                yield hide(f"{where(self.would, one)}: {one.severity.value} {one.code}: {one.message}")

    def as_json(self) -> list[dict[str, Any]]:
        """Return the findings for ``--json``, secrets masked."""
        hide = known_secrets(self.would)
        return [
            {
                "code": one.code,
                "severity": one.severity.value,
                "path": one.path,
                "message": hide(one.message),
                "new": new,
            }
            for new, found in ((True, self.new), (False, self.standing))
            for one in found
        ]


def effect_of(known: Knowledge, edited: SettingsFile, path: str) -> Effect:
    """Return what follows from a file's new text; ``path`` is the setting that was edited."""
    would = previewed(known.settings, edited)
    # Not left out where there are no settings yet: what an empty file lacks is not new with the first value in it.
    known_before = check(facts_of(known.deck(known.settings)))
    before = {(one.code, one.path): one.message for one in known_before}
    after = located(would, check(facts_of(known.deck(would), changed=frozenset({path}))))

    def is_new(one: Finding) -> bool:
        message = before.get((one.code, one.path))
        return message is None or (one.path == path and message != one.message)

    fresh = tuple(one for one in after if is_new(one))
    worse = _errors(after) - _errors(known_before)
    touched = (known.settings.effective.keys() | would.effective.keys()) & {one.path for one in fresh}
    own = {one for one in touched if one == path or one.startswith(f"{path}.")}
    winner = next(iter(shadows(would, path)), edited.scope)
    return Effect(
        would,
        fresh,
        tuple(one for one in after if one.path == path and not is_new(one)),
        winner if _SCOPES.index(winner) < _SCOPES.index(edited.scope) else None,
        path,
        tuple(one for one in fresh if one.severity is Severity.ERROR and one.code in worse and one.path in own),
    )


def _errors(found: Iterable[Finding]) -> Counter[str]:
    return Counter(one.code for one in found if one.severity is Severity.ERROR)
