"""Which known name was probably meant."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

_LONGEST = 80
_WORD_ALIKE = 0.75
_ALIKE = 0.92
_WORDS_WRONG = 2
_SWAPPED = 0.9
_PART = 0.5
_OTHER = re.compile(r"[^a-z0-9]+")


class _Spelt(NamedTuple):
    """A name as it is compared."""

    bare: str
    """Letters and digits alone, in lower case."""
    words: tuple[str, ...]


def meant(name: str, known: Collection[str]) -> str | None:
    """Return the known name that a name stands for, ``None`` where it is far from all, or near to several.

    The same letters, single words misspelt, a last word or the first ones left out. A name of as many words with
    another word in it is another name: ``..._DEFAULT_X_MODEL`` may be new. The caller asks for unknown names only.
    """
    if not 0 < len(name) <= _LONGEST:
        return None
    mine = _spelt(name)
    ranked = [(_likeness(mine, other), one) for one, other in _table(frozenset(known))]
    best = max((score for score, _ in ranked), default=0.0)
    found = [one for score, one in ranked if score == best]
    return found[0] if best > 0 and len(found) == 1 else None


@lru_cache(maxsize=16)
def _table(known: frozenset[str]) -> tuple[tuple[str, _Spelt], ...]:
    """Return known names as they are compared."""
    return tuple((one, _spelt(one)) for one in sorted(known))


def _spelt(name: str) -> _Spelt:
    low = name.lower()
    return _Spelt(_OTHER.sub("", low), tuple(word for word in _OTHER.split(low) if word))


def _likeness(mine: _Spelt, other: _Spelt) -> float:
    """Return how alike two names are, from 0 to 1."""
    if mine.bare == other.bare:
        return 1.0
    words, its = mine.words, other.words
    if len(its) == len(words):
        return _wordwise(words, its)
    if len(words) > 1 and len(its) > len(words) and (its[:-1] == words or its[-len(words) :] == words):
        return _PART
    return _ratio(mine.bare, other.bare, _ALIKE)


def _wordwise(words: tuple[str, ...], its: tuple[str, ...]) -> float:
    """Return how alike two names of as many words are, 0 where a word is another one."""
    wrong = [(mine, other) for mine, other in zip(words, its, strict=True) if mine != other]
    if len(wrong) > _WORDS_WRONG or (len(wrong) == len(words) and len(words) > 1):
        return 0.0
    return min(_word_ratio(mine, other) for mine, other in wrong) * (1 - 0.01 * len(wrong))


def _word_ratio(mine: str, other: str) -> float:
    swapped = len(mine) > 2 and sorted(mine) == sorted(other)
    return _SWAPPED if swapped else _ratio(mine, other, _WORD_ALIKE)


def _ratio(mine: str, other: str, least: float) -> float:
    """Return how alike two words are, 0 where that is less than asked for."""
    if abs(len(mine) - len(other)) > 2:
        return 0.0
    matcher = SequenceMatcher(None, mine, other)
    if matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0
