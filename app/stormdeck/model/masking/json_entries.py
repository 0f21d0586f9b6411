"""Find the secrets in runs of simple JSON entries: a key and a plain value, whose secrets depend on nothing else.

Long settings files consist of such entries. Where a run ends depends on its own keys alone. So after an edit, also one
that adds or removes an entry, every other run is the same as before, and its secrets are cached.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from stormdeck.model.masking.lines import MASK, may_hold_secret, text_spans
from stormdeck.model.masking.places import Content, Place
from stormdeck.model.masking.shapes import Span, known_shapes

_KEY = r'\s*+"(?!(?:name|key|value)")([^"\\\n]*+)"'
_VALUE = r'\s*+:\s*+(?:"((?:[^"\\\n{\[][^"\\\n]*+)?)"|([\w.+-]++))\s*+,'
_ENTRY = re.compile(_KEY + _VALUE)
_ANY = _KEY.replace("([^", "(?:[^") + _VALUE.replace('"((?:', '"(?:(?:').replace("|([", "|(?:[")
_LAST = r'(?=[^"\\\n]*(?:[02468]0|[AEIOUaeiou][EeTt])")'
"""The end of the key of a run's last entry: one in twenty numbered names, and a few of all others."""
_RUN = re.compile(rf"(?:(?!\s*+\"{_LAST}){_ANY}){{0,63}}+(?:{_ANY})?+")
_KEPT = 16_000
"""Characters of a run that is cached."""
_LONG = re.compile(r"[A-Za-z0-9]{24}")
_OTHER_HINTS = re.compile(r'"-|[Hh]elper|Refresh|Export|[?&#;]')

SpansOf = Callable[[Place, str], list[Span]]
"""Finds the secrets in one value by its place."""


class Cut(NamedTuple):
    """A stretch of text to mask, and the secret in it."""

    start: int
    end: int
    secret: str
    mask: str = MASK

    def moved(self, by: int) -> Cut:
        """Return the cut shifted by an offset."""
        return Cut(self.start + by, self.end + by, self.secret, self.mask)


class Run(NamedTuple):
    """A stretch of a text, its secrets, and the same text with these masked."""

    cuts: tuple[Cut, ...]
    """Their offsets are counted from the start of the run."""
    secrets: frozenset[str]
    masked: str


def run_of(text: str, at: int, spans_of: SpansOf) -> tuple[Run, int]:
    """Return the simple entries that begin at an offset, and where they end; the same offset if there are none."""
    match = _RUN.match(text, at)
    if match is None or match.end() == at:
        return Run((), frozenset(), ""), at
    read = _cached if match.end() - at < _KEPT else made_run
    return read(match[0], spans_of), match.end()


def made_run(text: str, spans_of: SpansOf) -> Run:
    """Return the secrets in a run of simple entries, reading only those that may hold one."""
    if not _may_need_cuts(text):
        return Run((), frozenset(), text)
    found = tuple(
        cut for entry in _ENTRY.finditer(text) if _may_need_cuts(entry[0]) for cut in _cuts_of(entry, spans_of)
    )
    return Run(found, frozenset(cut.secret for cut in found), masked(text, found))


_cached = lru_cache(maxsize=4096)(made_run)


def masked(text: str, cuts: tuple[Cut, ...]) -> str:
    """Return a text with the masks of some cuts in place of their secrets."""
    pieces, at = [], 0
    for cut in cuts:
        pieces += [text[at : cut.start], cut.mask]
        at = cut.end
    return "".join([*pieces, text[at:]]) if pieces else text


def bare_cuts(start: int, token: str, place: Place, spans_of: SpansOf) -> Iterator[Cut]:
    """Yield the cuts of a number or a word; its mask is put in quotes, so that the JSON stays valid."""
    value = token.rstrip()
    lead = len(value) - len(value.lstrip())
    if place.content in {Content.SECRET, Content.HEADERS} and value.strip():
        if spans_of(place, value.strip()):
            yield Cut(start + lead, start + len(value), value.strip(), f'"{MASK}"')
        return
    for first, last in text_spans(value):
        yield Cut(start + first, start + last, value[first:last])


def _cuts_of(entry: re.Match[str], spans_of: SpansOf) -> Iterator[Cut]:
    key, text, bare = entry.groups()
    start, place = entry.start(1), Place().below(key)
    yield from (Cut(start + first, start + last, key[first:last]) for first, last in known_shapes(key))
    if text is None:
        yield from bare_cuts(entry.start(3), bare, place, spans_of)
        return
    start = entry.start(2)
    yield from (Cut(start + first, start + last, text[first:last]) for first, last in spans_of(place, text))


def _may_need_cuts(entries: str) -> bool:
    """Return whether entries may hold a secret."""
    return may_hold_secret(entries) or _LONG.search(entries) is not None or _OTHER_HINTS.search(entries) is not None
