"""What an edit of the settings brings: the findings that are new with it, and those that stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stormdeck.commands.checking import Knowledge
from stormdeck.commands.hiding import Hider
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.rules.gather import facts_of
from stormdeck.model.rules.located import located, where
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import previewed, shadows
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot


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

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the new findings that are errors."""
        return tuple(one for one in self.new if one.severity is Severity.ERROR)

    def as_text(self) -> Iterator[str]:
        """Yield the effect in lines, secrets masked: new findings first."""
        if self.stronger is not None:
            yield f"It has no effect: the {self.stronger.value} settings set {self.path} too, and win."
        hide = Hider(self.would)
        for heading, found in (("New with this edit:", self.new), ("As before:", self.standing)):
            if found:
                yield heading
            for one in found:
                yield hide(f"{where(self.would, one)}: {one.severity.value} {one.code}: {one.message}")

    def as_json(self) -> list[dict[str, Any]]:
        """Return the findings for ``--json``, secrets masked."""
        hide = Hider(self.would)
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
    before = {(one.code, one.path): one.message for one in check(facts_of(known.deck(known.settings)))}
    after = located(would, check(facts_of(known.deck(would), changed=frozenset({path}))))

    def is_new(one: Finding) -> bool:
        message = before.get((one.code, one.path))
        return message is None or (one.path == path and message != one.message)

    winner = next(iter(shadows(would, path)), edited.scope)
    return Effect(
        would,
        tuple(one for one in after if is_new(one)),
        tuple(one for one in after if one.path == path and not is_new(one)),
        winner if winner is not edited.scope else None,
        path,
    )
