"""Define the scopes of Claude Code's settings, their files, and the effective values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from stormdeck.model.json_edit.document import Document, FileError


class Scope(StrEnum):
    """The sources of settings, strongest first (measured in 1.0.128 to 2.1.329)."""

    MANAGED = "managed"
    FLAG = "--settings"
    LOCAL = "local"
    PROJECT = "project"
    USER = "user"
    CLIENT = "client state"
    """``env`` of ``~/.claude.json``, which Claude Code writes itself (measured, 2.1.112 to 2.1.332)."""
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file as it was read."""

    scope: Scope
    path: Path
    exists: bool = False
    text: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    """The top-level object; empty if the file is missing or not in effect."""
    error: FileError | None = None
    """With an error that is not ``ours``, Claude Code ignores the whole file (measured, all versions)."""
    writable: bool = True
    digest: str = ""
    """SHA-256 of the bytes; a write is refused if the file has changed."""
    caveats: tuple[str, ...] = ()
    """What a write changes besides the text, one sentence each, such as hard links or the owner."""
    parsed: Document | None = field(default=None, repr=False, compare=False)
    """The parsed text; ``document`` checks that the text is still the same."""

    @property
    def document(self) -> Document | FileError:
        """Return the parsed text, or the error if it is not valid JSON."""
        if self.parsed is not None and self.parsed.text == self.text:
            return self.parsed
        return Document.parse(self.text)

    def position(self, path: str | tuple[str, ...]) -> tuple[int, int] | None:
        """Return line and column of an entry, both counted from 1; ``None`` if it is not in the file.

        Always ``None`` for the client's state: its text is only an excerpt of the file.
        """
        if self.scope is Scope.CLIENT:
            return None
        document = self.document
        return None if isinstance(document, FileError) else document.position(path)

    @property
    def dropped(self) -> bool:
        """Return whether Claude Code ignores the whole file."""
        return self.error is not None and not self.error.ours


EDITABLE = frozenset({Scope.USER, Scope.PROJECT, Scope.LOCAL})
"""The scopes that the form can edit; the others are only shown."""


class Effective(NamedTuple):
    """An effective value, and the scope that sets it."""

    value: object
    scope: Scope


@dataclass(frozen=True, slots=True)
class FolderTrust:
    """Whether a folder may send the user's credentials to a server that only its own settings name."""

    folder: str = ""
    """The real path."""
    by_client: bool = False
    """Claude Code trusts the folder or a parent; or it is Claude Code's own folder."""
    origins: frozenset[str] = frozenset()
    """``scheme://host:port`` of servers that the user named with a flag, or trusted in the panel for this folder."""


@dataclass(frozen=True)
class SettingsSnapshot:
    """All scopes, strongest first, and the effective values."""

    files: tuple[SettingsFile, ...] = ()
    shell: Mapping[str, str] = field(default_factory=dict)
    """Shell variables that Claude Code would read."""
    effective: Mapping[str, Effective] = field(default_factory=dict)
    """By key path: ``model``, ``env.ANTHROPIC_BASE_URL``."""
    trust: FolderTrust = field(default_factory=FolderTrust)
    """Of the project folder; looked up only if its files set the base URL."""

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Return the scopes that have a file, weakest first."""
        found = {file.scope for file in self.files}
        return tuple(scope for scope in reversed(Scope) if scope in found)

    @property
    def broken(self) -> bool:
        """Return whether a file cannot be read or parsed; a missing value may be in it."""
        return any(file.error is not None for file in self.files)

    def file(self, scope: Scope) -> SettingsFile | None:
        """Return the file of a scope."""
        return next((file for file in self.files if file.scope is scope), None)

    @cached_property
    def texts(self) -> Mapping[str, str | None]:
        """Return all effective values as text, as Claude Code converts them; null is ``None``."""
        # Most are texts already, and a file may have twenty thousand.
        values = self.effective.items()
        return {path: value if isinstance(value, str) else as_text(value) for path, (value, _) in values}

    def text(self, path: str) -> str | None:
        """Return an effective value as text, as Claude Code converts it; ``None`` if it is not set."""
        found = self.effective.get(path)
        return None if found is None else as_text(found.value)


def as_text(value: object) -> str | None:
    """Return a value as text, as Claude Code converts it; ``None`` for null."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
