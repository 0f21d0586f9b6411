"""Find secrets in the value of a setting by its place: its own key and those above it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stormdeck.model.masking.json_lexer import find_cuts
from stormdeck.model.masking.lines import credential_spans, headers_spans, merged, replaced, text_spans
from stormdeck.model.masking.names import is_harmless
from stormdeck.model.masking.places import Content, Place, place_of
from stormdeck.model.masking.shapes import Span, is_mixed, random_runs

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://")
_PRINT_COMMAND = re.compile(r"(?<![\w-])(?:echo|printf|print|puts|log|write|cat\s{0,4}<<<?)(?![\w-])")
_COMMAND_WORD = re.compile(r"[^\s\"'`()|;&<>,]++")
_HARMLESS_WORD = re.compile(
    r"-{1,2}[A-Za-z][\w-]*|[a-z][a-z-]{0,15}|(?:~|\.{1,2}|\$HOME|\$\{HOME\})?/[\w./@-]*|\$\{?\w+\}?|%s(?:\\n)?|op://.*"
)
_ENDS = re.compile(r"[|;&\n]")


def value_spans(place: Place, text: str) -> list[Span]:
    """Return the spans of secrets in the value at a place."""
    match place.content:
        case Content.SECRET:
            return _secret(place, text)
        case Content.HEADERS:
            return merged(headers_spans(text))
        case Content.KEY_COMMAND:
            return merged([*text_spans(text), *random_runs(text), *_printed(text)])
        case Content.PLAIN:
            return plain_spans(text)


def plain_spans(text: str) -> list[Span]:
    """Return the spans of secrets in a value under an ordinary name; a value that is JSON is parsed."""
    if text.lstrip()[:1] in {"{", "["} and len(text) > 2:
        # A command may begin with a bracket too: ``[ -n "$A" ] && curl -u me:X h``.
        cuts = find_cuts(text, Place(), value_spans)
        return merged([*((cut.start, cut.end) for cut in cuts), *text_spans(text)])
    login = _URL.match(text)
    at = text.rfind("@") if login is not None and "\n" not in text and " " in text else -1
    whole = [(login.end(), at)] if login is not None and at > login.end() else []
    return merged([*whole, *text_spans(text), *random_runs(text)])


def mask_value(path: str, text: str) -> str:
    """Return the value at a key path with its secrets masked.

    >>> mask_value("env.ANTHROPIC_CUSTOM_HEADERS", "X-Api-Key: s3cret")
    'X-Api-Key: ••••••••'
    """
    return replaced(text, value_spans(place_of(path), text))


def _secret(place: Place, text: str) -> list[Span]:
    if not text.strip() or is_harmless(place.name, text):
        return plain_spans(text) if "://" in text else []
    return credential_spans(text) if place.name.lower() == "authorization" else [(0, len(text))]


def _printed(text: str) -> Iterable[Span]:
    """Yield the words of a command that may be the key it prints; programs, options and paths are not masked."""
    printing = False
    at = 0
    for word in _COMMAND_WORD.finditer(text):
        printing = printing and _ENDS.search(text, at, word.start()) is None
        at = word.end()
        is_first = at == len(word[0])
        is_known = _HARMLESS_WORD.fullmatch(word[0]) is not None and (not printing or word[0][0] in "-$%")
        if _PRINT_COMMAND.fullmatch(word[0].rpartition(".")[2]):
            printing = True
        elif not is_known and (not is_first or (at == len(text) and word[0].isalnum() and is_mixed(word[0]))):
            yield word.span()
