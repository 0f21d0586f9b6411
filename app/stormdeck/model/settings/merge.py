"""Merge the scopes into the effective settings, and preview edits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stormdeck.model.finding import Edit
from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.json_edit.removal import removed
from stormdeck.model.settings.schema import shape_error
from stormdeck.model.settings.scope import Effective, Scope, SettingsFile, SettingsSnapshot

_NESTED: Mapping[str, tuple[str, ...]] = {"permissions": ("defaultMode", "disableAutoMode")}
"""Single values that are read from objects other than ``env``."""
_NESTED_PATHS = tuple(f"{above}.{name}" for above, names in _NESTED.items() for name in names)


@dataclass(frozen=True, slots=True)
class Place:
    """The position of an entry, or the file that a missing entry belongs in."""

    scope: Scope
    file: Path | None
    """``None`` for the shell."""
    line: int | None = None
    """Counted from 1, like the column; ``None`` if the entry is not in the file."""
    column: int | None = None


def entries(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield key paths and values of a settings object: the top level first, then ``env``, then the permission mode.

    Lists and objects are skipped; inside ``env`` Claude Code does not use them (measured, all versions).
    """
    env = values.get("env")
    for key, value in values.items():
        if not isinstance(value, dict | list):
            yield key, value
    for key, value in env.items() if isinstance(env, dict) else ():
        if not isinstance(value, dict | list):
            yield f"env.{key}", value
    yield from ((path, value_at(values, path)) for path in _NESTED_PATHS if has_entry(values, path))


def has_entry(values: Mapping[str, object], path: str) -> bool:
    """Return whether a settings object has a value, not a list or object, at a key path."""
    above, name = _inside(values, path)
    if name in above:
        return not isinstance(above[name], dict | list)
    return path in values and not isinstance(values[path], dict | list)


def value_at(values: Mapping[str, object], path: str) -> object:
    """Return the value of a settings object at a key path, ``None`` if there is none."""
    above, name = _inside(values, path)
    return above[name] if name in above else values.get(path)


def _inside(values: Mapping[str, object], path: str) -> tuple[Mapping[str, object], str]:
    """Return the object that a path leads into, ``env`` or ``permissions``, empty for other paths, and the name."""
    key, _, name = path.partition(".")
    inner = values.get(key) if name and (key == "env" or path in _NESTED_PATHS) else None
    return (inner, name) if isinstance(inner, dict) else ({}, name)


def loaded(file: SettingsFile, text: str) -> SettingsFile:
    """Return a file with a new text, and its values or its error."""
    document = Document.parse(text)
    if isinstance(document, FileError):
        return replace(file, text=text, values={}, error=document, parsed=None)
    return _loaded(file, document)


def _loaded(file: SettingsFile, document: Document) -> SettingsFile:
    """Return a file with the text of a document, and its values or its type error."""
    error = shape_error(document)
    return replace(file, text=document.text, values={} if error else document.values, error=error, parsed=document)


def merged(files: Iterable[SettingsFile], shell: Mapping[str, str]) -> SettingsSnapshot:
    """Return all scopes with the effective values: for each key, the strongest scope wins.

    The order is managed, ``--settings``, local, project, user, client state, shell (measured, 1.0.128 to 2.1.332):
    a file's ``env`` overrides an exported variable.
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
    """Apply edits to a text; return an error if the text is not valid JSON."""
    document = Document.parse(text)
    return document if isinstance(document, FileError) else _edited(document, edits).text


def _edited(document: Document, edits: Iterable[Edit]) -> Document:
    """Apply edits to a document. An object created by an edit is removed together with its last entry."""
    before, edits = document, tuple(edits)
    if all(edit.value is not None and _is_of_one_value(edit.path) for edit in edits):
        # Add new entries last: the text before them is not scanned again for the next edit.
        edits = tuple(sorted(edits, key=lambda edit: document.has(edit.path)))
    for edit in edits:
        if edit.value is not None:
            document = document.set(edit.path, edit.value)
        elif document.has(edit.path):
            document = removed(document, edit.path, (before,))
    return document


def preview(snapshot: SettingsSnapshot, scope: Scope, edits: Iterable[Edit]) -> SettingsSnapshot:
    """Return the settings with edits applied in one scope; the same snapshot if they cannot be applied.

    The file keeps its digest, so that the following write still detects a change by another program.
    """
    file, edits = snapshot.file(scope), tuple(edits)
    before = file.document if file is not None and edits else None
    if file is None or not isinstance(before, Document):
        return snapshot
    document = _edited(before, edits)
    if document.text == file.text:
        return snapshot
    after = _loaded(file, document)
    paths = {edit.path for edit in edits}
    if file.error is not None or after.error is not None or not all(map(_is_of_one_value, paths)):
        return previewed(snapshot, after)
    files = tuple(after if old.scope is scope else old for old in snapshot.files)
    effective = dict(snapshot.effective)
    for path in paths:
        effective.pop(path, None)
        winner = next((one for one in files if has_entry(one.values, path)), None)
        name = path.removeprefix("env.")
        if winner is not None:
            effective[path] = Effective(value_at(winner.values, path), winner.scope)
        elif name != path and name in snapshot.shell:
            effective[path] = Effective(snapshot.shell[name], Scope.SHELL)
    return replace(snapshot, files=files, effective=effective)


def _is_of_one_value(path: str) -> bool:
    """Return whether a path is a single value at the top level or in ``env``: no other value changes with it."""
    above, _, name = path.rpartition(".")
    return path in _NESTED_PATHS or (above in {"", "env"} and path != "env" and "." not in name)


def previewed(snapshot: SettingsSnapshot, file: SettingsFile) -> SettingsSnapshot:
    """Return the settings with one file replaced."""
    files = (file if old.scope is file.scope else old for old in snapshot.files)
    return replace(merged(files, snapshot.shell), trust=snapshot.trust)


def place_of(snapshot: SettingsSnapshot, path: str) -> Place:
    """Return the position of the effective value; if it is not set, the user's file."""
    found = snapshot.effective.get(path)
    scope = found.scope if found else Scope.USER
    file = snapshot.file(scope)
    if file is None:
        return Place(scope, None)
    return Place(scope, file.path, *(file.position(path) or ()))


def shadows(snapshot: SettingsSnapshot, path: str) -> tuple[Scope, ...]:
    """Return all scopes that set a value, strongest first; only the first has an effect."""
    scopes = [file.scope for file in snapshot.files if has_entry(file.values, path)]
    if path.removeprefix("env.") in snapshot.shell and path.startswith("env."):
        scopes.append(Scope.SHELL)
    return tuple(scopes)
