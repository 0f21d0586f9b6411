"""A proposal for a file that the client drops: the same settings as plain JSON.

What people take from editors, other languages and web pages is put right: comments, commas, quotes, blanks. What
would be a guess is not made: a string or a key that is cut off stays the user's to write.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from stormdeck.model.json_edit.document import BOM, Document
from stormdeck.model.json_edit.layout import newline
from stormdeck.model.json_edit.scanner import DEEPEST
from stormdeck.model.json_edit.tokens import Kind, Piece, pieces
from stormdeck.model.text import clean

_LARGEST = 128 * 1024
"""Characters; a settings file has some kilobytes, and the user should not wait for a second."""
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_][\w.\-/]*", re.ASCII)
_LITERALS = {"true", "false", "null"}
_FOREIGN = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "None": "null", "NULL": "null"}
_NO_VALUE = {"undefined", "NaN", "Infinity"}
_STRAY = re.compile(r'\\(?:u(?![0-9a-fA-F]{4})|[^"\\/bfnrtu])')
_PAIR = {"{": "}", "[": "]"}
_SEPARATES = {",", ":"}


@dataclass(frozen=True, slots=True)
class Repair:
    """A text that the client reads, and what was changed for it."""

    text: str
    notes: tuple[str, ...]
    """One short sentence a change, with its line in the old text: ``line 3: a comment is taken out``."""


def repair(text: str) -> Repair | None:
    """Return the repaired text; ``None`` for one that needs no repair, and for one that cannot be repaired safely.

    The pieces that are right stay as they are written, blanks included.
    """
    if len(text) > _LARGEST:
        return None
    body = text.removeprefix(BOM)
    if body == text and isinstance(Document.parse(text), Document):
        return None
    notes = ["line 1: the byte-order mark is taken out"] if body != text else []
    found = pieces(body)
    if found is None or _depth(found) > DEEPEST:
        return None
    for step in (_without_comments, _plain, _with_commas, _closed):
        changed = step(found, notes)
        if changed is None:
            return None
        found = changed
    made = "".join(piece.raw for piece in found)
    return Repair(made, tuple(dict.fromkeys(notes))) if isinstance(Document.parse(made), Document) else None


def _depth(found: list[Piece]) -> int:
    """Return how deeply objects and lists are nested."""
    return max(accumulate((piece.opens - piece.closes for piece in found), initial=0))


def _note(notes: list[str], piece: Piece, what: str) -> None:
    notes.append(f"line {piece.line}: {what}")


def _without_comments(found: list[Piece], notes: list[str]) -> list[Piece]:
    """Take comments out: with their line where they have one of their own, else with the blanks before them."""
    kept: list[Piece] = []
    for at, piece in enumerate(found):
        if piece.kind is not Kind.COMMENT:
            kept.append(piece)
            continue
        _note(notes, piece, "a comment is taken out")
        before = kept[-1] if kept and kept[-1].kind is Kind.BLANK else None
        after = found[at + 1] if at + 1 < len(found) else None
        ends = after is None or after.raw.startswith(("\n", "\r"))
        if ends and before is not None:
            kept[-1] = replace(before, raw=_line_ends(before.raw))
    return kept


def _line_ends(blanks: str) -> str:
    """Return the blanks before a comment that goes: without its line, or without the blanks on a line that stays."""
    start = blanks.rfind("\n")
    return blanks[: start - blanks[:start].endswith("\r")] if start >= 0 else ""


def _plain(found: list[Piece], notes: list[str]) -> list[Piece]:
    """Write blanks, strings and words as JSON wants them."""
    made: list[Piece] = []
    for piece, following in zip(found, _following(found), strict=True):
        if piece.kind is Kind.ODD_BLANK:
            _note(notes, piece, f"an unusual blank (U+{ord(piece.raw):04X}) is replaced")
            made.append(Piece(Kind.BLANK, " ", piece.line))
        elif piece.kind is Kind.SINGLE:
            _note(notes, piece, "the quotes are plain double quotes now")
            made.append(Piece(Kind.STRING, _escaped(_requoted(piece.raw)), piece.line))
        elif piece.kind is Kind.STRING:
            raw = _escaped(piece.raw)
            if raw != piece.raw:
                _note(notes, piece, "a backslash or a control character in a string is written as JSON wants it")
            made.append(replace(piece, raw=raw))
        elif piece.kind is Kind.WORD:
            is_key = following is not None and following.is_sign(":")
            made.append(_word(piece, notes, is_key=is_key))
        else:
            made.append(piece)
    return made


def _following(found: list[Piece]) -> list[Piece | None]:
    """Return for each piece the next one that counts."""
    after: list[Piece | None] = []
    following: Piece | None = None
    for piece in reversed(found):
        after.append(following)
        following = piece if piece.counts else following
    return after[::-1]


def _word(piece: Piece, notes: list[str], *, is_key: bool) -> Piece:
    """Return a word as JSON has it: a literal, a number, or text in quotes; a strange one as it is."""
    raw = piece.raw
    if not is_key and raw in _FOREIGN:
        _note(notes, piece, f"{raw} is {_FOREIGN[raw]} in JSON")
        return replace(piece, raw=_FOREIGN[raw])
    known = raw in _LITERALS or _NUMBER.fullmatch(raw)
    if (known and not is_key) or raw in _NO_VALUE or not _WORD.fullmatch(raw):
        return piece
    _note(notes, piece, f"{clean(raw)[:40]} stands in double quotes now")
    return Piece(Kind.STRING, f'"{raw}"', piece.line)


def _requoted(raw: str) -> str:
    """Return a string that stands in other quotes in plain double ones."""
    quote, inner = raw[0], raw[1:-1]
    if quote in "'`":
        inner = re.sub(r"\\.|\"", lambda found: _reescaped(found.group(), quote), inner)
    else:
        inner = re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', inner)
    # A backslash right before the closing quote would take it away.
    odd = (len(inner) - len(inner.rstrip("\\"))) % 2
    return f'"{inner}{chr(92) * odd}"'


def _reescaped(part: str, quote: str) -> str:
    return '\\"' if part == '"' else quote if part == f"\\{quote}" else part


def _escaped(raw: str) -> str:
    """Return a string with stray backslashes doubled and control characters written as escapes."""
    made: list[str] = []
    place = 1
    while place < len(raw) - 1:
        char = raw[place]
        if char == "\\":
            stray = _STRAY.match(raw, place)
            made.append("\\\\" if stray else raw[place : place + 2])
            place += 1 if stray else 2
            continue
        made.append(json.dumps(char)[1:-1] if char < " " else char)
        place += 1
    return f'"{"".join(made)}"'


def _with_commas(found: list[Piece], notes: list[str]) -> list[Piece]:
    """Take out commas that separate nothing, and add those that are missing between two entries."""
    counting = [at for at, piece in enumerate(found) if piece.counts]
    dropped: set[int] = set()
    last: Piece | None = None
    for at, following in pairwise([*counting, len(found)]):
        piece = found[at]
        after = found[following] if following < len(found) else None
        useless = last is None or last.opens or last.is_sign(":") or after is None or after.closes or after.is_sign(",")
        if piece.is_sign(",") and useless:
            _note(notes, piece, "a comma too many is taken out")
            dropped.add(at)
            continue
        last = piece
    missing = {
        at
        for at, following in pairwise([at for at in counting if at not in dropped])
        if _ends(found[at]) and _begins(found[following])
    }
    made: list[Piece] = []
    for at, piece in enumerate(found):
        if at not in dropped:
            made.append(piece)
        if at in missing:
            _note(notes, piece, "a comma is added at its end")
            made.append(Piece(Kind.PUNCTUATION, ",", piece.line))
    return made


def _ends(piece: Piece) -> bool:
    """Say whether a value may end with a piece."""
    return piece.closes or piece.kind in {Kind.STRING, Kind.WORD}


def _begins(piece: Piece) -> bool:
    """Say whether an entry may begin with a piece."""
    return piece.opens or piece.kind in {Kind.STRING, Kind.WORD}


def _closed(found: list[Piece], notes: list[str]) -> list[Piece] | None:
    """Add the brackets that the end lacks and take out those that it has too many; ``None`` where they cross."""
    open_ones: list[str] = []
    for at, piece in enumerate(found):
        if piece.opens:
            open_ones.append(_PAIR[piece.raw])
        elif piece.closes and open_ones:
            if open_ones.pop() != piece.raw:
                return None
        elif piece.closes:
            rest = [other for other in found[at:] if other.counts]
            if not all(other.closes for other in rest):
                return None
            _note(notes, piece, "a closing bracket too many is taken out")
            return [other for index, other in enumerate(found) if index < at or not other.counts]
    if not open_ones:
        return found
    last = next((piece for piece in reversed(found) if piece.counts), None)
    if last is None or last.raw in _SEPARATES:
        return None
    return _with_brackets(found, list(reversed(open_ones)), notes)


def _with_brackets(found: list[Piece], brackets: list[str], notes: list[str]) -> list[Piece]:
    """Return the pieces with brackets at the end, each on its line where the text has lines."""
    end = max(at for at, piece in enumerate(found) if piece.counts) + 1
    text = "".join(piece.raw for piece in found)
    line_end = newline(text) if "\n" in text else ""
    step = "  " if line_end else ""
    left = range(len(brackets) - 1, -1, -1)
    made = "".join(f"{line_end}{step * depth}{bracket}" for depth, bracket in zip(left, brackets, strict=True))
    _note(notes, found[end - 1], f"the file ends too early: {' '.join(brackets)} is added")
    return [*found[:end], Piece(Kind.BLANK, made + line_end, found[end - 1].line)]
