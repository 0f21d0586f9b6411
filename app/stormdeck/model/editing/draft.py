"""Hold the unsaved edits of one scope, and compute their effect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from stormdeck.model.deck import Deck
from stormdeck.model.editing.diff import DiffLine, diff
from stormdeck.model.finding import Edit, Finding
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.known import KnownSecrets
from stormdeck.model.rules.collect import findings_of, raw_findings
from stormdeck.model.rules.fixing import safe_fixes
from stormdeck.model.settings.merge import has_entry, preview, value_at
from stormdeck.model.settings.scope import EDITABLE, Scope, SettingsFile, SettingsSnapshot, as_text
from stormdeck.model.snapshots.client import RunningClient

_KEPT = 3
"""States kept for undo; a long file needs some megabytes each."""
_NAMED = 3
"""Settings that a message names; of more it says how many."""


@dataclass(frozen=True)
class Draft:
    """Unsaved edits on top of the current file. A change by another program and the edits do not undo each other.

    A draft is immutable, and everything derived from it is computed once: the text is scanned once and the rules run
    once, no matter how many widgets show it.

        draft = Draft(deck).edit("env.ANTHROPIC_BASE_URL", "http://127.0.0.1:8000")
        draft.findings, draft.diff(), draft.text()
    """

    deck: Deck = field(default_factory=Deck)
    """The files of all scopes, the running servers, and the client's version."""
    scope: Scope = Scope.USER
    edits: tuple[Edit, ...] = ()
    """In the order in which they were made; the last one for a path counts."""
    undone: tuple[Edit, ...] = ()
    """Edits that were undone; the last one is redone first."""
    made: SettingsSnapshot | None = field(default=None, repr=False, compare=False)
    """The settings with the edits applied; ``None`` if not computed yet."""
    past: tuple[SettingsSnapshot, ...] = field(default=(), repr=False, compare=False)
    """The settings before each of the last edits, so that undo scans no text."""

    @property
    def file(self) -> SettingsFile | None:
        """Return the file of the scope, as it was read."""
        return self.deck.settings.file(self.scope)

    @property
    def editable(self) -> bool:
        """Return whether the file can be edited: it is writable and in effect."""
        return self.file is not None and self.file.error is None and self.file.writable and self.scope in EDITABLE

    def edit(self, path: str, value: str | None) -> Draft:
        """Return the draft with one more edit."""
        return self.take((Edit(path, value),))

    def take(self, edits: Iterable[Edit]) -> Draft:
        """Return the draft with more edits."""
        more = tuple(edits)
        if not more:
            return self
        past = (*self.past[1 - _KEPT :], self.preview) if len(more) == 1 else ()
        return replace(
            self, edits=(*self.edits, *more), undone=(), made=preview(self.preview, self.scope, more), past=past
        )

    def undo(self) -> Draft:
        """Return the draft without its last edit."""
        made = self.past[-1] if self.past else None
        undone = (*self.undone, *self.edits[-1:])
        return replace(self, edits=self.edits[:-1], undone=undone, made=made, past=self.past[:-1])

    def redo(self) -> Draft:
        """Return the draft with the last undone edit applied again."""
        return replace(self.take(self.undone[-1:]), undone=self.undone[:-1])

    def on(self, deck: Deck) -> Draft:
        """Return the same edits on top of a new deck."""
        if deck is self.deck:
            return self
        same = deck.settings is self.deck.settings
        return replace(self, deck=deck, made=self.preview if same else None, past=self.past if same else ())

    @cached_property
    def preview(self) -> SettingsSnapshot:
        """Return the settings of all scopes after a save."""
        return self.made if self.made is not None else preview(self.deck.settings, self.scope, self.edits)

    @property
    def preview_file(self) -> SettingsFile | None:
        """Return the file of the scope after a save."""
        return self.preview.file(self.scope)

    def text(self) -> str:
        """Return the text that a save writes."""
        return self.preview_file.text if self.preview_file is not None else ""

    def diff(self) -> tuple[DiffLine, ...]:
        """Return the lines that a save changes, with secrets masked."""
        return diff(self.file.text, self.text(), self.secrets) if self.file is not None else ()

    @property
    def secrets(self) -> KnownSecrets:
        """Return a masker for the secrets in all scopes, before and after a save."""
        return known_secrets(self.preview, before=self.deck.settings)

    @property
    def changed(self) -> bool:
        """Return whether a save changes the file."""
        return self.file is not None and self.text() != self.file.text

    def value(self, path: str) -> str | None:
        """Return a value of the scope after a save, as text; ``None`` if it is not set or null."""
        return _text_at(self.preview_file, path) if self.preview_file is not None else None

    def sets(self, path: str) -> bool:
        """Return whether the scope sets a value after a save, even to null."""
        return self.preview_file is not None and has_entry(self.preview_file.values, path)

    @cached_property
    def modified(self) -> frozenset[str]:
        """Return the paths whose values a save changes."""
        old, new = self.file, self.preview_file
        if old is None or new is None:
            return frozenset()
        paths = {edit.path for edit in self.edits}
        return frozenset(path for path in paths if _text_at(old, path) != _text_at(new, path))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings about the settings after a save, with fixes that work in this scope."""
        return findings_of(self.deck, self.preview, self.modified, scope=self.scope)

    def fixed(self) -> Draft:
        """Return the draft with all safe fixes that work in this scope."""
        return self.take(safe_fixes(self.preview, self.scope, lambda settings: raw_findings(self.deck, settings)).edits)


def _text_at(file: SettingsFile, path: str) -> str | None:
    return as_text(value_at(file.values, path)) if has_entry(file.values, path) else None


def pickup_message(draft: Draft) -> str:
    """Return, as a sentence, which changes of a draft running sessions will use."""
    return pickup_of(draft.deck, draft.preview, draft.modified)


def pickup_of(deck: Deck, after: SettingsSnapshot, paths: Iterable[str]) -> str:
    """Return, as a sentence, which of these changes running sessions will use, depending on the client's version."""
    clients = (RunningClient(0, deck.client_version),)
    found = raw_findings(deck, after, frozenset(paths), clients)
    left = [one for one in found if one.code == "FILE708"]
    if not left:
        return "Running sessions use it from their next request on."
    names = sorted({finding.path.removeprefix("env.") for finding in left})
    what = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} of these changes"
    return f"Running sessions do not pick up {what}: restart them."
