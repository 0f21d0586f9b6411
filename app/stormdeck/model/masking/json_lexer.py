"""Read JSON text, valid or not, and find the strings in it that hold secrets.

The lexer accepts any text: a settings file with a syntax error holds the same secrets. What a secret is in a single
value is decided by the function that is passed in (``values.value_spans``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from stormdeck.model.masking.lines import MASK, may_hold_secret, text_spans
from stormdeck.model.masking.names import is_secret_name
from stormdeck.model.masking.places import Content, Place
from stormdeck.model.masking.shapes import Span, known_shapes

_TOKEN = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|[“”„][^“”\n]*+[“”]?|//[^\n]*+|/\*|[{}\[\],:=]"
    r"|[^\s\"'“”„{}\[\],:=/][^\n\"'“”„{}\[\],]*+|/"
)
_ENTRY = re.compile(r'\s*+"(?!(?:name|key|value)")[^"\\\n]*+"\s*+:\s*+(?:"(?:[^"\\\n{\[][^"\\\n]*+)?"|[\w.+-]++)\s*+,')
"""An entry whose secrets depend on its own text alone."""
_ENTRIES = re.compile(rf"(?:{_ENTRY.pattern}){{1,64}}+")
_KEPT = 16_000
"""Characters of a run of entries whose secrets are cached: an edit changes one run only."""
_NAMING = frozenset({"name", "key"})
_NAMED_AFTER = re.compile(
    r'"value"\s{0,9}:\s{0,9}"[^"\n]{0,2000}"\s{0,9},\s{0,200}"(?:name|key)"\s{0,9}:\s{0,9}"([^"\n]{1,200})"'
)
"""A variable whose name follows its value."""
_LONG = re.compile(r"[A-Za-z0-9]{24}")
_OTHER_HINTS = re.compile(r'"-|[Hh]elper|Refresh|Export|[?&#;]')
_SIGNS = frozenset({"{", "}", "[", "]", ",", ":", "=", "/", "/*"})
_BLANK = re.compile(r"\s*+")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|[^\\]++|\\", re.DOTALL)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Cut(NamedTuple):
    """A stretch of text to mask, and the secret in it."""

    start: int
    end: int
    secret: str
    mask: str = MASK

    def moved(self, by: int) -> Cut:
        """Return the cut shifted by an offset."""
        return Cut(self.start + by, self.end + by, self.secret, self.mask)


@dataclass(slots=True)
class _Frame:
    """An open object or list."""

    place: Place
    is_list: bool = False
    child: Place | None = None
    """The place of the next value, after a key."""
    last: Place | None = None
    """The place of the previous value, until a comma follows."""
    before: str | None = None
    """The previous argument, in a list."""
    named: str = ""
    """The value of the entry ``name`` or ``key``: ``value`` beside it is the value of that variable."""
    key: str = field(default="")


SpansOf = Callable[[Place, str], list[Span]]
"""Finds the secrets in one value by its place."""


def find_cuts(text: str, place: Place, spans_of: SpansOf) -> Iterator[Cut]:
    """Yield the secrets in a text of JSON at a place, in order."""
    return _Lexer(text, place, spans_of).cuts()


class _Lexer:
    """Read one text once."""

    def __init__(self, text: str, place: Place, spans_of: SpansOf) -> None:
        self._text = text
        self._spans_of = spans_of
        self._frames = [_Frame(place)]

    def cuts(self) -> Iterator[Cut]:
        """Yield the cuts."""
        at = yield from self._entries(0)
        yield from self._tokens(at)

    def cuts_of_entry(self) -> Iterator[Cut]:
        """Yield the cuts of a text that is a single entry."""
        return self._tokens(0, whole=False)

    def _tokens(self, at: int, *, whole: bool = True) -> Iterator[Cut]:
        while (match := _TOKEN.search(self._text, at)) is not None:
            at = match.end()
            token = match[0]
            sign = token if token in _SIGNS else ""
            if sign in {"{", "["}:
                self._open(is_list=sign == "[")
                at = yield from self._entries(at)
            elif sign in {"}", "]"}:
                if len(self._frames) > 1:
                    self._frames.pop()
            elif sign == ",":
                self._next()
                if whole:
                    at = yield from self._entries(at)
            elif sign:
                continue
            elif token.startswith("//"):
                yield from self._bare(match.start(), token, self._frames[-1].place)
            elif token[0] in "\"'“”„":
                yield from self._string(match.start(), token)
            else:
                yield from self._word(match.start(), token)

    def _entries(self, at: int) -> Generator[Cut, None, int]:
        """Yield the cuts of the simple entries that follow, and return where they end."""
        frame = self._frames[-1]
        if frame.is_list or frame.child is not None or frame.place.content is not Content.PLAIN:
            return at
        while (entries := _ENTRIES.match(self._text, at)) is not None:
            words = entries[0]
            cuts = _cached_cuts if len(words) < _KEPT else _cuts_of_entries
            for cut in cuts(words, self._spans_of):
                yield cut.moved(at)
            at = entries.end()
        return at

    def _open(self, *, is_list: bool) -> None:
        above = self._frames[-1]
        place = above.child if above.child is not None else above.place.item if above.is_list else above.place
        above.child = None
        self._frames.append(_Frame(place.item if is_list else place, is_list))

    def _next(self) -> None:
        frame = self._frames[-1]
        frame.last = None
        # A key without a value: a comma was written instead of its colon.
        if frame.child is not None and frame.child.content is Content.PLAIN:
            frame.child = None

    def _string(self, start: int, token: str) -> Iterator[Cut]:
        closed = len(token) > 1 and token[-1] in "\"'“”„" and (token[0] not in "\"'" or token[-1] == token[0])
        first, last = start + 1, start + len(token) - closed
        raw = self._text[first:last]
        frame = self._frames[-1]
        if frame.child is None and not frame.is_list and self._is_key(start + len(token), frame):
            key = _decoded(raw)
            frame.key = key
            if key == "value" and not frame.named and (named := _NAMED_AFTER.match(self._text, start)) is not None:
                frame.named = _decoded(named[1])
            frame.child = self._below(frame, key)
            yield from _cuts(raw, first, list(known_shapes(key)), key)
            return
        value = _decoded(raw)
        place = frame.child or frame.last or frame.place
        if frame.is_list:
            place = place.after(frame.before, value)
            frame.before = value
        frame.child, frame.last = None, place
        if not frame.is_list and frame.key in _NAMING:
            frame.named = value
        yield from _cuts(raw, first, self._spans_of(place, value), value)

    def _below(self, frame: _Frame, key: str) -> Place:
        if key == "value" and frame.place.content is Content.PLAIN and is_secret_name(frame.named):
            return Place(Content.SECRET, frame.named)
        return frame.place.below(key)

    def _is_key(self, at: int, frame: _Frame) -> bool:
        """Return whether a string in an object is a key; in invalid JSON its colon may be missing."""
        blank = _BLANK.match(self._text, at)
        if frame.last is not None and blank is not None and self._text[blank.end() : blank.end() + 1] != ":":
            return False
        return len(self._frames) > 1 or (blank is not None and blank.end() < len(self._text))

    def _word(self, start: int, token: str) -> Iterator[Cut]:
        frame = self._frames[-1]
        name, colon, rest = token.partition(":")
        if frame.child is None and frame.last is None and not frame.is_list:
            # A key without quotes, and perhaps its value.
            frame.key = name.strip("=").strip()
            place = frame.place.below(frame.key)
            if colon:
                yield from self._bare(start + len(name) + 1, rest, place)
            frame.child = None if rest.strip() else place
            if not colon:
                yield from self._bare(start, token, Place())
            return
        place = frame.child or frame.last or frame.place
        if frame.is_list:
            place = place.after(frame.before, token.strip())
            frame.before = token.strip()
        frame.child, frame.last = None, place
        yield from self._bare(start, token, place)

    def _bare(self, start: int, token: str, place: Place) -> Iterator[Cut]:
        """Yield the cuts of a number or a word; its mask is put in quotes, so that the JSON stays valid."""
        value = token.rstrip()
        lead = len(value) - len(value.lstrip())
        if place.content in {Content.SECRET, Content.HEADERS} and value.strip():
            if self._spans_of(place, value.strip()):
                yield Cut(start + lead, start + len(value), value.strip(), f'"{MASK}"')
            return
        for first, last in text_spans(value):
            yield Cut(start + first, start + last, value[first:last])


@lru_cache(maxsize=2048)
def _cached_cuts(entries: str, spans_of: SpansOf) -> tuple[Cut, ...]:
    """Return the cuts of some entries, cached: an edit asks for those of the whole file at each key."""
    return _cuts_of_entries(entries, spans_of)


def _cuts_of_entries(entries: str, spans_of: SpansOf) -> tuple[Cut, ...]:
    """Return the cuts of some simple entries, reading only those that may hold a secret."""
    if not _may_need_cuts(entries):
        return ()
    return tuple(
        cut.moved(entry.start())
        for entry in _ENTRY.finditer(entries)
        if _may_need_cuts(entry[0])
        for cut in _Lexer(entry[0], Place(), spans_of).cuts_of_entry()
    )


def _may_need_cuts(entries: str) -> bool:
    """Return whether entries may hold a secret."""
    return may_hold_secret(entries) or _LONG.search(entries) is not None or _OTHER_HINTS.search(entries) is not None


def _decoded(raw: str) -> str:
    """Return the value of a JSON string."""
    if "\\" not in raw:
        return raw
    text = "".join(map(_unescaped, _ESCAPE.findall(raw)))
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _unescaped(piece: str) -> str:
    if piece[0] != "\\" or len(piece) == 1:
        return piece
    return chr(_code(piece)) if len(piece) == 6 else _SHORT.get(piece[1], piece[1])


def _code(escape: str) -> int:
    """Return the code point of a Unicode escape."""
    return int(escape.removeprefix("\\u"), base=16)


def _cuts(raw: str, start: int, spans: list[Span], value: str) -> Iterator[Cut]:
    """Yield cuts in a string as it is written, for spans in its value."""
    if not spans:
        return
    if "\\" not in raw:
        for first, last in spans:
            yield Cut(start + first, start + last, value[first:last])
        return
    offsets = _offsets(raw, value)
    for first, last in spans:
        yield Cut(start + offsets[first], start + offsets[last], value[first:last])


def _offsets(raw: str, value: str) -> list[int]:
    """Return the offset of each character of a value in its written form, and of the end."""
    offsets: list[int] = []
    at = 0
    for piece in _ESCAPE.findall(raw):
        if piece[0] != "\\" or len(piece) == 1:
            offsets += range(at, at + len(piece))
        elif not (len(piece) == 6 and 0xDC00 <= _code(piece) <= 0xDFFF and offsets):
            offsets.append(at)
        at += len(piece)
    offsets.append(at)
    # A lone surrogate changes the count: then all that follows is masked with it.
    return offsets + [at] * max(0, len(value) + 1 - len(offsets))
