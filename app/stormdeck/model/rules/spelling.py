"""Which known name was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

_LONGEST = 80
_WORD_ALIKE = 0.75
_ALIKE = 0.92
_WORDS_WRONG = 2
_SWAPPED = 0.9
_PART = 0.5
_FEWEST_LAST = 3
"""Words that a name must have when its first ones are left out: ``PROJECT_DIR`` is any program's."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")
_OTHER = re.compile(r"[^a-z0-9]+")
_ENDINGS = {"s", "es", "d", "ed"}
_DECISIVE = frozenset(
    {"allow", "allowed", "always", "block", "blocked", "denied", "deny", "disable", "disabled", "disallow", "enable"}
    | {"enabled", "exclude", "excluded", "force", "hide", "ignore", "include", "included", "max", "maximum", "min"}
    | {"minimum", "never", "no", "non", "not", "off", "on", "only", "require", "required", "show", "skip", "skipped"}
    | {"strict", "without"}
)
"""Words that turn what a name means: a name with one of them never stands for a name without it."""


class _Spelt(NamedTuple):
    """A name as it is compared."""

    bare: str
    """Letters and digits alone, in lower case."""
    words: tuple[str, ...]
    in_parts: bool
    """Its words are told apart by something other than capitals: it is a variable."""


@lru_cache(maxsize=4096)
def closest_name(name: str, known: frozenset[str]) -> str | None:
    """Return the known name that a name stands for, ``None`` where it is far from all, or near to several.

    The same letters, single words misspelt, a last word or the first ones left out. A name of as many words with
    another word in it is another name: ``..._DEFAULT_X_MODEL`` may be new, and ``enable`` is no ``disable``. The
    caller asks for unknown names only.
    """
    if not 0 < len(name) <= _LONGEST:
        return None
    mine = _spelt(name)
    table, vocabulary = _table(known)
    ranked = [(_likeness(mine, other, vocabulary), one) for one, other in table]
    best = max((score for score, _ in ranked), default=0.0)
    found = [one for score, one in ranked if score == best]
    return found[0] if best > 0 and len(found) == 1 else None


def resembling(names: Iterable[str], known: frozenset[str]) -> Iterator[str]:
    """Yield the unknown names that begin or end as a known one does: cheap, for thousands of names."""
    beginnings, ends = _edges(known)
    for name in names:
        if (name[:3].lower() in beginnings or name[-4:].lower() in ends) and name not in known:
            yield name


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: of ``baseUrl`` as of ``BASE_URL``."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=16)
def _edges(known: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    low = [name.lower() for name in known]
    return frozenset(name[:3] for name in low), frozenset(name[-4:] for name in low)


@lru_cache(maxsize=16)
def _table(known: frozenset[str]) -> tuple[tuple[tuple[str, _Spelt], ...], frozenset[str]]:
    """Return known names as they are compared, and all their words."""
    table = tuple((one, _spelt(one)) for one in sorted(known))
    return table, frozenset(word for _, spelt in table for word in spelt.words)


def _spelt(name: str) -> _Spelt:
    low = name.lower()
    in_parts = "_" in name or "-" in name
    words = tuple(word for word in _OTHER.split(low) if word) if in_parts else words_of(name)
    return _Spelt(_OTHER.sub("", low), words, in_parts)


def _likeness(mine: _Spelt, other: _Spelt, vocabulary: frozenset[str]) -> float:
    """Return how alike two names are, from 0 to 1."""
    if mine.bare == other.bare:
        return 1.0
    words, its = mine.words, other.words
    if len(its) == len(words):
        return _wordwise(words, its, vocabulary)
    if mine.in_parts and len(words) > 1 and len(its) > len(words):
        if its[:-1] == words:
            return _PART
        left_out = its[: -len(words)]
        if len(words) >= _FEWEST_LAST and its[-len(words) :] == words and not _DECISIVE.intersection(left_out):
            return _PART
    return _ratio(mine.bare, other.bare, _ALIKE) if _same_sense(mine, other) else 0.0


def _same_sense(mine: _Spelt, other: _Spelt) -> bool:
    """Return whether each has the words of the other that turn its meaning."""
    return all(word in other.bare for word in _DECISIVE.intersection(mine.words)) and all(
        word in mine.bare for word in _DECISIVE.intersection(other.words)
    )


def _wordwise(words: tuple[str, ...], its: tuple[str, ...], vocabulary: frozenset[str]) -> float:
    """Return how alike two names of as many words are, 0 where a word is another one."""
    wrong = [(mine, other) for mine, other in zip(words, its, strict=True) if mine != other]
    if len(wrong) > _WORDS_WRONG or (len(wrong) == len(words) and len(words) > 1):
        return 0.0
    return min(_word_ratio(mine, other, vocabulary) for mine, other in wrong) * (1 - 0.01 * len(wrong))


def _word_ratio(mine: str, other: str, vocabulary: frozenset[str]) -> float:
    """Return how alike two words are; a word that known names use is no misspelling of another."""
    if mine in vocabulary and not _inflected(mine, other):
        return 0.0
    swapped = len(mine) > 2 and sorted(mine) == sorted(other)
    return _SWAPPED if swapped else _ratio(mine, other, _WORD_ALIKE)


def _inflected(one: str, other: str) -> bool:
    """Return whether two words are one word in two forms: ``enable`` and ``enabled``."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and long[len(short) :] in _ENDINGS


def _ratio(mine: str, other: str, least: float) -> float:
    """Return how alike two words are, 0 where that is less than asked for."""
    if abs(len(mine) - len(other)) > 2:
        return 0.0
    matcher = SequenceMatcher(None, mine, other)
    if matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0
