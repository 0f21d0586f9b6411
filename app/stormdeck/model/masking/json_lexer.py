"""Read JSON text, valid or not, and find the strings in it that hold secrets.

The lexer accepts any text: a settings file with a syntax error holds the same secrets. What a secret is in a single
value is decided by the function that is passed in (``values.value_spans``).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from stormdeck.model.masking.json_entries import Cut, Run, SpansOf, bare_cuts, run_of
from stormdeck.model.masking.names import is_secret_name
from stormdeck.model.masking.places import Content, Place
from stormdeck.model.masking.shapes import Span, known_shapes

_TOKEN = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|[“”„][^“”\n]*+[“”]?|//[^\n]*+|/\*|[{}\[\],:=]"
    r"|[^\s\"'“”„{}\[\],:=/][^\n\"'“”„{}\[\],]*+|/"
)
_NAMING = frozenset({"name", "key"})
_NAMED_AFTER = re.compile(
    r'"value"\s{0,9}:\s{0,9}"[^"\n]{0,2000}"\s{0,9},\s{0,200}"(?:name|key)"\s{0,9}:\s{0,9}"([^"\n]{1,200})"'
)
"""A variable whose name follows its value."""
_SIGNS = frozenset({"{", "}", "[", "]", ",", ":", "=", "/", "/*"})
_BEFORE_ENTRIES = frozenset({"{", "[", ","})
_BLANK = re.compile(r"\s*+")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|[^\\]++|\\", re.DOTALL)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


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


def find_cuts(text: str, place: Place, spans_of: SpansOf) -> Iterator[Cut]:
    """Yield the secrets in a text of JSON at a place, in order."""
    for start, _, run in find_runs(text, place, spans_of):
        yield from (cut.moved(start) for cut in run.cuts)


def find_runs(text: str, place: Place, spans_of: SpansOf) -> Iterator[tuple[int, int, Run]]:
    """Yield start, end and secrets of all stretches of a text of JSON that may hold secrets, in order."""
    return _Lexer(text, place, spans_of).runs()


_Found = tuple[int, int, Run]


class _Lexer:
    """Read one text once."""

    def __init__(self, text: str, place: Place, spans_of: SpansOf) -> None:
        self._text = text
        self._spans_of = spans_of
        self._frames = [_Frame(place)]

    def runs(self) -> Iterator[_Found]:
        """Yield the stretches that may hold secrets."""
        at = yield from self._entries(0)
        while (match := _TOKEN.search(self._text, at)) is not None:
            at = match.end()
            for start, end, secret, mask in self._read(match):
                yield start, end, Run((Cut(0, end - start, secret, mask),), frozenset({secret}), mask)
            if match[0] in _BEFORE_ENTRIES:
                at = yield from self._entries(at)

    def _read(self, match: re.Match[str]) -> Iterator[Cut]:
        """Read one token, and yield its cuts."""
        token = match[0]
        sign = token if token in _SIGNS else ""
        if sign in {"{", "["}:
            self._open(is_list=sign == "[")
        elif sign in {"}", "]"}:
            if len(self._frames) > 1:
                self._frames.pop()
        elif sign == ",":
            self._next()
        elif sign:
            return
        elif token.startswith("//"):
            yield from bare_cuts(match.start(), token, self._frames[-1].place, self._spans_of)
        elif token[0] in "\"'“”„":
            yield from self._string(match.start(), token)
        else:
            yield from self._word(match.start(), token)

    def _entries(self, at: int) -> Generator[_Found, None, int]:
        """Yield the runs of simple entries that follow, and return where they end."""
        frame = self._frames[-1]
        if frame.is_list or frame.child is not None or frame.place.content is not Content.PLAIN:
            return at
        while True:
            run, end = run_of(self._text, at, self._spans_of)
            if end == at:
                return at
            if run.cuts:
                yield at, end, run
            at = end

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
                yield from bare_cuts(start + len(name) + 1, rest, place, self._spans_of)
            frame.child = None if rest.strip() else place
            if not colon:
                yield from bare_cuts(start, token, Place(), self._spans_of)
            return
        place = frame.child or frame.last or frame.place
        if frame.is_list:
            place = place.after(frame.before, token.strip())
            frame.before = token.strip()
        frame.child, frame.last = None, place
        yield from bare_cuts(start, token, place, self._spans_of)


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
