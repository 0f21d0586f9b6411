"""``stormdeck set`` and ``stormdeck unset``: edit one value in one scope.

The diff and the new findings are shown first. On a terminal the user is asked; without one the edit is written unless
it causes an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stormdeck.commands.check.knowledge import Knowledge
from stormdeck.commands.edit.effect import effect_of
from stormdeck.commands.edit.files import accepted, document_of, file_of
from stormdeck.commands.edit.steps import Edit, Manner, RefusedError, run_edit
from stormdeck.commands.exit_codes import FAILURE, NEGATIVE
from stormdeck.model.editing.diff import diff
from stormdeck.model.json_edit.document import Document
from stormdeck.model.json_edit.removal import removed
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.settings.merge import loaded
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.options import Options
from stormdeck.options.kinds import quoted
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.settings.backups import backups_of
from stormdeck.sources.settings.read import LARGEST

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Request:
    """The edit that the command line asks for."""

    key: str
    value: str | None
    """``None``: remove the key."""
    scope: str = "user"
    json_value: bool = False
    """The value is JSON, otherwise text."""
    manner: Manner = field(default_factory=Manner)


def run(options: Options, environ: Mapping[str, str], request: Request) -> int:
    """Make an edit and return the exit code: 0 done or not needed, 1 refused, 2 called wrongly."""
    return run_edit(options, environ, request.manner, lambda known: _prepare(known, request))


def key_path(key: str) -> str:
    """Return the path for a KEY; an upper-case name alone is a variable in ``env``."""
    if _VARIABLE.fullmatch(key):
        return f"env.{key}"
    if not key.isprintable() or any(not part or part != part.strip() for part in key.split(".")):
        raise RefusedError(FAILURE, f"{quoted(key)} is not a key; write model, env.NAME or NAME.")
    return key


def _prepare(known: Knowledge, request: Request) -> Edit:
    path = key_path(request.key)
    value = _value(request)
    file = file_of(known.settings, request.scope)
    text = _without(file, path, known.paths.backups) if request.value is None else _with(file, path, value)
    return Edit(
        file,
        text,
        diff(file.text, text, known_secrets(known.settings)),
        effect_of(known, loaded(file, text), (path,)),
        f"{path} is not set there." if request.value is None else "Nothing to change: it is set already.",
        {"path": path},
        is_judged=request.value is not None,
    )


def _value(request: Request) -> object:
    """Return the value to set. Text must be valid UTF-8, in JSON too."""
    value: object = request.value
    if request.value is not None and request.json_value:
        try:
            value = json.loads(request.value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise RefusedError(FAILURE, "VALUE is not JSON; without --json-value it is taken as text.") from None
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise RefusedError(FAILURE, "VALUE is not valid UTF-8 text.") from None
    return value


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _with(file: SettingsFile, path: str, value: object) -> str:
    """Return the text of the file with the value set."""
    document = document_of(file)
    keys = tuple(path.split("."))
    if keys[0] == "env" and (len(keys) > 2 or (len(keys) == 2 and isinstance(value, dict | list))):
        raise RefusedError(FAILURE, f"env.{keys[1]} is a variable and must be text, not an object or a list.")
    for above in (keys[:depth] for depth in range(1, len(keys))):
        if document.has(above) and not isinstance(document.get(above), dict):
            name = ".".join(above)
            why = f"{name} is not an object in {file.path} and would be replaced"
            raise RefusedError(NEGATIVE, f"{why}; remove it first: stormdeck unset {name}")
    whole = document.get(path)
    if isinstance(whole, dict | list) and whole and isinstance(value, str):
        kind = "an object" if isinstance(whole, dict) else "a list"
        raise RefusedError(
            NEGATIVE, f"{path} is {kind} in {file.path}: replace it with --json-value, or name one of its entries."
        )
    try:
        document = document.set(path, value)
    except ValueError:
        raise RefusedError(FAILURE, "VALUE contains something that JSON cannot represent.") from None
    return accepted(file, document)


def _without(file: SettingsFile, path: str, backups: Path) -> str:
    """Return the text without the entry; if a backup shows how it was before ``set``, exactly as it was."""
    document = document_of(file)
    return accepted(file, removed(document, path, _earlier(file, backups))) if document.has(path) else document.text


def _earlier(file: SettingsFile, backups: Path) -> Iterator[Document]:
    """Yield earlier versions of the file from the backups, newest first."""
    for copy in backups_of(file.path, backups):
        try:
            document = Document.parse(read_bounded(copy, LARGEST).decode("utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if isinstance(document, Document):
            yield document
