"""What the JSON text says, and where each entry stands in it.

Strict as the client reads it (``JSON.parse``): no comments, no trailing commas, no single quotes, no ``NaN``
(measured, 1.0.128 to 2.1.329: the client drops the whole file).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

_BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
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


@dataclass(frozen=True, slots=True)
class Node:
    """One value and its place: ``text[start:end]``."""

    start: int
    end: int
    value: object
    """As the client reads it; of a key that stands twice, the last."""
    members: tuple[Member, ...] | None = None
    """The entries of an object in the order of the text; ``None`` for all else."""


@dataclass(frozen=True, slots=True)
class Member:
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
    scanner = _Scanner(text)
    node = scanner.value(scanner.skip(start), 0)
    rest = scanner.skip(node.end)
    if rest < len(text):
        scanner.refuse_strange(rest)
        raise ScanError("text after the end of the settings", rest)
    return node


class _Scanner:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def skip(self, at: int) -> int:
        """Return the offset of the next character that is no blank."""
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

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


def _join(text: str) -> str:
    """Put surrogate pairs that were written as two escapes together."""
    if not any("\ud800" <= char <= "\udbff" for char in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
