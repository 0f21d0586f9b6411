"""``stormdeck set`` and ``stormdeck unset``: one edit in one scope.

Its diff and what it brings are shown first. On a terminal the user is asked; elsewhere it is written, unless it
brings an error.
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
from stormdeck.commands.output import OutputError, asked, flush, put, say, standard_error, standard_output
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
_TRIES = 20
"""How often an edit is made anew while other programs write the same file."""
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
    agreed: bool = False
    """Write without asking, also what brings an error."""
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Edit:
    """One edit, worked out and not made yet."""

    path: str
    file: SettingsFile
    text: str
    """Of the whole file, with the edit made."""
    diff: tuple[DiffLine, ...]
    effect: Effect

    @property
    def changes(self) -> bool:
        return self.text != self.file.text


class _NotMadeError(Exception):
    """The edit is not made: the exit code, and why in words."""

    def __init__(self, code: int, words: str, edit: _Edit | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.edit = edit


def run(options: Options, environ: Mapping[str, str], request: Request) -> int:
    """Make one edit; return 0 when it is made or needless, 1 when it is refused, 2 for bad use."""
    try:
        edit, backup = _made(options, environ, request)
    except OutputError:
        say("stormdeck: nothing is written.")
        raise
    except _NotMadeError as stop:
        say(f"stormdeck: {mask_text(clean(stop.words))}")
        if request.as_json and stop.code == REFUSED:
            put(json.dumps(_refusal(stop), indent=2, ensure_ascii=False))
        return stop.code
    _tell_outcome(request, edit, backup)
    if request.as_json:
        put(json.dumps(_as_json(request, edit, backup), indent=2, ensure_ascii=False))
    return DONE


def _made(options: Options, environ: Mapping[str, str], request: Request) -> tuple[_Edit, Path | None]:
    """Work the edit out, show it and make it; where another program wrote meanwhile, on top of what that wrote."""
    for tries_left in reversed(range(_TRIES)):
        known = learn(options, environ, offline=True)
        edit = _worked_out(known, request)
        _show(request, edit)
        if not edit.changes or request.dry_run:
            return edit, None
        asked_for = _agree(request, edit)
        # What could not be shown is not written.
        flush()
        written = write_settings(edit.file.path, edit.text, edit.file.digest, known.paths.backups)
        if isinstance(written, Written):
            return edit, written.backup
        # Who agreed to a diff did so to that one alone.
        if asked_for or written.reason is not Reason.CHANGED or not tries_left:
            raise _NotMadeError(REFUSED, written.detail, edit)
        say("Another program changed the file meanwhile: once more, on top of that.")
    raise AssertionError("the last try returns or raises")


def key_path(key: str) -> str:
    """Return the path of a KEY: an upper-case name alone is a variable of ``env``."""
    if _VARIABLE.fullmatch(key):
        return f"env.{key}"
    if not key.isprintable() or any(not part or part != part.strip() for part in key.split(".")):
        raise _NotMadeError(BAD_USE, f"{quoted(key)} is no key; write model, env.NAME or NAME.")
    return key


def _worked_out(known: Knowledge, request: Request) -> _Edit:
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
    """Return the value to set; text in JSON and on the command line alike must be what UTF-8 can carry."""
    value: object = request.value
    if request.value is not None and request.json_value:
        try:
            value = json.loads(request.value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise _NotMadeError(BAD_USE, "VALUE is not JSON; without --json-value it is taken as text.") from None
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _NotMadeError(BAD_USE, "VALUE holds bytes that are no text in UTF-8.") from None
    return value


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
        raise _NotMadeError(REFUSED, f"{place}: {file.error.message}. {_way_out(file, file.error)}")
    return file


def _way_out(file: SettingsFile, error: FileError) -> str:
    """Return what to do about a file that is not in effect."""
    if error.ours:
        return "Nothing is changed."
    if file.scope is Scope.USER and repair(file.text) is not None:
        return "The client drops the file; `stormdeck check --fix` proposes a repair."
    return "The client drops the file: put it right with an editor first."


def _with(file: SettingsFile, path: str, value: object) -> str:
    """Return the text of the file with the value set."""
    document = _document(file)
    keys = tuple(path.split("."))
    if keys[0] == "env" and (len(keys) > 2 or (len(keys) == 2 and isinstance(value, dict | list))):
        raise _NotMadeError(BAD_USE, f"env.{keys[1]} is a variable, which holds text: no object or list.")
    for above in (keys[:depth] for depth in range(1, len(keys))):
        if document.has(above) and not isinstance(document.get(above), dict):
            name = ".".join(above)
            why = f"{name} is no object in {file.path}, and all that it holds would be replaced"
            raise _NotMadeError(REFUSED, f"{why}; remove it first: stormdeck unset {name}")
    whole = document.get(path)
    if isinstance(whole, dict | list) and whole and isinstance(value, str):
        kind = "an object" if isinstance(whole, dict) else "a list"
        raise _NotMadeError(
            REFUSED, f"{path} is {kind} in {file.path}: give the new one with --json-value, or name an entry of it."
        )
    try:
        document = document.set(path, value)
    except ValueError:
        raise _NotMadeError(BAD_USE, "the VALUE holds something that JSON cannot hold.") from None
    return _accepted(file, document)


def _without(file: SettingsFile, path: str, backups: Path) -> str:
    """Return the text of the file without the entry, as it was before where a kept copy tells."""
    document = _document(file)
    return _accepted(file, removed(document, path, _earlier(file, backups))) if document.has(path) else document.text


def _document(file: SettingsFile) -> Document:
    document = Document.parse(file.text)
    if isinstance(document, FileError):
        raise _NotMadeError(REFUSED, f"{file.path}: {document.message}.")
    return document


def _earlier(file: SettingsFile, backups: Path) -> Iterator[Document]:
    """Yield what the file held before, newest first, as far as copies are kept."""
    for copy in backups_of(file.path, backups):
        try:
            document = Document.parse(read_bounded(copy, LARGEST).decode("utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if isinstance(document, Document):
            yield document


def _accepted(file: SettingsFile, document: Document) -> str:
    """Return a text that the client would take."""
    error = shape_error(document)
    if error is not None and file.error is None:
        raise _NotMadeError(REFUSED, f"{error.message}: the client would drop the whole file.")
    return document.text


def _show(request: Request, edit: _Edit) -> None:
    """Show the diff and what follows from it; with ``--json`` all of it beside the data."""
    tell: Callable[[str], None] = say if request.as_json else put
    if edit.diff:
        tell(clean(str(edit.file.path)))
    for line in paint_for(standard_error() if request.as_json else standard_output()).diff(edit.diff):
        tell(line)
    if edit.changes:
        for caveat in edit.file.caveats:
            say(clean(caveat))
    if request.value is not None or edit.changes:
        for line in edit.effect.as_text():
            say(line)


def _agree(request: Request, edit: _Edit) -> bool:
    """Return whether the user was asked and agreed; raises where the edit may not be made."""
    if request.agreed:
        return False
    flush()
    answer = asked(f"Write {clean(str(edit.file.path))}?")
    if answer is False:
        raise _NotMadeError(REFUSED, "nothing is written.", edit)
    errors = edit.effect.errors
    if answer is None and errors and edit.file.error is None:
        codes = ", ".join(dict.fromkeys(one.code for one in errors))
        what = f"the edit brings {plural(len(errors), 'error')} ({codes})"
        raise _NotMadeError(REFUSED, f"nothing is written: {what}. --yes writes it all the same.", edit)
    return bool(answer)


def _tell_outcome(request: Request, edit: _Edit, backup: Path | None) -> None:
    if not edit.changes:
        unset = f"{edit.path} is not set there."
        say("It is so already: nothing to change." if request.value is not None else unset)
    elif request.dry_run:
        say("A dry run: nothing is written.")
    else:
        say("Written." + (f" A copy of what was there: {clean(str(backup))}" if backup is not None else ""))


def _refusal(stop: _NotMadeError) -> dict[str, Any]:
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
