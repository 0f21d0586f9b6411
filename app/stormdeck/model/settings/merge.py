"""Which value is in force, and what would be after an edit that is not saved yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stormdeck.model.finding import Edit
from stormdeck.model.settings.document import Document
from stormdeck.model.settings.scope import Effective, FileError, Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.settings.shape import shape_error


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands, or would stand."""

    scope: Scope
    file: Path | None
    """``None`` for the shell."""
    line: int | None = None
    """Counted from 1, like the column; ``None`` where the entry is not in the file."""
    column: int | None = None


def entries(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the plain values of a settings object by key path: those at the root, then those of ``env``.

    A list or an object is none; in ``env`` the client does not use it (measured, all versions).
    """
    env = values.get("env")
    for key, value in values.items():
        if not isinstance(value, dict | list):
            yield key, value
    for key, value in env.items() if isinstance(env, dict) else ():
        if not isinstance(value, dict | list):
            yield f"env.{key}", value


def loaded(file: SettingsFile, text: str) -> SettingsFile:
    """Return a file with another text, and the values or the error that the client makes of it."""
    document = Document.parse(text)
    if isinstance(document, FileError):
        return replace(file, text=text, values={}, error=document)
    error = shape_error(document)
    return replace(file, text=text, values={} if error else document.values, error=error)


def merged(files: Iterable[SettingsFile], shell: Mapping[str, str]) -> SettingsSnapshot:
    """Return all scopes with what is in force: the strongest scope that has a key wins.

    Managed, ``--settings``, local, project, user, shell (measured, 1.0.128 to 2.1.329): a file's ``env`` beats an
    exported variable.
    """
    ordered = tuple(sorted(files, key=lambda file: list(Scope).index(file.scope)))
    effective: dict[str, Effective] = {}
    for file in ordered:
        for path, value in entries(file.values):
            effective.setdefault(path, Effective(value, file.scope))
    for name, text in shell.items():
        effective.setdefault(f"env.{name}", Effective(text, Scope.SHELL))
    return SettingsSnapshot(ordered, dict(shell), effective)


def edited(text: str, edits: Iterable[Edit]) -> str | FileError:
    """Return a text with edits made; an error when it is no JSON to begin with."""
    document = Document.parse(text)
    if isinstance(document, FileError):
        return document
    for edit in edits:
        document = document.remove(edit.path) if edit.value is None else document.set(edit.path, edit.value)
    return document.text


def preview(snapshot: SettingsSnapshot, scope: Scope, edits: Iterable[Edit]) -> SettingsSnapshot:
    """Return what would be in force with edits in one scope; the same snapshot where they cannot be made.

    The file keeps its digest, so that the write that follows still notices a change from outside.
    """
    file = snapshot.file(scope)
    text = edited(file.text, edits) if file is not None else None
    if file is None or not isinstance(text, str) or text == file.text:
        return snapshot
    return previewed(snapshot, loaded(file, text))


def previewed(snapshot: SettingsSnapshot, file: SettingsFile) -> SettingsSnapshot:
    """Return what would be in force with one file in another state."""
    files = (file if old.scope is file.scope else old for old in snapshot.files)
    return replace(merged(files, snapshot.shell), trust=snapshot.trust)


def place_of(snapshot: SettingsSnapshot, path: str) -> Place:
    """Return where the value in force stands; of one that is not set, the file that it belongs in: the user's."""
    found = snapshot.effective.get(path)
    scope = found.scope if found else Scope.USER
    file = snapshot.file(scope)
    if file is None:
        return Place(scope, None)
    document = Document.parse(file.text)
    position = None if isinstance(document, FileError) else document.position(path)
    return Place(scope, file.path, *(position or ()))


def shadows(snapshot: SettingsSnapshot, path: str) -> tuple[Scope, ...]:
    """Return all scopes that set a value, strongest first: the first wins, the rest is struck through."""
    scopes = [file.scope for file in snapshot.files if path in dict(entries(file.values))]
    if path.removeprefix("env.") in snapshot.shell and path.startswith("env."):
        scopes.append(Scope.SHELL)
    return tuple(scopes)
