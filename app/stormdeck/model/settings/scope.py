"""Scopes of the client's settings, and which of them wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from stormdeck.model.json_edit.document import Document, FileError


class Scope(StrEnum):
    """Where a setting comes from, strongest first (measured in 1.0.128 to 2.1.329)."""

    MANAGED = "managed"
    FLAG = "--settings"
    LOCAL = "local"
    PROJECT = "project"
    USER = "user"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """One settings file as it was read."""

    scope: Scope
    path: Path
    exists: bool = False
    text: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    """The root object; empty where the file is missing or not in effect."""
    error: FileError | None = None
    """With an error that is not ``ours`` the client drops the whole file (measured, all versions)."""
    writable: bool = True
    digest: str = ""
    """SHA-256 of the bytes; a write is refused when the file has another by then."""
    caveats: tuple[str, ...] = ()
    """What a write changes besides the text, one sentence each: hard links, the owner."""
    parsed: Document | None = field(default=None, repr=False, compare=False)
    """The text as it was read last; ``document`` looks whether it is still that text."""

    @property
    def document(self) -> Document | FileError:
        """Return the text with the places of its entries, or why it is no JSON."""
        if self.parsed is not None and self.parsed.text == self.text:
            return self.parsed
        return Document.parse(self.text)

    @property
    def dropped(self) -> bool:
        """Say whether the client drops the whole file."""
        return self.error is not None and not self.error.ours


EDITABLE = frozenset({Scope.USER, Scope.PROJECT, Scope.LOCAL})
"""The scopes that a user writes; an administrator's, a flag's and the shell's are only shown."""


class Effective(NamedTuple):
    """One value that is in force, and the scope that set it."""

    value: object
    scope: Scope


@dataclass(frozen=True, slots=True)
class FolderTrust:
    """Whether a project folder may lead the user's credentials to a server that only its own files name."""

    folder: str = ""
    """The real path."""
    by_client: bool = False
    """Claude Code trusts the folder, or one above it; or it is the client's own folder."""
    origins: frozenset[str] = frozenset()
    """``scheme://host:port`` of servers that the user named by a flag, or agreed to in the panel for this folder."""


@dataclass(frozen=True)
class SettingsSnapshot:
    """All scopes, strongest first, and what is in force."""

    files: tuple[SettingsFile, ...] = ()
    shell: Mapping[str, str] = field(default_factory=dict)
    """Variables of the shell that the client would read."""
    effective: Mapping[str, Effective] = field(default_factory=dict)
    """By key path: ``model``, ``env.ANTHROPIC_BASE_URL``."""
    trust: FolderTrust = field(default_factory=FolderTrust)
    """Of the project folder; looked up only where its files name the base URL."""

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Return the scopes that have a file to show, weakest first, as a reader meets them."""
        found = {file.scope for file in self.files}
        return tuple(scope for scope in reversed(Scope) if scope in found)

    @property
    def broken(self) -> bool:
        """Say whether a file cannot be read or does not parse: what is missing may stand in it."""
        return any(file.error is not None for file in self.files)

    def file(self, scope: Scope) -> SettingsFile | None:
        """Return the file of a scope."""
        return next((file for file in self.files if file.scope is scope), None)

    @cached_property
    def texts(self) -> Mapping[str, str | None]:
        """Return every value in force as the text that the client makes of it; null is ``None``."""
        return {path: as_text(value) for path, (value, _) in self.effective.items()}

    def text(self, path: str) -> str | None:
        """Return a value in force as the text that the client makes of it, ``None`` where it is not set."""
        found = self.effective.get(path)
        return None if found is None else as_text(found.value)


def as_text(value: object) -> str | None:
    """Return the text that the client makes of a plain value; ``None`` for null."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
