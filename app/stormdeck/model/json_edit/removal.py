"""Take an entry out of a settings file, and with it what came into the file for that entry alone."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.json_edit.document import BOM, Document, Path

_BARE = tuple(bare for text in ("{}\n", "{}") if isinstance(bare := Document.parse(text), Document))
"""What is left of a file that was made for one entry."""


def removed(document: Document, path: Path, earlier: Iterable[Document]) -> Document:
    """Return the document without an entry.

    ``earlier`` is what the file held before, newest first. Where setting the entry in one of them gives exactly the
    document, that one is the result, byte for byte: the objects on the way, line ends and blanks go as they came.
    Else only the entry goes, and an object that is empty then if it came with an entry while stormdeck looked on; an
    empty object that stood there before stays.
    """
    value = document.get(path)
    known = tuple(earlier)
    if known and _is_first(known[-1]):
        known = (*known, *_BARE)
    source = next((one for one in (*known, *_BARE) if _makes(one, path, value, document)), None)
    if source is not None:
        return source
    left = document.remove(path)
    keys = tuple(path.split(".")) if isinstance(path, str) else path
    for above in (keys[:depth] for depth in range(len(keys) - 1, 0, -1)):
        if left.get(above) != {} or not _came_filled(known, above):
            break
        left = left.remove(above)
    return left


def _came_filled(known: Iterable[Document], path: Path) -> bool:
    """Return whether an object came into the file with an entry in it, and was never empty since."""
    for one in known:
        if not one.has(path):
            return True
        if one.get(path) == {}:
            return False
    return False


def _is_first(document: Document) -> bool:
    """Return whether a document looks as if setting one entry had made the file: of nothing there is no copy."""
    path: tuple[str, ...] = ()
    value: object = document.values
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path = (*path, key)
    return bool(path) and any(_makes(bare, path, value, document) for bare in _BARE)


def _makes(before: Document, path: Path, value: object, document: Document) -> bool:
    """Return whether setting the value in an earlier document gives this one."""
    if before.has(path) or before.text.startswith(BOM) != document.text.startswith(BOM):
        return False
    try:
        return before.set(path, value).text == document.text
    except ValueError:  # a number that is infinite cannot be written
        return False
