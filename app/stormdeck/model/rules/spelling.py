"""Which known name was probably meant."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import SequenceMatcher

_LONGEST = 80
_WORD_ALIKE = 0.75
_ALIKE = 0.92
_WORDS_WRONG = 2


def meant(name: str, known: Collection[str]) -> str | None:
    """Return the known name that a name stands for, ``None`` where it is far from all, or near to several.

    The same letters, single words misspelt, a last word or the first ones left out. A name of as many words with
    another word in it is another name: ``..._DEFAULT_X_MODEL`` may be new. The caller asks for unknown names only.
    """
    if not 0 < len(name) <= _LONGEST:
        return None
    bare, words = _bare(name), _words(name)
    ranked = [(_likeness(bare, words, one), one) for one in sorted(known)]
    best = max((score for score, _ in ranked), default=0.0)
    found = [one for score, one in ranked if score == best]
    return found[0] if best > 0 and len(found) == 1 else None


def _likeness(bare: str, words: list[str], one: str) -> float:
    """Return how much a known name is like a name, from 0 to 1."""
    other = _bare(one)
    if other == bare:
        return 1.0
    its = _words(one)
    if len(its) == len(words):
        return _wordwise(words, its)
    if len(words) > 1 and (its[: len(words)] == words[: len(its)] == its[:-1] or its[-len(words) :] == words):
        return 0.5
    if abs(len(other) - len(bare)) > 2:
        return 0.0
    likeness = SequenceMatcher(None, bare, other).ratio()
    return likeness if likeness >= _ALIKE else 0.0


def _wordwise(words: list[str], its: list[str]) -> float:
    """Return how alike two names of as many words are, 0 where a word is another one."""
    wrong = [(mine, other) for mine, other in zip(words, its, strict=True) if mine != other]
    if len(wrong) > _WORDS_WRONG or (len(wrong) == len(words) and len(words) > 1):
        return 0.0
    scores = [SequenceMatcher(None, mine, other).ratio() for mine, other in wrong]
    return min(scores) * (1 - 0.01 * len(wrong)) if min(scores) >= _WORD_ALIKE else 0.0


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
