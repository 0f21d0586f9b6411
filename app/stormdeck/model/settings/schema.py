"""Whether the client accepts the types of the keys it knows."""

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
    """Return why the client drops a file that is JSON: a known key of the wrong type (measured, all versions)."""
    for path, types in _TYPES.items():
        value = document.get(path)
        if value is not None and not isinstance(value, types):
            wanted, found = _WORDS[types[0]], _WORDS.get(type(value), "a number")
            return FileError(f"`{path}` must be {wanted}, and is {found}", *(document.position(path) or ()))
    return None


_LEADING = re.compile(r"\s*(\d{1,12})", re.ASCII)


def timeout_ms(text: str | None) -> int | None:
    """Return the milliseconds of an ``API_TIMEOUT_MS``: the digits at its start, so that ``10 minutes`` is 10.

    ``None`` where it is not set or does not begin with a digit (measured, 1.0.128 to 2.1.329).
    """
    found = _LEADING.match(text or "")
    return int(found[1]) if found is not None else None
