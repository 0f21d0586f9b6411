"""Values of a JSON text with their offsets, and how these change with an edit.

The offsets of an object's entries are found when first needed. After an edit, only the changed entries are read again;
the offsets of those after it are shifted: a key press in a file of 20,000 entries takes a few milliseconds.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn, overload

_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN_ENTRY = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\r\n]*:[ \t\r\n]*("([^"\\\x00-\x1f]*)")[ \t\r\n]*(,?)[ \t\r\n]*')
"""A key and a string without escapes, and the comma after them: most entries of a file."""
_DIGITS = 400
"""Integers with more digits are infinite in JavaScript."""


class Node:
    """One value and its offsets: ``text[start:end]``."""

    __slots__ = ("_entries", "_text", "end", "repeats", "start", "value")

    def __init__(self, start: int, end: int, value: object, entries: Entries | None = None, text: str = "") -> None:
        self.start = start
        self.end = end
        self.value = value
        """As ``JSON.parse`` returns it: of a duplicate key, the last value."""
        self._entries = entries
        self._text = text
        self.repeats = True
        """Whether this object or one below may have a duplicate key; ``False``: none has."""

    @property
    def members(self) -> Entries | None:
        """Return the entries of an object in the order of the text; ``None`` for any other value."""
        if not isinstance(self.value, dict):
            return None
        if self._entries is None:
            self._entries = Entries(self._text)
            _read_entries(self._entries, self.start + 1)
        return self._entries

    def index_of(self, key: str) -> int | None:
        """Return the index of an entry by its key; of duplicates, the last."""
        return self.members.index_of(key) if self.members is not None else None

    def member(self, key: str) -> Member | None:
        """Return the entry of a key; of duplicates, the last."""
        entries = self.members
        at = entries.index_of(key) if entries is not None else None
        return entries[at] if entries is not None and at is not None else None

    def edited(self, text: str, start: int, end: int, delta: int) -> Node | None:
        """Return this object in a new text, in which ``start`` to ``end`` was replaced by ``delta`` characters more.

        ``None`` if the whole text must be read again. There must be no duplicate key, here or below.
        """
        entries = self.members
        if entries is None or not (self.start < start and end < self.end):
            return None
        changed = entries.edited(text, start, end, delta, (self.start, self.end - 1 + delta))
        if changed is None:
            return None
        return Node(self.start, self.end + delta, dict(zip(changed.keys, changed.values, strict=True)), changed, text)


class Member(NamedTuple):
    """One entry of an object."""

    key: str
    start: int
    """Offset of the key's opening quote."""
    key_end: int
    node: Node


class Entries(Sequence[Member]):
    """The entries of one object; a list for each of their parts is smaller and quicker to shift than tuples."""

    __slots__ = ("_by_key", "_nodes", "_text", "ends", "key_ends", "keys", "starts", "value_starts", "values")

    def __init__(self, text: str) -> None:
        self._text = text
        self.keys: list[str] = []
        self.starts: list[int] = []
        self.key_ends: list[int] = []
        self.value_starts: list[int] = []
        self.values: list[object] = []
        self.ends: list[int] = []
        self._by_key: dict[str, int] | None = None
        self._nodes: dict[int, Node] = {}
        """The nodes of objects, which find their own entries once."""

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Member]: ...
    def __getitem__(self, index: int | slice) -> Member | Sequence[Member]:
        """Return one entry, or several."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        return Member(self.keys[index], self.starts[index], self.key_ends[index], self._node(index))

    def append(self, key: str, start: int, key_end: int, node: Node) -> None:
        """Add an entry at the end."""
        if isinstance(node.value, dict):
            self._nodes[len(self)] = node
        self.keys.append(key)
        self.starts.append(start)
        self.key_ends.append(key_end)
        self.value_starts.append(node.start)
        self.values.append(node.value)
        self.ends.append(node.end)

    def index_of(self, key: str) -> int | None:
        """Return the index of a key; of duplicates, the last."""
        if self._by_key is None:
            self._by_key = {key: at for at, key in enumerate(self.keys)}
        return self._by_key.get(key)

    def edited(self, text: str, start: int, end: int, delta: int, brackets: tuple[int, int]) -> Entries | None:
        """Return the entries in an edited text, in which the brackets of their object have these offsets.

        ``None`` if an object or a list is new, or if a key then occurs twice.
        """
        around = bisect_right(self.value_starts, start) - 1
        if around >= 0 and end < self.ends[around] and isinstance(self.values[around], dict):
            inner = self._node(around).edited(text, start, end, delta)
            if inner is None:
                return None
            new = Entries(text)
            new.append(self.keys[around], self.starts[around], self.key_ends[around], inner)
            return self._joined(around, new, around + 1, delta)
        kept, rest = bisect_right(self.ends, start), bisect_left(self.starts, end)
        new = Entries(text)
        stop = self.starts[rest] + delta if rest < len(self) else brackets[1]
        place = _read_entries(new, self.ends[kept - 1] if kept else brackets[0] + 1, stop, is_first=not kept)
        old = self.keys[kept:rest]
        added = [key for key in new.keys if key not in old]
        is_known = any(self.index_of(key) is not None for key in added) or len(set(new.keys)) < len(new)
        if place != stop or is_known or any(isinstance(value, dict | list) for value in new.values):
            return None
        return self._joined(kept, new, rest, delta)

    def _node(self, index: int) -> Node:
        at = range(len(self))[index]
        node = self._nodes.get(at)
        if node is None:
            node = Node(self.value_starts[at], self.ends[at], self.values[at], text=self._text)
            if isinstance(node.value, dict):
                self._nodes[at] = node
        return node

    def _joined(self, kept: int, new: Entries, rest: int, delta: int) -> Entries:
        """Return the first entries, then the new ones, then from ``rest`` on those that are shifted."""
        made = Entries(new._text)
        made.keys = [*self.keys[:kept], *new.keys, *self.keys[rest:]]
        made.values = [*self.values[:kept], *new.values, *self.values[rest:]]
        made.starts = _shifted(self.starts, kept, new.starts, rest, delta)
        made.key_ends = _shifted(self.key_ends, kept, new.key_ends, rest, delta)
        made.value_starts = _shifted(self.value_starts, kept, new.value_starts, rest, delta)
        made.ends = _shifted(self.ends, kept, new.ends, rest, delta)
        made._nodes = {at: node for at, node in self._nodes.items() if at < kept}
        made._nodes |= {kept + at: node for at, node in new._nodes.items()}
        if new.keys == self.keys[kept:rest]:
            made._by_key = self._by_key
        elif self._by_key is not None and rest == len(self) == len(self._by_key):
            # The last entries have changed, and no key is twice: the places of the others stay.
            made._by_key = self._by_key | {key: kept + at for at, key in enumerate(new.keys)}
            for key in {*self.keys[kept:]}.difference(new.keys):
                del made._by_key[key]
        return made


def _shifted(old: list[int], kept: int, new: list[int], rest: int, delta: int) -> list[int]:
    after = old[rest:] if not delta else [at + delta for at in old[rest:]]
    return [*old[:kept], *new, *after]


def _read_entries(entries: Entries, start: int, stop: int | None = None, *, is_first: bool = True) -> int:
    """Add the entries of valid JSON from ``start`` on, until the object ends or ``stop``; return the offset there.

    The first one has no comma before it.
    """
    text = entries._text
    at = skip_space(text, start)
    if not is_first:
        if text[at] != ",":
            return at
        at = skip_space(text, at + 1)
    while text[at] == '"' and at != stop:
        plain_end = _read_plain_entries(entries, at, stop)
        if plain_end != at:
            at = plain_end
            continue
        key, key_end = _DECODER.raw_decode(text, at)
        place = skip_space(text, skip_space(text, key_end) + 1)
        value, end = _DECODER.raw_decode(text, place)
        entries.append(key, at, key_end, Node(place, end, value, text=text))
        at = skip_space(text, end)
        if text[at] == ",":
            at = skip_space(text, at + 1)
    return at


def _read_plain_entries(entries: Entries, start: int, stop: int | None) -> int:
    """Add the entries without escapes that begin at an offset; return the offset after them."""
    at = start
    if _PLAIN_ENTRY.match(entries._text, at) is None:
        return at
    key, starts, key_end = entries.keys.append, entries.starts.append, entries.key_ends.append
    value_start, value, ends = entries.value_starts.append, entries.values.append, entries.ends.append
    for entry in _PLAIN_ENTRY.finditer(entries._text, at):
        if entry.start() != at or at == stop:
            break
        starts(at)
        (_, first), (first_of_value, end) = entry.span(1), entry.span(2)
        name, _, text, _ = entry.groups()
        key(name)
        key_end(first + 1)
        value_start(first_of_value)
        value(text)
        ends(end)
        at = entry.end()
    return at


def skip_space(text: str, at: int) -> int:
    """Return the offset of the next character that is not whitespace."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def as_number(text: str) -> int | float:
    """Return a number as JavaScript reads it: ``600000`` and ``6e5`` are the same."""
    if text.lstrip("-").isdigit() and len(text) <= _DIGITS:
        return int(text)
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def decoder(object_of: Callable[[list[tuple[str, object]]], object] | None = None) -> json.JSONDecoder:
    """Return a decoder that reads numbers as JavaScript does; ``object_of`` builds an object from its entries."""
    return json.JSONDecoder(
        object_pairs_hook=object_of, parse_int=as_number, parse_float=as_number, parse_constant=_refused
    )


def _refused(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = decoder()
