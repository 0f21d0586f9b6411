"""A settings file as it may leave this machine: every key, and the values of those that stormdeck knows."""

from __future__ import annotations

from collections.abc import Mapping

from stormdeck.model.masking.names import is_secret_name
from stormdeck.model.redaction.redactor import Redactor, Taken
from stormdeck.model.settings.field import Kind
from stormdeck.model.settings.fields import field_of
from stormdeck.model.settings.scope import SettingsFile, SettingsSnapshot
from stormdeck.model.units import plural

OTHER = "value"
"""What is taken out beside secrets: values of settings that have nothing to do with servers, as hooks and rules."""
_FREE = frozenset({Kind.COMMAND, Kind.JSON})
"""Kinds of values that may hold anything."""


def settings_as_json(settings: SettingsSnapshot, redact: Redactor, taken: Taken) -> dict[str, object]:
    """Return every scope, strongest first, and the client's variables in the shell; their keys are kept."""
    shell = {f"env.{name}": text for name, text in settings.shell.items()}
    return {
        "files": [_file(file, redact, taken) for file in settings.files],
        "shell": {path.removeprefix("env."): _value(path, text, redact, taken) for path, text in shell.items()},
        "wins": {redact.text(path, taken): found.scope.value for path, found in settings.effective.items()},
    }


def _file(file: SettingsFile, redact: Redactor, taken: Taken) -> dict[str, object]:
    error = file.error
    return {
        "scope": file.scope.value,
        "path": redact.text(str(file.path), taken),
        "exists": file.exists,
        "error": None
        if error is None
        else {"message": redact.text(error.message, taken), "line": error.line, "column": error.column},
        "values": {redact.text(key, taken): _value(key, value, redact, taken) for key, value in file.values.items()},
    }


def _value(path: str, value: object, redact: Redactor, taken: Taken) -> object:
    """Return a value as it may be shown: a secret numbered, a known one redacted, of any other its kind and size."""
    name = path.rpartition(".")[2]
    if isinstance(value, Mapping) and not is_secret_name(name):
        return {
            redact.text(str(key), taken): _value(f"{path}.{key}", inner, redact, taken) for key, inner in value.items()
        }
    if value is None or isinstance(value, bool):
        return value
    if is_secret_name(name):
        return redact.secret(str(value), taken) if value != "" else ""
    known = field_of(path)
    if known is not None and known.kind not in _FREE:
        return redact.tree(value, taken)
    taken[OTHER] += 1
    if isinstance(value, str):
        return f"<{plural(len(value), 'character')}>"
    return f"<list of {len(value)}>" if isinstance(value, list) else "<number>"
