"""A draft: the edits of one scope that are not saved yet, and what would follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stormdeck.model.finding import Edit, Finding
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.diff import DiffLine, diff
from stormdeck.model.settings.merge import edited, preview
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot


@dataclass(frozen=True, slots=True)
class Draft:
    """Edits on top of the file as it is now: an outside change never undoes them, nor they it."""

    snapshot: SettingsSnapshot
    scope: Scope = Scope.USER
    edits: tuple[Edit, ...] = ()
    """In the order in which they were made; the last one of a path counts."""
    client_version: str | None = None
    served: tuple[str, ...] | None = None

    @property
    def file(self) -> SettingsFile | None:
        """Return the file of the scope, as it was read."""
        return self.snapshot.file(self.scope)

    @property
    def editable(self) -> bool:
        """Say whether the file can be edited: it is writable, and JSON."""
        return self.file is not None and self.file.error is None and self.file.writable

    def edit(self, path: str, value: str | None) -> Draft:
        """Return the draft with one more edit."""
        return replace(self, edits=(*self.edits, Edit(path, value)))

    def undo(self) -> Draft:
        """Return the draft without its last edit."""
        return replace(self, edits=self.edits[:-1])

    def put_back(self, path: str) -> Draft:
        """Return the draft with no edit of a path."""
        return replace(self, edits=tuple(edit for edit in self.edits if edit.path != path))

    def text(self) -> str:
        """Return the text that a save would write."""
        if self.file is None:
            return ""
        made = edited(self.file.text, self.edits)
        return made if isinstance(made, str) else self.file.text

    def diff(self) -> tuple[DiffLine, ...]:
        """Return the lines that a save would change, secrets masked."""
        return diff(self.file.text, self.text()) if self.file is not None else ()

    @property
    def changed(self) -> bool:
        """Say whether a save would change the file."""
        return self.file is not None and self.text() != self.file.text

    def values(self) -> Mapping[str, str | None]:
        """Return every value that the scope would have, as text by key path; null is ``None``."""
        would = preview(self.snapshot, self.scope, self.edits).file(self.scope)
        return Facts.of_file(would).values if would is not None else {}

    def modified(self) -> frozenset[str]:
        """Return the paths whose value a save would change."""
        before = replace(self, edits=()).values()
        after = self.values()
        return frozenset(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))

    def findings(self) -> tuple[Finding, ...]:
        """Return what the rules say about the values that would be in force; nothing before a file was read."""
        if self.file is None:
            return ()
        would = preview(self.snapshot, self.scope, self.edits)
        return check(Facts.effective(would, self.client_version, self.served))
