"""Check the JSON types of known settings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.settings.root_types import ROOT_TYPES

_NESTED_TYPES: Mapping[str, type] = {
    "permissions.allow": list,
    "permissions.deny": list,
    "permissions.ask": list,
    "permissions.defaultMode": str,
    "disableAutoMode": str,
}
_WORDS: Mapping[type, str] = {str: "text", dict: "an object", list: "a list", bool: "true or false", int: "a number"}


def shape_error(document: Document) -> FileError | None:
    """Return an error if a known key has the wrong type: Claude Code then ignores the file.

    Measured: ``model``, ``env``, ``permissions`` and ``statusLine`` in all versions, other keys and null in 2.1.332.
    """
    for path, value in document.values.items():
        if not has_type(value, ROOT_TYPES.get(path, (object,))):
            return _wrong(document, path, ROOT_TYPES[path][0], value)
    for path, wanted in _NESTED_TYPES.items():
        value = document.get(path)
        if value is not None and not isinstance(value, wanted):
            return _wrong(document, path, wanted, value)
    return None


def has_type(value: object, types: tuple[type, ...]) -> bool:
    """Return whether a value has one of the JSON types; ``true`` is not a number."""
    return isinstance(value, types) and (not isinstance(value, bool) or bool in types or object in types)


def _wrong(document: Document, path: str, wanted: type, value: object) -> FileError:
    found = "null" if value is None else _WORDS.get(type(value), "a number")
    return FileError(f"`{path}` must be {_WORDS[wanted]}, but is {found}", *(document.position(path) or ()))


_LEADING = re.compile(r"\s*(\d{1,12})", re.ASCII)


def timeout_ms(text: str | None) -> int | None:
    """Return the value of ``API_TIMEOUT_MS`` in milliseconds, ``None`` if it is missing or begins with no digit.

    Only the digits at the start count: ``10 minutes`` is 10 (measured, 1.0.128 to 2.1.329).
    """
    found = _LEADING.match(text or "")
    return int(found[1]) if found is not None else None
