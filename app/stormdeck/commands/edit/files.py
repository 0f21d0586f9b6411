"""Choose the settings file to edit, and refuse one that cannot be edited."""

from __future__ import annotations

from stormdeck.commands.edit.steps import RefusedError
from stormdeck.commands.exit_codes import FAILURE, NEGATIVE
from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.json_edit.repair import repair
from stormdeck.model.settings.schema import shape_error
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot
from stormdeck.options.kinds import quoted

WRITABLE = {"user": Scope.USER, "project": Scope.PROJECT, "local": Scope.LOCAL}
_NOT_OURS = {
    "managed": "the managed settings belong to the administrator",
    "flag": "a file given with --settings is read when Claude Code starts: edit it with --settings FILE",
    "--settings": "a file given with --settings is read when Claude Code starts: edit it with --settings FILE",
    "client state": "Claude Code writes ~/.claude.json itself; a value in a settings file has priority",
    "shell": "variables of the shell are set in its start files; a value in a settings file has priority",
}


def file_of(settings: SettingsSnapshot, scope: str) -> SettingsFile:
    """Return the file of a scope that may be edited."""
    if scope in _NOT_OURS:
        raise RefusedError(NEGATIVE, f"{_NOT_OURS[scope]}; nothing is changed.")
    if scope not in WRITABLE:
        raise RefusedError(FAILURE, f"unknown scope {quoted(scope)}: user, project or local.")
    file = settings.file(WRITABLE[scope])
    if file is None:
        why = "with --settings" if scope != "project" or len(settings.files) == 1 else "in the home folder"
        raise RefusedError(NEGATIVE, f"there are no {scope} settings {why}; the user's are --scope user.")
    if file.error is not None and (not file.text or isinstance(Document.parse(file.text), FileError)):
        place = ":".join(str(part) for part in (file.path, file.error.line, file.error.column) if part is not None)
        raise RefusedError(NEGATIVE, f"{place}: {file.error.message}. {_way_out(file, file.error)}")
    return file


def _way_out(file: SettingsFile, error: FileError) -> str:
    """Return what to do about a file that the client ignores."""
    if error.ours:
        return "Nothing is changed."
    if file.scope is Scope.USER and repair(file.text) is not None:
        return "Claude Code ignores the file; `stormdeck check --fix` proposes a repair."
    return "Claude Code ignores the file: correct it with an editor first."


def document_of(file: SettingsFile) -> Document:
    """Return the parsed text of a file, or refuse one that is not JSON."""
    document = Document.parse(file.text)
    if isinstance(document, FileError):
        raise RefusedError(NEGATIVE, f"{file.path}: {document.message}.")
    return document


def accepted(file: SettingsFile, document: Document) -> str:
    """Return the text, or refuse one that the client would ignore."""
    error = shape_error(document)
    if error is not None and file.error is None:
        raise RefusedError(NEGATIVE, f"{error.message}: Claude Code would ignore the whole file.")
    return document.text
