"""``stormdeck set`` and ``stormdeck unset``: edit one value in one scope.

The diff and the new findings are shown first. On a terminal the user is asked; without one the edit is written unless
it causes an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stormdeck.commands.check.knowledge import Knowledge, learn
from stormdeck.commands.colour import paint_for
from stormdeck.commands.edit_effect import Effect, effect_of
from stormdeck.commands.exit_codes import FAILURE, NEGATIVE, SUCCESS
from stormdeck.commands.output import OutputError, confirm, flush, standard_error, standard_output, write_err, write_out
from stormdeck.model.editing.diff import DiffLine, diff
from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.json_edit.removal import removed
from stormdeck.model.json_edit.repair import repair
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.settings.merge import loaded
from stormdeck.model.settings.schema import shape_error
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.text import clean
from stormdeck.model.units import plural
from stormdeck.options import Options
from stormdeck.options.kinds import quoted
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.settings.backups import backups_of
from stormdeck.sources.settings.read import LARGEST
from stormdeck.sources.settings.write import Reason, Written, write_settings

WRITABLE = {"user": Scope.USER, "project": Scope.PROJECT, "local": Scope.LOCAL}
_NOT_OURS = {
    "managed": "the managed settings belong to the administrator",
    "flag": "a file given with --settings is read when Claude Code starts: edit it with --settings FILE",
    "--settings": "a file given with --settings is read when Claude Code starts: edit it with --settings FILE",
    "client state": "Claude Code writes ~/.claude.json itself; a value in a settings file has priority",
    "shell": "variables of the shell are set in its start files; a value in a settings file has priority",
}
_TRIES = 20
"""How often an edit is repeated if other programs write the same file."""
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
    dry_run: bool = False
    agreed: bool = False
    """Write without asking, even if it causes an error."""
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Edit:
    """An edit that is prepared but not written."""

    path: str
    file: SettingsFile
    text: str
    """The whole file with the edit."""
    diff: tuple[DiffLine, ...]
    effect: Effect

    @property
    def changes(self) -> bool:
        return self.text != self.file.text


class _RefusedError(Exception):
    """The edit is refused; has the exit code and the reason."""

    def __init__(self, code: int, words: str, edit: _Edit | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.edit = edit


def run(options: Options, environ: Mapping[str, str], request: Request) -> int:
    """Make an edit and return the exit code: 0 done or not needed, 1 refused, 2 called wrongly."""
    try:
        edit, backup = _make(options, environ, request)
    except OutputError:
        write_err("stormdeck: nothing is written.")
        raise
    except _RefusedError as stop:
        write_err(f"stormdeck: {mask_text(clean(stop.words))}")
        if request.as_json and stop.code == NEGATIVE:
            write_out(json.dumps(_refusal(stop), indent=2, ensure_ascii=False))
        return stop.code
    _print_outcome(request, edit, backup)
    if request.as_json:
        write_out(json.dumps(_as_json(request, edit, backup), indent=2, ensure_ascii=False))
    return SUCCESS


def _make(options: Options, environ: Mapping[str, str], request: Request) -> tuple[_Edit, Path | None]:
    """Prepare the edit, show it and write it. If another program changed the file meanwhile, start again."""
    for tries_left in reversed(range(_TRIES)):
        known = learn(options, environ, offline=True)
        edit = _prepare(known, request)
        _show(request, edit)
        if not edit.changes or request.dry_run:
            return edit, None
        was_asked = _confirm(request, edit)
        # If the diff could not be shown, nothing is written.
        flush()
        written = write_settings(edit.file.path, edit.text, edit.file.digest, known.paths.backups)
        if isinstance(written, Written):
            return edit, written.backup
        # A user who was asked agreed to this diff only.
        if was_asked or written.reason is not Reason.CHANGED or not tries_left:
            raise _RefusedError(NEGATIVE, written.detail, edit)
        write_err("Another program changed the file meanwhile: trying again with its text.")
    raise AssertionError("the last try returns or raises")


def key_path(key: str) -> str:
    """Return the path for a KEY; an upper-case name alone is a variable in ``env``."""
    if _VARIABLE.fullmatch(key):
        return f"env.{key}"
    if not key.isprintable() or any(not part or part != part.strip() for part in key.split(".")):
        raise _RefusedError(FAILURE, f"{quoted(key)} is not a key; write model, env.NAME or NAME.")
    return key


def _prepare(known: Knowledge, request: Request) -> _Edit:
    path = key_path(request.key)
    value = _value(request)
    file = _file(known.settings, request.scope)
    text = _without(file, path, known.paths.backups) if request.value is None else _with(file, path, value)
    return _Edit(
        path,
        file,
        text,
        diff(file.text, text, known_secrets(known.settings)),
        effect_of(known, loaded(file, text), path),
    )


def _value(request: Request) -> object:
    """Return the value to set. Text must be valid UTF-8, in JSON too."""
    value: object = request.value
    if request.value is not None and request.json_value:
        try:
            value = json.loads(request.value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise _RefusedError(FAILURE, "VALUE is not JSON; without --json-value it is taken as text.") from None
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _RefusedError(FAILURE, "VALUE is not valid UTF-8 text.") from None
    return value


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _file(settings: SettingsSnapshot, scope: str) -> SettingsFile:
    """Return the file of a scope that may be edited."""
    if scope in _NOT_OURS:
        raise _RefusedError(NEGATIVE, f"{_NOT_OURS[scope]}; nothing is changed.")
    if scope not in WRITABLE:
        raise _RefusedError(FAILURE, f"unknown scope {quoted(scope)}: user, project or local.")
    file = settings.file(WRITABLE[scope])
    if file is None:
        why = "with --settings" if scope != "project" or len(settings.files) == 1 else "in the home folder"
        raise _RefusedError(NEGATIVE, f"there are no {scope} settings {why}; the user's are --scope user.")
    if file.error is not None and (not file.text or isinstance(Document.parse(file.text), FileError)):
        place = ":".join(str(part) for part in (file.path, file.error.line, file.error.column) if part is not None)
        raise _RefusedError(NEGATIVE, f"{place}: {file.error.message}. {_way_out(file, file.error)}")
    return file


def _way_out(file: SettingsFile, error: FileError) -> str:
    """Return what to do about a file that the client ignores."""
    if error.ours:
        return "Nothing is changed."
    if file.scope is Scope.USER and repair(file.text) is not None:
        return "Claude Code ignores the file; `stormdeck check --fix` proposes a repair."
    return "Claude Code ignores the file: correct it with an editor first."


def _with(file: SettingsFile, path: str, value: object) -> str:
    """Return the text of the file with the value set."""
    document = _document(file)
    keys = tuple(path.split("."))
    if keys[0] == "env" and (len(keys) > 2 or (len(keys) == 2 and isinstance(value, dict | list))):
        raise _RefusedError(FAILURE, f"env.{keys[1]} is a variable and must be text, not an object or a list.")
    for above in (keys[:depth] for depth in range(1, len(keys))):
        if document.has(above) and not isinstance(document.get(above), dict):
            name = ".".join(above)
            why = f"{name} is not an object in {file.path} and would be replaced"
            raise _RefusedError(NEGATIVE, f"{why}; remove it first: stormdeck unset {name}")
    whole = document.get(path)
    if isinstance(whole, dict | list) and whole and isinstance(value, str):
        kind = "an object" if isinstance(whole, dict) else "a list"
        raise _RefusedError(
            NEGATIVE, f"{path} is {kind} in {file.path}: replace it with --json-value, or name one of its entries."
        )
    try:
        document = document.set(path, value)
    except ValueError:
        raise _RefusedError(FAILURE, "VALUE contains something that JSON cannot represent.") from None
    return _accepted(file, document)


def _without(file: SettingsFile, path: str, backups: Path) -> str:
    """Return the text without the entry; if a backup shows how it was before ``set``, exactly as it was."""
    document = _document(file)
    return _accepted(file, removed(document, path, _earlier(file, backups))) if document.has(path) else document.text


def _document(file: SettingsFile) -> Document:
    document = Document.parse(file.text)
    if isinstance(document, FileError):
        raise _RefusedError(NEGATIVE, f"{file.path}: {document.message}.")
    return document


def _earlier(file: SettingsFile, backups: Path) -> Iterator[Document]:
    """Yield earlier versions of the file from the backups, newest first."""
    for copy in backups_of(file.path, backups):
        try:
            document = Document.parse(read_bounded(copy, LARGEST).decode("utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if isinstance(document, Document):
            yield document


def _accepted(file: SettingsFile, document: Document) -> str:
    """Return the text, or refuse one that the client would ignore."""
    error = shape_error(document)
    if error is not None and file.error is None:
        raise _RefusedError(NEGATIVE, f"{error.message}: Claude Code would ignore the whole file.")
    return document.text


def _show(request: Request, edit: _Edit) -> None:
    """Show the diff and its effect; with ``--json`` on stderr."""
    show: Callable[[str], None] = write_err if request.as_json else write_out
    if edit.diff:
        show(clean(str(edit.file.path)))
    for line in paint_for(standard_error() if request.as_json else standard_output()).diff(edit.diff):
        show(line)
    if edit.changes:
        for caveat in edit.file.caveats:
            write_err(clean(caveat))
    if request.value is not None or edit.changes:
        for line in edit.effect.as_text():
            write_err(line)


def _confirm(request: Request, edit: _Edit) -> bool:
    """Return whether the user was asked and agreed; raise if the edit must not be written."""
    if request.agreed:
        return False
    flush()
    answer = confirm(f"Write {clean(str(edit.file.path))}?")
    if answer is False:
        raise _RefusedError(NEGATIVE, "nothing is written.", edit)
    errors = edit.effect.errors
    if answer is None and errors and edit.file.error is None:
        codes = ", ".join(dict.fromkeys(one.code for one in errors))
        what = f"the edit causes {plural(len(errors), 'error')} ({codes})"
        raise _RefusedError(NEGATIVE, f"nothing is written: {what}. --yes writes it anyway.", edit)
    return bool(answer)


def _print_outcome(request: Request, edit: _Edit, backup: Path | None) -> None:
    if not edit.changes:
        unset = f"{edit.path} is not set there."
        write_err("Nothing to change: it is set already." if request.value is not None else unset)
    elif request.dry_run:
        write_err("Dry run: nothing is written.")
    else:
        write_err("Written." + (f" The old file is kept as {clean(str(backup))}" if backup is not None else ""))


def _refusal(stop: _RefusedError) -> dict[str, Any]:
    findings = stop.edit.effect.as_json() if stop.edit is not None else []
    return {"version": 1, "written": False, "refused": mask_text(clean(stop.words)), "findings": findings}


def _as_json(request: Request, edit: _Edit, backup: Path | None) -> dict[str, Any]:
    changes = edit.diff
    return {
        "version": 1,
        "file": str(edit.file.path),
        "scope": edit.file.scope.value,
        "path": edit.path,
        "changed": edit.changes,
        "written": edit.changes and not request.dry_run,
        "refused": None,
        "backup": None if backup is None else str(backup),
        "diff": [{"kind": one.kind.name.lower(), "old": one.old, "new": one.new, "text": one.text} for one in changes],
        "findings": edit.effect.as_json(),
        "caveats": list(edit.file.caveats),
    }
