"""``stormdeck set`` and ``stormdeck unset``: one edit in one scope, its diff shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stormdeck.commands.checking import client_version, read
from stormdeck.commands.paint import paint_for
from stormdeck.commands.talk import put, say, standard_output
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.located import located, where
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.diff import DiffLine, diff
from stormdeck.model.settings.document import Document
from stormdeck.model.settings.merge import loaded, previewed, shadows
from stormdeck.model.settings.scope import FileError, Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.settings.shape import shape_error
from stormdeck.model.text import clean
from stormdeck.options import Options
from stormdeck.options.kinds import quoted
from stormdeck.paths import user_paths
from stormdeck.sources.settings.write import Refused, write_settings

DONE = 0
REFUSED = 1
BAD_USE = 2
WRITABLE = {"user": Scope.USER, "project": Scope.PROJECT, "local": Scope.LOCAL}
_NOT_OURS = {
    "managed": "the managed settings are the administrator's",
    "flag": "what --settings names is read when the client starts: edit that file with --settings FILE",
    "--settings": "what --settings names is read when the client starts: edit that file with --settings FILE",
    "shell": "a variable of the shell is set where the shell starts; a file's value beats it",
}
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Request:
    """One edit as it was asked for."""

    key: str
    value: str | None
    """``None``: remove the key."""
    scope: str = "user"
    json_value: bool = False
    """The value is JSON; else it is text."""
    dry_run: bool = False
    as_json: bool = False


class _NotMadeError(Exception):
    """The edit is not made: the exit code, and why in words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def run(options: Options, environ: Mapping[str, str], request: Request) -> int:
    """Make one edit and show its diff; return 0 when it is made or needless, 1 when it is refused, 2 for bad use."""
    paths = user_paths(environ, options.home, options.project)
    try:
        path = key_path(request.key)
        value = _value(request)
        settings = read(options, paths, environ)
        file = _file(settings, request.scope)
        text = _edited(file, path, value, remove=request.value is None)
        changed = diff(file.text, text, known_secrets(settings))
        if not request.as_json:
            _show(file, changed)
        backup = None
        if text != file.text and not request.dry_run:
            backup = _write(file, text, paths.backups)
    except _NotMadeError as stop:
        say(f"stormdeck: {mask_text(clean(stop.words))}")
        if request.as_json and stop.code == REFUSED:
            put(
                json.dumps(
                    {"version": 1, "written": False, "refused": mask_text(clean(stop.words))}, ensure_ascii=False
                )
            )
        return stop.code
    if request.as_json:
        put(json.dumps(_as_json(request, file, path, changed, backup), indent=2, ensure_ascii=False))
    _tell_outcome(request, path, changed=text != file.text, backup=backup)
    if request.value is not None:
        version = client_version(options, paths, environ).version
        _tell_effect(previewed(settings, loaded(file, text)), file.scope, path, version)
    return DONE


def key_path(key: str) -> str:
    """Return the path of a KEY: an upper-case name alone is a variable of ``env``."""
    if _VARIABLE.fullmatch(key):
        return f"env.{key}"
    if not key.isprintable() or any(not part or part != part.strip() for part in key.split(".")):
        raise _NotMadeError(BAD_USE, f"{quoted(key)} is no key; write model, env.NAME or NAME.")
    return key


def _value(request: Request) -> object:
    if request.value is None or not request.json_value:
        return request.value
    try:
        return json.loads(request.value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _NotMadeError(BAD_USE, "VALUE is not JSON; without --json-value it is taken as text.") from None


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _file(settings: SettingsSnapshot, scope: str) -> SettingsFile:
    """Return the file of a scope that may be edited."""
    if scope in _NOT_OURS:
        raise _NotMadeError(REFUSED, f"{_NOT_OURS[scope]}; nothing is changed.")
    if scope not in WRITABLE:
        raise _NotMadeError(BAD_USE, f"unknown scope {quoted(scope)}: user, project or local.")
    file = settings.file(WRITABLE[scope])
    if file is None:
        why = "with --settings" if scope != "project" or len(settings.files) == 1 else "in the home folder"
        raise _NotMadeError(REFUSED, f"there are no {scope} settings {why}; the user's are --scope user.")
    if file.error is not None and (not file.text or isinstance(Document.parse(file.text), FileError)):
        place = ":".join(str(part) for part in (file.path, file.error.line, file.error.column) if part is not None)
        raise _NotMadeError(
            REFUSED,
            f"{place}: {file.error.message}. The client drops the file; `stormdeck check --fix` proposes a repair.",
        )
    return file


def _edited(file: SettingsFile, path: str, value: object, *, remove: bool) -> str:
    """Return the text of the file after the edit."""
    document = Document.parse(file.text)
    if isinstance(document, FileError):
        raise _NotMadeError(REFUSED, f"{file.path}: {document.message}.")
    try:
        document = document.remove(path) if remove else document.set(path, value)
    except ValueError:
        raise _NotMadeError(BAD_USE, "the VALUE holds something that JSON cannot hold.") from None
    error = shape_error(document)
    if error is not None and file.error is None:
        raise _NotMadeError(REFUSED, f"{error.message}: the client would drop the whole file.")
    return document.text


def _write(file: SettingsFile, text: str, backups: Path) -> Path | None:
    written = write_settings(file.path, text, file.digest, backups)
    if isinstance(written, Refused):
        raise _NotMadeError(REFUSED, written.detail)
    return written.backup


def _show(file: SettingsFile, changed: tuple[DiffLine, ...]) -> None:
    if changed:
        put(clean(str(file.path)))
    for line in paint_for(standard_output()).diff(changed):
        put(line)


def _tell_outcome(request: Request, path: str, *, changed: bool, backup: Path | None) -> None:
    if not changed:
        say("It is so already: nothing to change." if request.value is not None else f"{path} is not set there.")
    elif request.dry_run:
        say("A dry run: nothing is written.")
    else:
        say("Written." + (f" A copy of what was there: {clean(str(backup))}" if backup is not None else ""))


def _tell_effect(would: SettingsSnapshot, scope: Scope, path: str, version: str | None) -> None:
    """Say what the value means for the client, with the edit made."""
    winner = next(iter(shadows(would, path)), scope)
    if winner is not scope:
        say(f"It has no effect: the {winner.value} settings set {path} too, and win.")
        return
    hide = known_secrets(would)
    for finding in located(would, check(Facts.effective(would, version, changed=frozenset({path})))):
        if finding.path == path:
            say(hide(clean(f"{where(would, finding)}: {finding.severity.value} {finding.code}: {finding.message}")))


def _as_json(
    request: Request, file: SettingsFile, path: str, changed: tuple[DiffLine, ...], backup: Path | None
) -> dict[str, Any]:
    return {
        "version": 1,
        "file": str(file.path),
        "scope": file.scope.value,
        "path": path,
        "changed": bool(changed),
        "written": bool(changed) and not request.dry_run,
        "refused": None,
        "backup": None if backup is None else str(backup),
        "diff": [{"kind": one.kind.name.lower(), "old": one.old, "new": one.new, "text": one.text} for one in changed],
    }
