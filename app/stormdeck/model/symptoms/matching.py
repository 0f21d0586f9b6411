"""Which known message a text is: whatever the version, cut, quoted, in a box, with other numbers and ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from math import log
from typing import NamedTuple

from stormdeck.model.symptoms.messages import MESSAGES, Message
from stormdeck.model.text import clean

KNOWN = 0.72
"""Share of a message's words, weighted by how rare they are, from which on a text is taken for it."""
BESIDE = 0.96
"""Of the best share; messages below it are not meant."""
LONGEST = 20_000
_CUT = 0.62
"""The share of its own words that a cut text must have in a message; it has less to say."""
_WORD = re.compile(r"[45]\d\d(?!\d)|[a-z][a-z_]+|--?[a-z]+|/[a-z_]+")
_SIMILAR = 0.8
_SHORTEST_TYPO = 5
_SHORTEST_PIECE = 3
"""Characters, those of a status; less is found anywhere."""
_STOP = frozenset({"the", "it", "is", "to", "of", "in", "you", "your", "an", "and", "or", "so", "for", "may"})


class Match(NamedTuple):
    """A message and how well a text fits it, from 0 to 1."""

    message: Message
    share: float


class Quote(NamedTuple):
    """A message, and the text of it that holds a piece."""

    message: Message
    text: str


def matches(text: str) -> tuple[Match, ...]:
    """Return the known messages that a text may be, the best first; empty where none is near enough.

    A piece of one message alone, word for word, is that message, however little of it there is.
    """
    ranked = ranking(text)
    best = ranked[0].share if ranked else 0.0
    near = tuple(one for one in ranked if one.share >= KNOWN and one.share >= BESIDE * best)
    if near or not any(character.isalpha() for character in text):
        return near
    holding = quoting(text)
    return (Match(holding[0].message, KNOWN),) if len(holding) == 1 else ()


def quoting(text: str) -> tuple[Quote, ...]:
    """Return the messages that a text is a piece of, each as the client shows it; none for a very short text.

    The case, quotes around it, dots at its ends and its numbers do not matter; it begins with the beginning of a word.
    """
    piece = _plain(text).strip(" \"'.:·")
    if len(piece) < _SHORTEST_PIECE:
        return ()
    # Numbers stand as # in the known messages, but for a status.
    spellings = {piece, re.sub(r"\d+", "#", piece)} if any(map(str.isalpha, piece)) else {piece}
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(one)}" for one in sorted(spellings)))
    found = ((one, next((shown for shown in one.texts if pattern.search(_plain(shown))), None)) for one in MESSAGES)
    return tuple(Quote(message, shown) for message, shown in found if shown is not None)


def ranking(text: str) -> tuple[Match, ...]:
    """Return every message with the share of it that a text holds, the best first."""
    words = _words(text)
    if not words:
        return ()
    found = (Match(message, max(_share(words, wanted) for wanted in texts)) for message, texts in _known())
    return tuple(sorted(found, key=lambda one: -one.share))


def _share(words: Sequence[str], wanted: Sequence[str]) -> float:
    """Return how much of a message a text holds, or how much of a cut text the message holds."""
    have = set(words)
    if len(wanted) <= 2:
        # "API Error" alone is a message, and the beginning of most others.
        return 1.0 if have == set(wanted) else 0.0
    weights = _weights()
    met = {word: _met(word, have) for word in set(wanted)}
    held = sum(weights[word] * part for word, part in met.items())
    covered = held / sum(weights[word] for word in met)
    own = sum(weights.get(word, 2.0) for word in have)
    share_of_text = held / own if own else 0.0
    cut = share_of_text if held >= _least() and len(have) >= 3 else 0.0
    return max(covered, min(1.0, cut) * 0.95 if cut >= _CUT else 0.0)


def _met(word: str, have: set[str]) -> float:
    """Return 1 for a word that is there, less for one with a slip of the pen."""
    if word in have:
        return 1.0
    if len(word) < _SHORTEST_TYPO or word[0].isdigit():
        return 0.0
    near = (
        SequenceMatcher(None, word, other).ratio()
        for other in have
        if abs(len(other) - len(word)) <= 2 and other[0] == word[0]
    )
    return next((ratio for ratio in near if ratio >= _SIMILAR), 0.0)


def _plain(text: str) -> str:
    """Return a text in lower case, on one line, with straight quotes."""
    plain = clean(text[:LONGEST].replace("\n", " ")).lower()
    return " ".join(plain.replace("’", "'").replace("“", '"').replace("”", '"').replace("…", "...").split())


def _words(text: str) -> list[str]:
    plain = _plain(text).replace("didn't", "did not")
    plain = plain.replace("doesn't", "does not").replace("\\", " ")
    return [word for word in _WORD.findall(plain) if word not in _STOP and len(word) > 1][:400]


@lru_cache(maxsize=1)
def _known() -> tuple[tuple[Message, tuple[tuple[str, ...], ...]], ...]:
    return tuple((message, tuple(tuple(_words(text)) for text in message.texts)) for message in MESSAGES)


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    """Return how telling a word is: rare ones tell more than ``api`` and ``error``."""
    texts = [set(text) for _, known in _known() for text in known]
    counts = Counter(word for words in texts for word in words)
    return {word: log(1 + len(texts) / count) for word, count in counts.items()}


def _least() -> float:
    """Return the weight that a cut text must have in common with a message: two rare words."""
    return 1.6 * log(1 + len(_weights()) ** 0.5)
