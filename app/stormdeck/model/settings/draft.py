"""A draft: the edits of one scope that are not saved yet, and what would follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Edit, Finding
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.rules.facts import Facts, RunningClient
from stormdeck.model.rules.gather import findings_of
from stormdeck.model.settings.diff import DiffLine, diff
from stormdeck.model.settings.fixing import fixes
from stormdeck.model.settings.merge import edited, preview
from stormdeck.model.settings.scope import Scope, SettingsFile


@dataclass(frozen=True, slots=True)
class Draft:
    """Edits on top of the file as it is now: an outside change never undoes them, nor they it."""

    deck: Deck = field(default_factory=Deck)
    """What is known besides: the files of all scopes, the live servers, the client's version."""
    scope: Scope = Scope.USER
    edits: tuple[Edit, ...] = ()
    """In the order in which they were made; the last one of a path counts."""
    undone: tuple[Edit, ...] = ()
    """Those taken back, the last one first to come again."""

    @property
    def file(self) -> SettingsFile | None:
        """Return the file of the scope, as it was read."""
        return self.deck.settings.file(self.scope)

    @property
    def editable(self) -> bool:
        """Say whether the file can be edited: it is writable, and in effect."""
        return self.file is not None and self.file.error is None and self.file.writable and self.scope in EDITABLE

    def edit(self, path: str, value: str | None) -> Draft:
        """Return the draft with one more edit."""
        return self.take((Edit(path, value),))

    def take(self, edits: Iterable[Edit]) -> Draft:
        """Return the draft with more edits."""
        return replace(self, edits=(*self.edits, *edits), undone=())

    def undo(self) -> Draft:
        """Return the draft without its last edit."""
        return replace(self, edits=self.edits[:-1], undone=(*self.undone, *self.edits[-1:]))

    def redo(self) -> Draft:
        """Return the draft with the edit that was taken back last."""
        return replace(self, edits=(*self.edits, *self.undone[-1:]), undone=self.undone[:-1])

    def text(self) -> str:
        """Return the text that a save would write."""
        if self.file is None:
            return ""
        made = edited(self.file.text, self.edits)
        return made if isinstance(made, str) else self.file.text

    def diff(self) -> tuple[DiffLine, ...]:
        """Return the lines that a save would change, secrets masked."""
        return diff(self.file.text, self.text(), known_secrets(self.deck.settings)) if self.file is not None else ()

    @property
    def changed(self) -> bool:
        """Say whether a save would change the file."""
        return self.file is not None and self.text() != self.file.text

    def values(self) -> Mapping[str, str | None]:
        """Return every value that the scope would have, as text by key path; null is ``None``."""
        would = preview(self.deck.settings, self.scope, self.edits).file(self.scope)
        return Facts.of_file(would).values if would is not None else {}

    def modified(self) -> frozenset[str]:
        """Return the paths whose value a save would change."""
        before, after = replace(self, edits=()).values(), self.values()
        return frozenset(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))

    def findings(self) -> tuple[Finding, ...]:
        """Return what the rules say about the values that would be in force."""
        return findings_of(self.deck, preview(self.deck.settings, self.scope, self.edits), self.modified())

    def fixed(self) -> Draft:
        """Return the draft with every safe fix that helps when it is made in this scope."""
        would = preview(self.deck.settings, self.scope, self.edits)
        return self.take(fixes(would, self.scope, lambda settings: findings_of(self.deck, settings)).edits)


EDITABLE = frozenset({Scope.USER, Scope.PROJECT, Scope.LOCAL})
"""The scopes that a user writes; an administrator's, a flag's and the shell's are only shown."""


def taken_up(draft: Draft) -> str:
    """Return what running sessions make of a draft that is being saved, by the client's version."""
    changed = draft.modified()
    would = preview(draft.deck.settings, draft.scope, draft.edits)
    clients = (RunningClient(0, draft.deck.client_version),)
    left = [one for one in findings_of(draft.deck, would, changed, clients) if one.code == "FILE708"]
    if not left:
        return "Running sessions take it up with their next request."
    names = ", ".join(sorted({finding.path.removeprefix("env.") for finding in left}))
    return f"Running sessions do not take up {names}: restart them."
