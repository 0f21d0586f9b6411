"""Remove an entry from a file, and with it what was added to the file for that entry alone."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.json_edit.document import BOM, Document, Path

_BARE = tuple(bare for text in ("{}\n", "{}") if isinstance(bare := Document.parse(text), Document))
"""Contents of a file that was created for one entry, without that entry."""


def removed(document: Document, path: Path, earlier: Iterable[Document]) -> Document:
    """Return the document without an entry.

    ``earlier`` holds earlier versions of the file, newest first. If setting the entry in one of them gives exactly
    this document, that version is the result, byte for byte, including its objects, line ends and spaces. Otherwise
    only the entry goes, and its parent if it is empty then and these versions show that it was added with an entry.
    A parent that was empty before stays.

    >>> before = Document.parse('{ "a": 1 }')
    >>> removed(before.set("env.B", "2"), "env.B", [before]).text
    '{ "a": 1 }'
    """
    value = document.get(path)
    known = tuple(earlier)
    if known and _may_be_created(known[-1]):
        known = (*known, *_BARE)
    source = next((one for one in (*known, *_BARE) if _gives(one, path, value, document)), None)
    if source is not None:
        return source
    left = document.remove(path)
    keys = tuple(path.split(".")) if isinstance(path, str) else path
    for above in (keys[:depth] for depth in range(len(keys) - 1, 0, -1)):
        if left.get(above) != {} or not _was_added_filled(known, above):
            break
        left = left.remove(above)
    return left


def _was_added_filled(known: Iterable[Document], path: Path) -> bool:
    """Return whether an object was added with an entry in it, and was never empty since."""
    for one in known:
        if not one.has(path):
            return True
        if one.get(path) == {}:
            return False
    return False


def _may_be_created(document: Document) -> bool:
    """Return whether the file may have been created by setting one entry: then there is no copy of it before."""
    path: tuple[str, ...] = ()
    value: object = document.values
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path = (*path, key)
    return bool(path) and any(_gives(bare, path, value, document) for bare in _BARE)


def _gives(before: Document, path: Path, value: object, document: Document) -> bool:
    """Return whether setting the value in an earlier document gives exactly this one."""
    if before.has(path) or before.text.startswith(BOM) != document.text.startswith(BOM):
        return False
    try:
        return before.set(path, value).text == document.text
    except ValueError:  # an infinite number cannot be written
        return False
