"""A copy of a settings file from before stormdeck wrote it, and what differs between it and the file."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.settings.merge import entries, loaded
from stormdeck.model.settings.scope import SettingsFile

NAMED = 3
"""Settings that are named; of more it is said how many."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy."""

    name: str
    """The name of its file."""
    taken: float
    """When it was made, in unix seconds."""
    size: int
    """In bytes."""
    text: str | None
    """``None`` if it cannot be read as text."""
    folder: str = ""


def changed_paths(file: SettingsFile, text: str) -> tuple[str, ...]:
    """Return the settings whose values differ between a file and another text of it; empty if one is broken."""
    other = loaded(file, text)
    if file.error is not None or other.error is not None:
        return ()
    now, then = dict(entries(file.values)), dict(entries(other.values))
    missing = object()
    return tuple(path for path in {**now, **then} if now.get(path, missing) != then.get(path, missing))


def difference(file: SettingsFile, text: str | None) -> str:
    """Return in words what differs between a copy and the file as it is.

    >>> from pathlib import Path; from stormdeck.model.settings.scope import Scope
    >>> file = loaded(SettingsFile(Scope.USER, Path("settings.json")), '{"model": "opus"}')
    >>> difference(file, '{"model": "sonnet"}'), difference(file, file.text)
    ('model', 'the same')
    """
    if text is None:
        return "cannot be read"
    if text == file.text:
        return "the same"
    if loaded(file, text).error is not None:
        return "not valid JSON"
    if file.error is not None:
        return "valid, the file is not"
    paths = [path.removeprefix("env.") for path in changed_paths(file, text)]
    if not paths:
        return "lists, hooks or layout"
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return f"{', '.join(paths[:NAMED])}{more}"
