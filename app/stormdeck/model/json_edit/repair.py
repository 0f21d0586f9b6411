"""Propose plain JSON for a text that is nearly JSON.

Corrects what comes from editors, other languages and web pages: comments, commas, quotes, whitespace. Never guesses:
a text with a string or a key that is cut off is not repaired.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from stormdeck.model.json_edit.document import BOM, Document
from stormdeck.model.json_edit.layout import newline
from stormdeck.model.json_edit.scanner import DEEPEST
from stormdeck.model.json_edit.tokens import Token, TokenKind, tokenize

_LARGEST = 128 * 1024
"""Characters. Settings files have some kilobytes; a larger text takes too long to repair while the user waits."""
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
    """The repaired text, and what was changed."""

    text: str
    notes: tuple[str, ...]
    """One short sentence a change, with its line in the old text: ``line 3: a comment is removed``."""


def repair(text: str) -> Repair | None:
    """Return the repaired text, or ``None`` if it needs no repair or cannot be repaired safely.

    Correct tokens stay as they are written, whitespace included.

    >>> repair('{"a": 1,}')
    Repair(text='{"a": 1}', notes=('line 1: an extra comma is removed',))
    """
    if len(text) > _LARGEST:
        return None
    body = text.removeprefix(BOM)
    if body == text and isinstance(Document.parse(text), Document):
        return None
    notes = ["line 1: the byte-order mark is removed"] if body != text else []
    tokens = tokenize(body)
    if tokens is None or _depth(tokens) > DEEPEST:
        return None
    for step in (_without_comments, _plain, _with_commas, _closed):
        changed = step(tokens, notes)
        if changed is None:
            return None
        tokens = changed
    made = "".join(token.raw for token in tokens)
    return Repair(made, tuple(dict.fromkeys(notes))) if isinstance(Document.parse(made), Document) else None


def _depth(tokens: list[Token]) -> int:
    """Return how deeply objects and lists are nested."""
    return max(accumulate((token.opens - token.closes for token in tokens), initial=0))


def _note(notes: list[str], token: Token, what: str) -> None:
    notes.append(f"line {token.line}: {what}")


def _without_comments(tokens: list[Token], notes: list[str]) -> list[Token]:
    """Remove comments, with their line if they have one of their own, else with the spaces before them."""
    kept: list[Token] = []
    for at, token in enumerate(tokens):
        if token.kind is not TokenKind.COMMENT:
            kept.append(token)
            continue
        _note(notes, token, "a comment is removed")
        before = kept[-1] if kept and kept[-1].kind is TokenKind.SPACE else None
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        ends = after is None or after.raw.startswith(("\n", "\r"))
        if ends and before is not None:
            kept[-1] = replace(before, raw=_line_ends(before.raw))
    return kept


def _line_ends(spaces: str) -> str:
    """Return the whitespace before a removed comment, without the part that goes with it."""
    start = spaces.rfind("\n")
    return spaces[: start - spaces[:start].endswith("\r")] if start >= 0 else ""


def _plain(tokens: list[Token], notes: list[str]) -> list[Token]:
    """Replace odd spaces, strings and words by what JSON allows."""
    made: list[Token] = []
    for token, following in zip(tokens, _following(tokens), strict=True):
        if token.kind is TokenKind.ODD_SPACE:
            _note(notes, token, f"an unusual space (U+{ord(token.raw):04X}) is replaced")
            made.append(Token(TokenKind.SPACE, " ", token.line))
        elif token.kind is TokenKind.SINGLE:
            _note(notes, token, "the quotes are replaced by double quotes")
            made.append(Token(TokenKind.STRING, _escaped(_requoted(token.raw)), token.line))
        elif token.kind is TokenKind.STRING:
            raw = _escaped(token.raw)
            if raw != token.raw:
                _note(notes, token, "a backslash or a control character in a string is escaped")
            made.append(replace(token, raw=raw))
        elif token.kind is TokenKind.WORD:
            is_key = following is not None and following.is_punctuation(":")
            made.append(_word(token, notes, is_key=is_key))
        else:
            made.append(token)
    return made


def _following(tokens: list[Token]) -> list[Token | None]:
    """Return for each token the next significant one."""
    after: list[Token | None] = []
    following: Token | None = None
    for token in reversed(tokens):
        after.append(following)
        following = token if token.is_significant else following
    return after[::-1]


def _word(token: Token, notes: list[str], *, is_key: bool) -> Token:
    """Return a word as a literal, a number, or text in quotes; an unknown one stays as it is."""
    raw = token.raw
    if not is_key and raw in _FOREIGN:
        _note(notes, token, f"{raw} is replaced by {_FOREIGN[raw]}")
        return replace(token, raw=_FOREIGN[raw])
    known = raw in _LITERALS or _NUMBER.fullmatch(raw)
    if (known and not is_key) or raw in _NO_VALUE or not _WORD.fullmatch(raw):
        return token
    _note(notes, token, f"{raw[:40]} is put in double quotes")
    return Token(TokenKind.STRING, f'"{raw}"', token.line)


def _requoted(raw: str) -> str:
    """Return a string in other quotes in double ones."""
    quote, inner = raw[0], raw[1:-1]
    if quote in "'`":
        inner = re.sub(r"\\.|\"", lambda found: _reescaped(found.group(), quote), inner)
    else:
        inner = re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', inner)
    # A backslash right before the closing quote would escape it.
    odd = (len(inner) - len(inner.rstrip("\\"))) % 2
    return f'"{inner}{chr(92) * odd}"'


def _reescaped(part: str, quote: str) -> str:
    return '\\"' if part == '"' else quote if part == f"\\{quote}" else part


def _escaped(raw: str) -> str:
    """Return a string with stray backslashes doubled and control characters written as escapes."""
    made: list[str] = []
    at = 1
    while at < len(raw) - 1:
        char = raw[at]
        if char == "\\":
            stray = _STRAY.match(raw, at)
            made.append("\\\\" if stray else raw[at : at + 2])
            at += 1 if stray else 2
            continue
        made.append(json.dumps(char)[1:-1] if char < " " else char)
        at += 1
    return f'"{"".join(made)}"'


def _with_commas(tokens: list[Token], notes: list[str]) -> list[Token]:
    """Remove commas that separate nothing, and add those that are missing between two entries."""
    counting = [at for at, token in enumerate(tokens) if token.is_significant]
    dropped: set[int] = set()
    last: Token | None = None
    for at, following in pairwise([*counting, len(tokens)]):
        token = tokens[at]
        after = tokens[following] if following < len(tokens) else None
        separates = last is not None and not last.opens and not last.is_punctuation(":")
        separates = separates and after is not None and not after.closes and not after.is_punctuation(",")
        if token.is_punctuation(",") and not separates:
            _note(notes, token, "an extra comma is removed")
            dropped.add(at)
            continue
        last = token
    missing = {
        at
        for at, following in pairwise([at for at in counting if at not in dropped])
        if _ends(tokens[at]) and _begins(tokens[following])
    }
    made: list[Token] = []
    for at, token in enumerate(tokens):
        if at not in dropped:
            made.append(token)
        if at in missing:
            _note(notes, token, "a comma is added at the end")
            made.append(Token(TokenKind.PUNCTUATION, ",", token.line))
    return made


def _ends(token: Token) -> bool:
    """Return whether a value may end with a token."""
    return token.closes or token.kind in {TokenKind.STRING, TokenKind.WORD}


def _begins(token: Token) -> bool:
    """Return whether an entry may begin with a token."""
    return token.opens or token.kind in {TokenKind.STRING, TokenKind.WORD}


def _closed(tokens: list[Token], notes: list[str]) -> list[Token] | None:
    """Add missing brackets at the end and remove extra ones; ``None`` if they do not match."""
    expected: list[str] = []
    for at, token in enumerate(tokens):
        if token.opens:
            expected.append(_PAIR[token.raw])
        elif token.closes and expected:
            if expected.pop() != token.raw:
                return None
        elif token.closes:
            rest = [other for other in tokens[at:] if other.is_significant]
            if not all(other.closes for other in rest):
                return None
            _note(notes, token, "an extra closing bracket is removed")
            return [other for index, other in enumerate(tokens) if index < at or not other.is_significant]
    if not expected:
        return tokens
    last = next((token for token in reversed(tokens) if token.is_significant), None)
    if last is None or last.raw in _SEPARATES:
        return None
    return _with_brackets(tokens, list(reversed(expected)), notes)


def _with_brackets(tokens: list[Token], brackets: list[str], notes: list[str]) -> list[Token]:
    """Return the tokens with closing brackets at the end, each on a line of its own if the text has lines."""
    end = max(at for at, token in enumerate(tokens) if token.is_significant) + 1
    text = "".join(token.raw for token in tokens)
    line_end = newline(text) if "\n" in text else ""
    step = "  " if line_end else ""
    left = range(len(brackets) - 1, -1, -1)
    made = "".join(f"{line_end}{step * depth}{bracket}" for depth, bracket in zip(left, brackets, strict=True))
    _note(notes, tokens[end - 1], f"the file ends too early: {' '.join(brackets)} is added")
    return [*tokens[:end], Token(TokenKind.SPACE, made + line_end, tokens[end - 1].line)]
