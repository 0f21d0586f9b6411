"""What the JSON text says, and where each entry stands in it.

Strict as the client reads it (``JSON.parse``): no comments, no trailing commas, no single quotes, no ``NaN``
(measured, 1.0.128 to 2.1.329: the client drops the whole file).

Values are read by the C decoder of the standard library, and the places of an object's entries only when they are
asked for: 20,000 entries take 15 ms instead of 300. A text that the decoder refuses is read again by ``_Scanner``,
which says why in plain words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

_BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN_ENTRY = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\r\n]*:[ \t\r\n]*("([^"\\\x00-\x1f]*)")[ \t\r\n]*(,?)[ \t\r\n]*')
"""A key and a text without escapes, and the comma behind them: most entries of a file."""
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_WORD = re.compile(r"[^\s,:{}\[\]\"]{1,24}")
_QUOTABLE = re.compile(r"[+-]?(?:NaN|Infinity|True|False|None|undefined|[0-9.xX_eE+-]{1,12})")
"""Words that people write for values; any other may be a secret that lost its quotes."""
_SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: tuple[tuple[str, object], ...] = (("true", True), ("false", False), ("null", None))
DEEPEST = 100
"""Levels of nesting; no settings file comes near, and a hostile one must not exhaust the stack."""
_DIGITS = 400
"""Integers with more digits are infinite in the client's numbers."""


class Node:
    """One value and its place: ``text[start:end]``."""

    __slots__ = ("_before", "_by_key", "_members", "_text", "end", "repeats", "start", "value")

    def __init__(
        self, start: int, end: int, value: object, members: tuple[Member, ...] | None = None, text: str = ""
    ) -> None:
        self.start = start
        self.end = end
        self.value = value
        """As the client reads it; of a key that stands twice, the last."""
        if isinstance(value, dict):
            self._members = members
            self._before: tuple[Member, ...] = ()
            self._text = text
            self._by_key: dict[str, Member] | None = None
            self.repeats = True
            """Whether a key may stand twice in it or in an object below; ``False``: none does."""

    @property
    def members(self) -> tuple[Member, ...] | None:
        """Return the entries of an object in the order of the text; ``None`` for all else."""
        if not isinstance(self.value, dict):
            return None
        if self._members is None:
            self._members = (*self._before, *_entries(self._text, self.start, self._before))
        return self._members

    def keep(self, old: Node, offset: int) -> None:
        """Take over the entries of the same object in a text that is the same up to an offset; they need no reading."""
        if self._members is None and isinstance(old.value, dict) and old._members is not None:
            kept = len(old._members)
            while kept and old._members[kept - 1].node.end > offset:
                kept -= 1
            self._before = old._members[:kept]

    def member(self, key: str) -> Member | None:
        """Return the entry of a key that counts: the last."""
        if not isinstance(self.value, dict) or key not in self.value:
            return None
        if self._by_key is None:
            self._by_key = {member.key: member for member in self.members or ()}
        return self._by_key.get(key)


class Member(NamedTuple):
    """One entry of an object."""

    key: str
    start: int
    """Of the key's opening quote."""
    key_end: int
    node: Node


class ScanError(ValueError):
    """The text is not JSON: why, in plain words, and at which offset."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def scan(text: str, start: int = 0) -> Node:
    """Return the one value that the text holds from ``start`` on; raises ``ScanError``."""
    node = _decoded(text, start)
    if node is not None:
        return node
    scanner = _Scanner(text)
    node = scanner.value(scanner.skip(start), 0)
    rest = scanner.skip(node.end)
    if rest < len(text):
        scanner.refuse_strange(rest)
        raise ScanError("text after the end of the settings", rest)
    return node


def _decoded(text: str, start: int) -> Node | None:
    """Return the value of a text that is JSON and not nested too deeply; ``None`` for any other."""
    repeats = False

    def dict_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeats
        made = dict(pairs)
        repeats = repeats or len(made) < len(pairs)
        return made

    at = _after_blanks(text, start)
    try:
        value, end = _decoder(dict_of).raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    may_be_deep = text.count("{") + text.count("[") > DEEPEST
    if _after_blanks(text, end) < len(text) or (may_be_deep and (repeats or _is_deep(value))):
        return None
    node = Node(at, end, value, text=text)
    node.repeats = repeats
    return node


def _is_deep(value: object) -> bool:
    """Return whether objects and lists are nested more deeply than ``DEEPEST``."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)


def _entries(text: str, start: int, known: tuple[Member, ...] = ()) -> Iterator[Member]:
    """Yield the entries of the object at ``start``, of a text that is JSON, but for the first ones that are known."""
    at = _after_blanks(text, known[-1].node.end if known else start + 1)
    if known:
        if text[at] != ",":
            return
        at = _after_blanks(text, at + 1)
    while text[at] == '"':
        plain = _PLAIN_ENTRY.match(text, at)
        if plain is not None:
            value_start, end = plain.span(2)
            yield Member(plain[1], at, plain.end(1) + 1, Node(value_start, end, plain[3]))
            at = plain.end()
            if plain[4]:
                continue
            return
        key, key_end = _PLAIN_DECODER.raw_decode(text, at)
        place = _after_blanks(text, _after_blanks(text, key_end) + 1)
        value, end = _PLAIN_DECODER.raw_decode(text, place)
        yield Member(key, at, key_end, Node(place, end, value, text=text))
        at = _after_blanks(text, end)
        if text[at] != ",":
            return
        at = _after_blanks(text, at + 1)


def _after_blanks(text: str, at: int) -> int:
    """Return the offset of the next character that is no blank."""
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _refused(name: str) -> NoReturn:
    raise ValueError(name)


class _Scanner:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def skip(self, at: int) -> int:
        """Return the offset of the next character that is no blank."""
        return _after_blanks(self.text, at)

    def value(self, at: int, depth: int) -> Node:
        """Read the value that starts at ``at``."""
        char = self.text[at : at + 1]
        if depth > DEEPEST:
            raise ScanError("objects or lists are nested too deeply", at)
        if char == "{":
            return self._object(at, depth)
        if char == "[":
            return self._array(at, depth)
        if char == '"':
            return self._string(at)
        for word, value in _LITERALS:
            if self.text.startswith(word, at) and not self.text[at + len(word) : at + len(word) + 1].isalnum():
                return Node(at, at + len(word), value)
        return self._number(at)

    def refuse_strange(self, at: int) -> None:
        """Raise for what people write and JSON has not, so that the message can name it."""
        char = self.text[at : at + 1]
        if not char:
            raise ScanError("the file ends too early: a closing bracket or a value is missing", at)
        if self.text.startswith(("//", "/*"), at) or char == "#":
            raise ScanError("a comment: the file must be plain JSON, which has none", at)
        if char in "'`":
            raise ScanError("single quotes: JSON wants double quotes", at)
        if char in "“”„‘’«»":
            raise ScanError("typographic quotes: JSON wants plain double quotes", at)
        if char.isspace() or char == "\ufeff":
            raise ScanError(f"an unusual blank (U+{ord(char):04X}): JSON wants plain ones", at)

    def _object(self, at: int, depth: int) -> Node:
        members: list[Member] = []
        place = self.skip(at + 1)
        if self.text[place : place + 1] == "}":
            return Node(at, place + 1, {}, ())
        while True:
            member = self._member(place, depth)
            members.append(member)
            place, closed = self._separator(member.node.end, "}", "an entry")
            if closed:
                return Node(at, place, {member.key: member.node.value for member in members}, tuple(members))

    def _member(self, at: int, depth: int) -> Member:
        if self.text[at : at + 1] != '"':
            self.refuse_strange(at)
            word = _WORD.match(self.text, at)
            # Only what a colon follows is a key: anything else may be a secret that lost its quote.
            colon = self.skip(word.end()) if word is not None else at
            named = word is not None and self.text[colon : colon + 1] == ":"
            name = f", not `{word.group()}`" if word and named else "" if word else f", not `{self.text[at]}`"
            raise ScanError(f"a key in double quotes is expected here{name}", at)
        key = self._string(at)
        colon = self.skip(key.end)
        if self.text[colon : colon + 1] != ":":
            self.refuse_strange(colon)
            raise ScanError("a colon is missing after the key", colon)
        node = self.value(self.skip(colon + 1), depth + 1)
        return Member(str(key.value), at, key.end, node)

    def _array(self, at: int, depth: int) -> Node:
        values: list[object] = []
        place = self.skip(at + 1)
        if self.text[place : place + 1] == "]":
            return Node(at, place + 1, values)
        while True:
            node = self.value(place, depth + 1)
            values.append(node.value)
            place, closed = self._separator(node.end, "]", "a value")
            if closed:
                return Node(at, place, values)

    def _separator(self, at: int, bracket: str, what: str) -> tuple[int, bool]:
        """Return where the next item starts, or the end of the container and ``True``."""
        place = self.skip(at)
        char = self.text[place : place + 1]
        if char == bracket:
            return place + 1, True
        if char != ",":
            self.refuse_strange(place)
            raise ScanError(f"a comma or {bracket} is missing before this", place)
        following = self.skip(place + 1)
        if self.text[following : following + 1] == bracket:
            raise ScanError(f"a comma before the closing {bracket}: JSON allows none there", place)
        if self.text[following : following + 1] == ",":
            raise ScanError(f"two commas without {what} between them", following)
        return following, False

    def _string(self, at: int) -> Node:
        parts: list[str] = []
        place = at + 1
        while True:
            if plain := _PLAIN.match(self.text, place):
                parts.append(plain.group())
                place = plain.end()
            char = self.text[place : place + 1]
            if char == '"':
                return Node(at, place + 1, _join("".join(parts)))
            if char != "\\":
                self._refuse_in_string(at, place)
            escape = _ESCAPE.match(self.text, place)
            if escape is None:
                raise ScanError("a backslash in a string must be written twice, as \\\\", place)
            code = escape.group()
            parts.append(chr(int(code.removeprefix("\\u"), base=16)) if code[1] == "u" else _SHORT[code[1]])
            place = escape.end()

    def _refuse_in_string(self, at: int, place: int) -> NoReturn:
        char = self.text[place : place + 1]
        if not char or char in "\r\n":
            raise ScanError("a string that does not end on its line: a closing double quote is missing", at)
        raise ScanError("a tab or another control character inside a string", place)

    def _number(self, at: int) -> Node:
        found = _NUMBER.match(self.text, at)
        word = _WORD.match(self.text, at)
        if found is None or word is None or word.end() > found.end():
            self.refuse_strange(at)
            if word is None:
                raise ScanError("a value is missing here", at)
            shown = f"`{word.group()}`" if _QUOTABLE.fullmatch(word.group()) else "a word without quotes"
            raise ScanError(f"{shown} is no JSON value: text stands in double quotes", at)
        return Node(at, found.end(), _as_number(found.group()))


def _as_number(text: str) -> int | float:
    """Return a number as the client does, for whom ``600000`` and ``6e5`` are the same."""
    if text.lstrip("-").isdigit() and len(text) <= _DIGITS:
        return int(text)
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _decoder(object_of: Callable[[list[tuple[str, object]]], object] | None = None) -> json.JSONDecoder:
    """Return a decoder that reads numbers as the client does; ``object_of`` makes an object of its entries."""
    return json.JSONDecoder(
        object_pairs_hook=object_of, parse_int=_as_number, parse_float=_as_number, parse_constant=_refused
    )


_PLAIN_DECODER = _decoder()


def _join(text: str) -> str:
    """Put surrogate pairs that were written as two escapes together."""
    if not any("\ud800" <= char <= "\udbff" for char in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
