"""Read the texts that a released Claude Code can show from its bundle, without running it.

Old versions are one ``cli.js``, newer ones a program with their JavaScript inside. Both are minified: a text is found
by words that it holds, and by the function that renders the API's errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_NAMES = ("cli.js", "claude", "claude.exe")
_LEAST_BYTES = 1_000_000
"""A wrapper that only starts the program is smaller."""
_SPOKEN = (
    b"API Error",
    b"API error",
    b"Retrying",
    b" retrying in",
    b" retrying, ",
    b" retrying once",
    b"isn't recognized",
    b"doesn't recognize",
    b"Auto mode",
    b"Streaming ",
)
_RENDERERS = (
    (b"There's an issue with the selected model (${", 30_000, 9_000),
    (b"a firewall or proxy may be blocking it (${", 4_500, 2_500),
)
"""A text of each function that renders errors, and how many bytes around it belong to them."""
_SOURCE = (16_000_000, 64_000_000)
"""Bytes around the first of them that hold the JavaScript; before it, a program has the same texts in compiled code."""
_LONGEST = 700
_WINDOW = 3_000
_WORDS_AT_LEAST = 3
_SHORTEST_CONSTANT = 3
"""Shorter names are those of parameters, which stand for something else everywhere."""
_WORD = re.compile(r"(?<!\w)[A-Za-z][a-z']+(?!\w)")
_STRING_START = re.compile(r"(?:[(,:=?+\[{!&|;>]|return|case|=>)\s*$")
_STRING_END = re.compile(r"\s*[),;:}\]+?.&|=!<>]")
_TO_THE_LOG = re.compile(r"\s*,\{level:")
_PLACE = re.compile(r"\$\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")


def bundle_of(folder: Path) -> Path | None:
    """Return the file of an installed Claude Code that holds its JavaScript, or ``None``."""
    found = (path for name in _NAMES for path in folder.rglob(name) if path.is_file())
    return next((path for path in found if path.stat().st_size > _LEAST_BYTES), None)


def texts_of(bundle: Path) -> tuple[str, ...]:
    """Return the texts that speak of errors, with ``X`` for what is filled in, each once."""
    source = source_of(bundle)
    found: dict[str, None] = {}
    for place in sorted(set(_places(source))):
        text = _text_at(source, place)
        if text and len(text) <= _LONGEST and len(_WORD.findall(text)) >= _WORDS_AT_LEAST:
            found.setdefault(text)
    return tuple(found)


def source_of(bundle: Path) -> bytes:
    """Return the JavaScript in a bundle: what stands around the texts of the API's errors."""
    data = bundle.read_bytes()
    anchor = max(0, data.rfind(_RENDERERS[0][0]))
    return data[max(0, anchor - _SOURCE[0]) : anchor + _SOURCE[1]]


def _places(source: bytes) -> Iterator[int]:
    for words in _SPOKEN:
        place = source.find(words)
        while place >= 0:
            yield place
            place = source.find(words, place + 1)
    for anchor, before, after in _RENDERERS:
        middle = source.rfind(anchor)
        if middle >= 0:
            first = max(0, middle - before)
            part = source[first : middle + after]
            yield from (first + quote.end() for quote in re.finditer(rb"[\"'`](?=[A-Z$])", part))


def _text_at(source: bytes, place: int) -> str | None:
    """Return the string literal that holds a place as it is shown; ``None`` if it is in none, or goes to the log."""
    before = source[max(0, place - _WINDOW) : place].decode("utf-8", "replace")
    part = before + source[place : place + _WINDOW].decode("utf-8", "replace")
    found = [one for quote in "\"'`" if (one := _quoted(part, len(before), quote)) is not None]
    if not found:
        return None
    start, raw = min(found, key=lambda one: len(one[1]))
    return None if _TO_THE_LOG.match(part, start + len(raw) + 1) else _filled(raw, source, place)


def _quoted(part: str, place: int, quote: str) -> tuple[int, str] | None:
    start = place
    while True:
        start = part.rfind(quote, 0, start)
        if start < 0:
            return None
        before = part[max(0, start - 8) : start]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            break
    end = string_end(part, start + 1, quote)
    if end is None or end < place:
        return None
    whole = _STRING_START.search(before) and _STRING_END.match(part, end + 1)
    return (start + 1, part[start + 1 : end]) if whole else None


def string_end(part: str, start: int, quote: str) -> int | None:
    """Return where a literal ends; ``${`` of a template may hold others."""
    depth, place = 0, start
    while place < len(part):
        character = part[place]
        if character == "\\":
            place += 2
            continue
        if quote == "`" and part.startswith("${", place):
            depth += 1
        elif depth and character == "}":
            depth -= 1
        elif character == quote and not depth:
            return place
        elif character == "\n" and quote != "`":
            return None
        place += 1
    return None


def _filled(raw: str, source: bytes, place: int) -> str:
    """Return a literal as it is shown, with constants in place and ``X`` for everything else."""
    text = _PLACE.sub(lambda match: _constant(match[1], source, place) or "X", raw)
    text = re.sub(r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\x([0-9a-fA-F]{2})", lambda one: chr(int(one[1] or one[2], 16)), text)
    text = re.sub(r"(?<=[.)])X\b", " X", text)
    return " ".join(re.sub(r"\\[nrt]", " ", text).replace("\\", "").split())


def _constant(name: str, source: bytes, place: int) -> str | None:
    """Return the text of a constant that is defined near a literal that shows it, or that is ``API Error``."""
    if not re.fullmatch(r"[\w$]{2,}", name):
        return None
    first = source.find(b'="API Error"')
    if source[max(0, first - 8) : first].endswith(b" " + name.encode()):
        return "API Error"
    if len(name) < _SHORTEST_CONSTANT:
        return None
    near = source[max(0, place - 60_000) : place + 60_000]
    match = re.search(rb"[^\w$.]" + re.escape(name).encode() + rb'="((?:[^"\\]|\\.){1,200})"', near)
    # A name that is used again for something else has seldom a sentence.
    return match[1].decode("utf-8", "replace") if match and b" " in match[1] else None
