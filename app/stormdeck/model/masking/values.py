"""Where secrets stand in the value of a setting, by its place: its own name and those above it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from stormdeck.model.masking.lines import (
    credential_spans,
    headers_spans,
    is_login,
    merged,
    replaced,
    takes_secret,
    text_spans,
)
from stormdeck.model.masking.names import (
    holds_headers,
    is_harmless,
    is_harmless_header,
    is_key_command,
    is_secret_name,
)
from stormdeck.model.masking.shapes import Span, is_mixed, random_runs

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://")
_PRINTS = re.compile(r"(?<![\w-])(?:echo|printf|print|puts|log|write|cat\s{0,4}<<<?)(?![\w-])")
_COMMAND_WORD = re.compile(r"[^\s\"'`()|;&<>,]++")
_SHOWN_WORD = re.compile(
    r"-{1,2}[A-Za-z][\w-]*|[a-z][a-z-]{0,15}|(?:~|\.{1,2}|\$HOME|\$\{HOME\})?/[\w./@-]*|\$\{?\w+\}?|%s(?:\\n)?|op://.*"
)
_ENDS = re.compile(r"[|;&\n]")


class Content(Enum):
    """What a place in the settings holds."""

    PLAIN = auto()
    SECRET = auto()
    HEADERS = auto()
    """Headers by name, or one ``Name: value`` a line."""
    KEY_COMMAND = auto()
    """A command that prints a key."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a tree of settings."""

    content: Content = Content.PLAIN
    name: str = ""
    """The key whose name makes it a secret; empty where a key further up does."""

    def below(self, key: str) -> Place:
        """Return the place of an entry."""
        if self.content is Content.SECRET:
            return Place(Content.SECRET)
        if self.content is Content.HEADERS:
            return Place() if is_harmless_header(key) else Place(Content.SECRET, "authorization")
        if is_key_command(key):
            return Place(Content.KEY_COMMAND, key)
        if holds_headers(key):
            return Place(Content.HEADERS, key)
        return Place(Content.SECRET, key) if is_secret_name(key) else Place(name=key)

    @property
    def item(self) -> Place:
        """Return the place of an item of a list that stands here."""
        return Place(Content.SECRET) if self.content is Content.SECRET else self

    def after(self, option: str | None, value: str) -> Place:
        """Return the place of an argument, by the argument before it: ``--api-key`` makes a secret of it."""
        if option is None or not option.startswith("-") or "=" in option:
            return self
        if option in {"-H", "--header", "--headers", "--proxy-header", "--add-header"}:
            return Place(Content.HEADERS)
        if is_login(option, value) or (takes_secret(option, value) and not value.startswith("-")):
            return Place(Content.SECRET)
        return self


def place_of(path: str) -> Place:
    """Return the place at a key path: ``env.ANTHROPIC_AUTH_TOKEN``."""
    place = Place()
    for key in path.split("."):
        place = place.below(key)
    return place


def value_spans(place: Place, text: str) -> list[Span]:
    """Return where secrets stand in a value."""
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
    """Return where secrets stand in a value under an ordinary name; JSON in it is read as such."""
    if text.lstrip()[:1] in {"{", "["} and len(text) > 2:
        from stormdeck.model.masking.json_text import cuts_in

        # A command may begin with a bracket too: ``[ -n "$A" ] && curl -u me:X h``.
        return merged([*((cut.start, cut.end) for cut in cuts_in(text)), *text_spans(text)])
    login = _URL.match(text)
    at = text.rfind("@") if login is not None and "\n" not in text and " " in text else -1
    whole = [(login.end(), at)] if login is not None and at > login.end() else []
    return merged([*whole, *text_spans(text), *random_runs(text)])


def mask_value(path: str, text: str) -> str:
    """Return the value at a key path as it may be shown."""
    return replaced(text, value_spans(place_of(path), text))


def _secret(place: Place, text: str) -> list[Span]:
    if not text.strip() or is_harmless(place.name, text):
        return plain_spans(text) if "://" in text else []
    return credential_spans(text) if place.name.lower() == "authorization" else [(0, len(text))]


def _printed(text: str) -> Iterable[Span]:
    """Yield the words of a command that may be the key that it prints; programs, options and paths stay."""
    printing = False
    at = 0
    for word in _COMMAND_WORD.finditer(text):
        printing = printing and _ENDS.search(text, at, word.start()) is None
        at = word.end()
        is_first = at == len(word[0])
        is_known = _SHOWN_WORD.fullmatch(word[0]) is not None and (not printing or word[0][0] in "-$%")
        if _PRINTS.fullmatch(word[0].rpartition(".")[2]):
            printing = True
        elif not is_known and (not is_first or (at == len(text) and word[0].isalnum() and is_mixed(word[0]))):
            yield word.span()
