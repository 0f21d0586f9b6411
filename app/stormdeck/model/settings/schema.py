"""Check the JSON types of known settings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stormdeck.model.json_edit.document import Document, FileError

_TYPES: Mapping[str, tuple[type, ...]] = {
    "model": (str,),
    "apiKeyHelper": (str,),
    "env": (dict,),
    "permissions": (dict,),
    "permissions.allow": (list,),
    "permissions.deny": (list,),
    "permissions.ask": (list,),
    "statusLine": (dict,),
}
_WORDS: Mapping[type, str] = {str: "text", dict: "an object", list: "a list", bool: "true or false"}


def shape_error(document: Document) -> FileError | None:
    """Return an error if a known key has the wrong type: Claude Code then ignores the file (measured, all versions)."""
    for path, types in _TYPES.items():
        value = document.get(path)
        if value is not None and not isinstance(value, types):
            wanted, found = _WORDS[types[0]], _WORDS.get(type(value), "a number")
            return FileError(f"`{path}` must be {wanted}, but is {found}", *(document.position(path) or ()))
    return None


_LEADING = re.compile(r"\s*(\d{1,12})", re.ASCII)


def timeout_ms(text: str | None) -> int | None:
    """Return the value of ``API_TIMEOUT_MS`` in milliseconds, ``None`` if it is missing or begins with no digit.

    Only the digits at the start count: ``10 minutes`` is 10 (measured, 1.0.128 to 2.1.329).
    """
    found = _LEADING.match(text or "")
    return int(found[1]) if found is not None else None
