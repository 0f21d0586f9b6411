"""Parse a JSON object and return edited copies of its text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from stormdeck.model.json_edit import layout
from stormdeck.model.json_edit.nodes import Member, Node
from stormdeck.model.json_edit.scanner import ScanError, scan

BOM = "\ufeff"
Path = str | tuple[str, ...]
"""``model``, ``env.ANTHROPIC_BASE_URL``; a tuple if a key contains a dot."""


@dataclass(frozen=True, slots=True)
class FileError:
    """Why a file is not in effect."""

    message: str
    line: int | None = None
    """Counted from 1, like the column."""
    column: int | None = None
    ours: bool = False
    """The file could not be opened or read here; whether its owner can read it is not known."""


@dataclass(frozen=True, slots=True)
class Document:
    r"""The text of one file that is a JSON object, or empty.

    An edit returns a new document; only the bytes of the edited entry differ.

    >>> Document.parse('{"a": 1,\n "b": 2}').set("b", 3).text
    '{"a": 1,\n "b": 3}'
    """

    text: str
    _root: Node | None = field(repr=False, compare=False)
    """``None``: the file is empty, which Claude Code reads as no settings (measured, all versions)."""
    _line_starts: list[int] = field(default_factory=list, repr=False, compare=False)
    """Offsets of the lines; empty until a position is needed."""

    @classmethod
    def parse(cls, text: str) -> Document | FileError:
        """Parse a text as ``JSON.parse`` does, or return why and where that fails."""
        start = len(BOM) if text.startswith(BOM) else 0
        if not text[start:].strip(" \t\r\n"):
            return cls(text, None)
        try:
            root = scan(text, start)
        except ScanError as error:
            return FileError(error.message, *_line_and_column(text, error.offset))
        if not isinstance(root.value, dict):
            what = "a list" if isinstance(root.value, list) else "a single value"
            message = f"the file contains {what}: it must contain an object, in {{ }}"
            return FileError(message, *_line_and_column(text, root.start))
        return cls(text, root)

    @property
    def root(self) -> Node | None:
        """Return the root object with its offsets; ``None`` if the file is empty."""
        return self._root

    @property
    def values(self) -> dict[str, object]:
        """Return the root object; of a duplicate key, the last value, as ``JSON.parse`` does."""
        return dict(self._root.value) if self._root is not None and isinstance(self._root.value, dict) else {}

    @property
    def duplicates(self) -> tuple[tuple[str, ...], ...]:
        """Return the paths of keys that occur more than once in their object."""
        return tuple(_duplicates(self._root, ())) if self._root is not None and self._root.repeats else ()

    def get(self, path: Path) -> object:
        """Return the value at a path, or ``None``."""
        value: object = self._root.value if self._root is not None else None
        for key in _keys(path):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def has(self, path: Path) -> bool:
        """Return whether there is an entry at a path, even one with null."""
        return self._member(_keys(path)) is not None

    def index(self) -> None:
        """Find the offsets of the entries of ``env`` now, as else the first edit or position does."""
        self.has(("env", ""))

    def position(self, path: Path) -> tuple[int, int] | None:
        """Return line and column of an entry's key, both counted from 1, or ``None``."""
        member = self._member(_keys(path))
        return None if member is None else self._position(member.start)

    def extent(self, path: Path) -> tuple[int, int, int] | None:
        """Return line and column of an entry's value, and how many of its characters are on that line."""
        member = self._member(_keys(path))
        if member is None:
            return None
        start, end = member.node.start, member.node.end
        return *self._position(start), len(self.text[start:end].partition("\n")[0].rstrip("\r"))

    def set(self, path: Path, value: object) -> Document:
        """Return the document with one value set; the text is the same if the value already is.

        Missing objects along the path are added. A value along the path that is not an object is replaced:
        Claude Code ignores a file whose ``env`` is not an object.
        """
        keys = _keys(path)
        if self._root is None:
            return self._edited(0, len(self.text), layout.whole_file(self.text, keys, value))
        parent, left = self._root, keys
        while True:
            member = parent.member(left[0])
            if member is None:
                return self._edited(*layout.addition(self.text, self._root, parent, left, value))
            if len(left) == 1:
                return self._replaced(member, value)
            if member.node.members is None:
                return self._edited(
                    member.node.start,
                    member.node.end,
                    layout.nested(self.text, self._root, parent, member.start, left[1:], value),
                )
            parent, left = member.node, left[1:]

    def insert(self, path: Path, value: object, after: str | None) -> Document:
        """Return the document with a new entry that follows a sibling, or comes first.

        Like ``set`` where the entry exists, or its object or the sibling does not.
        """
        keys = _keys(path)
        parent = self._object(keys[:-1])
        at = -1 if after is None else parent.index_of(after) if parent is not None else None
        if self._root is None or parent is None or parent.members is None or at is None or self.has(keys):
            return self.set(path, value)
        return self._edited(*layout.addition(self.text, self._root, parent, keys[-1:], value, at))

    def remove(self, path: Path) -> Document:
        """Return the document without an entry, its comma and its line; a duplicate key goes everywhere."""
        keys = _keys(path)
        document = self
        while (parent := document._object(keys[:-1])) is not None and (at := parent.index_of(keys[-1])) is not None:
            document = document._edited(*layout.removal(document.text, parent, at), "")
        return document

    def _position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset; the lines are counted once a document."""
        if not self._line_starts:
            ends = accumulate(len(line) + 1 for line in self.text.split("\n"))
            self._line_starts.extend((0, *ends))
        line = bisect_right(self._line_starts, offset)
        start = self._line_starts[line - 1]
        return line, offset - (start or len(BOM) * self.text.startswith(BOM)) + 1

    def _replaced(self, member: Member, value: object) -> Document:
        """Return the document with the value of an entry replaced, unless it is the same."""
        node = member.node
        if type(node.value) is type(value) and node.value == value:
            return self
        return self._edited(node.start, node.end, layout.encoded(value, self.text, self._root, member.start))

    def _edited(self, start: int, end: int, piece: str) -> Document:
        """Return the document with ``text[start:end]`` replaced."""
        text = self.text[:start] + piece + self.text[end:]
        if self._root is not None and not self._root.repeats:
            root = self._root.edited(text, start, end, len(piece) - (end - start))
            if root is not None:
                root.repeats = False
                return Document(text, root)
        document = Document.parse(text)
        if isinstance(document, FileError):
            raise AssertionError(f"an edit broke the text: {document.message}")
        return document

    def _object(self, keys: tuple[str, ...]) -> Node | None:
        """Return the object at a path of keys."""
        node = self._root
        for key in keys:
            member = node.member(key) if node is not None else None
            node = member.node if member is not None else None
        return node

    def _member(self, keys: tuple[str, ...]) -> Member | None:
        """Return the entry at a path: of a duplicate key, the last."""
        parent = self._object(keys[:-1])
        return None if parent is None else parent.member(keys[-1])


def _keys(path: Path) -> tuple[str, ...]:
    """Return a path as its keys."""
    return tuple(path.split(".")) if isinstance(path, str) else path


def _duplicates(node: Node, above: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the paths of duplicate keys, at all depths."""
    found: dict[tuple[str, ...], None] = {}
    seen: set[str] = set()
    for member in node.members or ():
        path = (*above, member.key)
        if member.key in seen:
            found[path] = None
        seen.add(member.key)
        if isinstance(member.node.value, dict):
            found.update(dict.fromkeys(_duplicates(member.node, path)))
    return list(found)


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of an offset, counted from 1; a byte-order mark takes no column."""
    start = text.rfind("\n", 0, offset) + 1
    if start == 0 and text.startswith(BOM):
        start = len(BOM)
    return text.count("\n", 0, offset) + 1, offset - start + 1
