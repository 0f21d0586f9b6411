"""Recognise known messages in text that is cut, quoted, in a box, or has other numbers and ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from math import log
from typing import NamedTuple

from stormdeck.model.symptoms.message import Message
from stormdeck.model.symptoms.messages import MESSAGES
from stormdeck.model.text import clean

KNOWN = 0.72
"""The least share of a message's words, weighted by rarity, for a match."""
BESIDE = 0.96
"""Fraction of the best share; messages below it are no match."""
LONGEST = 20_000
_CUT = 0.62
"""For a cut text: the least share of its own words that are in the message."""
_WORD = re.compile(r"[45]\d\d(?!\d)|[a-z][a-z_]+|--?[a-z]+|/[a-z_]+")
_SIMILAR = 0.8
_SHORTEST_TYPO = 5
_FEW_WORDS = 2
"""A message of so few words must be the whole text."""
_SHORTEST_PIECE = 3
"""Characters, as many as a status has; a shorter piece is found anywhere."""
_STOP = frozenset({"the", "it", "is", "to", "of", "in", "you", "your", "an", "and", "or", "so", "for", "may"})


class Match(NamedTuple):
    """A message and how well a text matches it, from 0 to 1."""

    message: Message
    share: float
    cut: bool = False
    """Whether the share is that of the text's own words in the message, as for the beginning of a message."""


class Quote(NamedTuple):
    """A message, and that of its texts that contains a piece."""

    message: Message
    text: str


def matches(text: str) -> tuple[Match, ...]:
    """Return the known messages that a text may be, the best first.

    A literal piece of a single message matches it, however short.
    """
    whole = _whole(text)
    if whole is not None:
        return (Match(whole, 1.0),)
    ranked = ranking(text)
    best = ranked[0].share if ranked else 0.0
    near = tuple(one for one in ranked if one.share >= KNOWN and one.share >= BESIDE * best)
    if near or not any(character.isalpha() for character in text):
        return near
    holding = quoting(text)
    return (Match(holding[0].message, KNOWN),) if len(holding) == 1 else ()


def quoting(text: str) -> tuple[Quote, ...]:
    """Return the messages that contain a text, each as the client shows it; none for a very short text.

    Case, quotes around it, dots at its ends and numbers do not matter. It must begin at the beginning of a word.
    """
    piece = _plain(text).strip(" \"'.:·")
    if len(piece) < _SHORTEST_PIECE:
        return ()
    # The known messages have # for numbers, except for a status.
    spellings = {piece, re.sub(r"\d+", "#", piece)} if any(map(str.isalpha, piece)) else {piece}
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(one)}" for one in sorted(spellings)))
    found = ((one, next((shown for shown in one.texts if pattern.search(_plain(shown))), None)) for one in MESSAGES)
    return tuple(Quote(message, shown) for message, shown in found if shown is not None)


def ranking(text: str) -> tuple[Match, ...]:
    """Return every message with the share of it that a text has, the best first."""
    words = _words(text)
    if not words:
        return ()
    found = (Match(message, *max(_share(words, wanted) for wanted in texts)) for message, texts in _known())
    return tuple(sorted(found, key=lambda one: -one.share))


def _whole(text: str) -> Message | None:
    """Return the message whose whole text is in another text, the longest one."""
    plain = _plain(text)
    held = ((len(shown), message) for message, shown, pattern in _whole_texts() if pattern.search(plain))
    return max(held, key=lambda one: one[0], default=(0, None))[1]


@lru_cache(maxsize=1)
def _whole_texts() -> tuple[tuple[Message, str, re.Pattern[str]], ...]:
    texts = ((message, shown) for message in MESSAGES for shown in message.texts if len(_words(shown)) > _FEW_WORDS)
    return tuple((message, shown, _pattern(shown)) for message, shown in texts)


def _pattern(shown: str) -> re.Pattern[str]:
    """Return the expression for a text, with any number for ``#`` and anything for ``X``."""
    pieces = (re.escape(_plain(piece)).replace(r"\#", r"[\d.]+") for piece in re.split(r"\bX\b", shown))
    return re.compile(r"(?<!\w)" + r".{1,200}?".join(piece.replace("  ", " ") for piece in pieces) + r"(?!\w)")


def _share(words: Sequence[str], wanted: Sequence[str]) -> tuple[float, bool]:
    """Return how much of a message a text has, or how much of a cut text the message has, and whether it is cut."""
    have = set(words)
    if len(wanted) <= _FEW_WORDS:
        # "API Error" alone is a message, and the beginning of most others.
        return (1.0 if have == set(wanted) else 0.0), False
    weights = _weights()
    scores = {word: _similarity(word, have) for word in set(wanted)}
    common = sum(weights[word] * part for word, part in scores.items())
    covered = common / sum(weights[word] for word in scores)
    own = sum(weights.get(word, 2.0) for word in have)
    share_of_text = common / own if own else 0.0
    cut = share_of_text if common >= _least_weight() and len(have) >= 3 else 0.0
    of_cut = min(1.0, cut) * 0.95 if cut >= _CUT else 0.0
    return max(covered, of_cut), of_cut > covered


def _similarity(word: str, have: set[str]) -> float:
    """Return 1 for a word that is there, less for one with a typing mistake."""
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
    """Return the weight of each word: rare ones count more than ``api`` and ``error``."""
    texts = [set(text) for _, known in _known() for text in known]
    counts = Counter(word for words in texts for word in words)
    return {word: log(1 + len(texts) / count) for word, count in counts.items()}


def _least_weight() -> float:
    """Return the least weight that a cut text must share with a message: about two rare words."""
    return 1.6 * log(1 + len(_weights()) ** 0.5)
