"""A draft: the edits of one scope that are not saved yet, and what would follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from stormdeck.model.deck import Deck
from stormdeck.model.editing.diff import DiffLine, diff
from stormdeck.model.editing.fixing import fixes
from stormdeck.model.finding import Edit, Finding
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.rules.collect import findings_of, untried
from stormdeck.model.settings.merge import entries, has_entry, preview, value_at
from stormdeck.model.settings.scope import EDITABLE, Scope, SettingsFile, SettingsSnapshot, as_text
from stormdeck.model.snapshots.client import RunningClient

_KEPT = 3
"""States kept for undo: a long file's takes some megabytes."""


@dataclass(frozen=True)
class Draft:
    """Edits on top of the file as it is now: an outside change never undoes them, nor they it.

    What follows from them is worked out once a draft: the text is read once and the rules run once, however many
    widgets show it.
    """

    deck: Deck = field(default_factory=Deck)
    """What is known besides: the files of all scopes, the live servers, the client's version."""
    scope: Scope = Scope.USER
    edits: tuple[Edit, ...] = ()
    """In the order in which they were made; the last one of a path counts."""
    undone: tuple[Edit, ...] = ()
    """Those taken back, the last one first to come again."""
    made: SettingsSnapshot | None = field(default=None, repr=False, compare=False)
    """The settings with the edits made; ``None``: not worked out yet."""
    past: tuple[SettingsSnapshot, ...] = field(default=(), repr=False, compare=False)
    """The settings before each of the last edits, the last one last, so that undo reads no text."""

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
        more = tuple(edits)
        if not more:
            return self
        past = (*self.past[1 - _KEPT :], self.would) if len(more) == 1 else ()
        return replace(
            self, edits=(*self.edits, *more), undone=(), made=preview(self.would, self.scope, more), past=past
        )

    def undo(self) -> Draft:
        """Return the draft without its last edit."""
        made = self.past[-1] if self.past else None
        undone = (*self.undone, *self.edits[-1:])
        return replace(self, edits=self.edits[:-1], undone=undone, made=made, past=self.past[:-1])

    def redo(self) -> Draft:
        """Return the draft with the edit that was taken back last."""
        return replace(self.take(self.undone[-1:]), undone=self.undone[:-1])

    def on(self, deck: Deck) -> Draft:
        """Return the draft on top of what is known now."""
        if deck is self.deck:
            return self
        same = deck.settings is self.deck.settings
        return replace(self, deck=deck, made=self.would if same else None, past=self.past if same else ())

    @cached_property
    def would(self) -> SettingsSnapshot:
        """Return the settings of all scopes as a save would leave them."""
        return self.made if self.made is not None else preview(self.deck.settings, self.scope, self.edits)

    @property
    def would_file(self) -> SettingsFile | None:
        """Return the file of the scope as a save would leave it."""
        return self.would.file(self.scope)

    def text(self) -> str:
        """Return the text that a save would write."""
        return self.would_file.text if self.would_file is not None else ""

    def diff(self) -> tuple[DiffLine, ...]:
        """Return the lines that a save would change, secrets masked."""
        return diff(self.file.text, self.text(), known_secrets(self.deck.settings)) if self.file is not None else ()

    @property
    def changed(self) -> bool:
        """Say whether a save would change the file."""
        return self.file is not None and self.text() != self.file.text

    @cached_property
    def values(self) -> Mapping[str, str | None]:
        """Return every value that the scope would have, as text by key path; null is ``None``."""
        return _texts(self.would_file)

    @cached_property
    def modified(self) -> frozenset[str]:
        """Return the paths whose value a save would change."""
        old, new = self.file, self.would_file
        if old is None or new is None:
            return frozenset()
        paths = {edit.path for edit in self.edits}
        return frozenset(path for path in paths if _text_at(old, path) != _text_at(new, path))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Return what the rules say about the values that would be in force, with the fixes that help here."""
        return findings_of(self.deck, self.would, self.modified, scope=self.scope)

    def fixed(self) -> Draft:
        """Return the draft with every safe fix that helps when it is made in this scope."""
        return self.take(fixes(self.would, self.scope, lambda settings: untried(self.deck, settings)).edits)


def _texts(file: SettingsFile | None) -> Mapping[str, str | None]:
    return {path: as_text(value) for path, value in entries(file.values)} if file is not None else {}


def _text_at(file: SettingsFile, path: str) -> str | None:
    return as_text(value_at(file.values, path)) if has_entry(file.values, path) else None


def taken_up(draft: Draft) -> str:
    """Return what running sessions make of a draft that is being saved, by the client's version."""
    clients = (RunningClient(0, draft.deck.client_version),)
    found = untried(draft.deck, draft.would, draft.modified, clients)
    left = [one for one in found if one.code == "FILE708"]
    if not left:
        return "Running sessions take it up with their next request."
    names = ", ".join(sorted({finding.path.removeprefix("env.") for finding in left}))
    return f"Running sessions do not take up {names}: restart them."
