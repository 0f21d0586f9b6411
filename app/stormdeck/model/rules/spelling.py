"""Find the known name that a misspelled one probably stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
"""Minimum number of words if the first ones are missing: ``PROJECT_DIR`` may belong to any program."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")
_OTHER = re.compile(r"[^a-z0-9]+")
_ENDINGS = {"s", "es", "d", "ed"}
_DECISIVE = frozenset(
    {"allow", "allowed", "always", "block", "blocked", "denied", "deny", "disable", "disabled", "disallow", "enable"}
    | {"enabled", "exclude", "excluded", "force", "hide", "ignore", "include", "included", "max", "maximum", "min"}
    | {"minimum", "never", "no", "non", "not", "off", "on", "only", "require", "required", "show", "skip", "skipped"}
    | {"strict", "without"}
)
"""Words that reverse a meaning: a name with one of them never matches a name without it."""


class _Normalized(NamedTuple):
    """A name in the form in which names are compared."""

    bare: str
    """Only letters and digits, in lower case."""
    words: tuple[str, ...]
    in_parts: bool
    """Its words are separated by ``_`` or ``-``, as in a variable."""


@lru_cache(maxsize=4096)
def closest_name(name: str, known: frozenset[str]) -> str | None:
    """Return the known name that a name probably stands for, ``None`` if none or several are similar.

    Matches other capitals or separators, misspelled words, and a missing last word or missing first words. A name with
    another known word in it is a different name: ``..._DEFAULT_X_MODEL`` may be new, and ``enable`` is not
    ``disable``. Call it only for unknown names.

        closest_name("ANTHROPIC_BASEURL", VARIABLES)  # "ANTHROPIC_BASE_URL"
    """
    if not 0 < len(name) <= _LONGEST:
        return None
    own = _normalized(name)
    table, vocabulary = _table(known)
    ranked = [(_likeness(own, other, vocabulary), one) for one, other in table]
    best = max((score for score, _ in ranked), default=0.0)
    found = [one for score, one in ranked if score == best]
    return found[0] if best > 0 and len(found) == 1 else None


def resembling(names: Iterable[str], known: frozenset[str]) -> tuple[str, ...]:
    """Return the unknown names that begin or end like a known one. A cheap filter for thousands of names."""
    return _resembling(tuple(names), known)


@lru_cache(maxsize=8)
def _resembling(names: tuple[str, ...], known: frozenset[str]) -> tuple[str, ...]:
    """Return them, cached: an edit of a value changes no name."""
    beginnings, ends = _edges(known)
    return tuple(
        name for name in names if (name[:3].lower() in beginnings or name[-4:].lower() in ends) and name not in known
    )


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case; ``baseUrl`` and ``BASE_URL`` give the same."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=16)
def _edges(known: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    low = [name.lower() for name in known]
    return frozenset(name[:3] for name in low), frozenset(name[-4:] for name in low)


@lru_cache(maxsize=16)
def _table(known: frozenset[str]) -> tuple[tuple[tuple[str, _Normalized], ...], frozenset[str]]:
    """Return the known names in normalized form, and all their words."""
    table = tuple((one, _normalized(one)) for one in sorted(known))
    return table, frozenset(word for _, form in table for word in form.words)


def _normalized(name: str) -> _Normalized:
    low = name.lower()
    in_parts = "_" in name or "-" in name
    words = tuple(word for word in _OTHER.split(low) if word) if in_parts else words_of(name)
    return _Normalized(_OTHER.sub("", low), words, in_parts)


def _likeness(mine: _Normalized, other: _Normalized, vocabulary: frozenset[str]) -> float:
    """Return the similarity of two names, from 0 to 1."""
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


def _same_sense(mine: _Normalized, other: _Normalized) -> bool:
    """Return whether both names contain the same meaning-reversing words."""
    return all(word in other.bare for word in _DECISIVE.intersection(mine.words)) and all(
        word in mine.bare for word in _DECISIVE.intersection(other.words)
    )


def _wordwise(words: tuple[str, ...], its: tuple[str, ...], vocabulary: frozenset[str]) -> float:
    """Return the similarity of two names with equally many words, 0 if a word is a different one."""
    wrong = [(mine, other) for mine, other in zip(words, its, strict=True) if mine != other]
    if len(wrong) > _WORDS_WRONG or (len(wrong) == len(words) and len(words) > 1):
        return 0.0
    return min(_word_ratio(mine, other, vocabulary) for mine, other in wrong) * (1 - 0.01 * len(wrong))


def _word_ratio(mine: str, other: str, vocabulary: frozenset[str]) -> float:
    """Return the similarity of two words; a word that known names use is not a misspelling."""
    if mine in vocabulary and not _inflected(mine, other):
        return 0.0
    swapped = len(mine) > 2 and sorted(mine) == sorted(other)
    return _SWAPPED if swapped else _ratio(mine, other, _WORD_ALIKE)


def _inflected(one: str, other: str) -> bool:
    """Return whether two words are forms of the same word: ``enable`` and ``enabled``."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and long[len(short) :] in _ENDINGS


def _ratio(mine: str, other: str, least: float) -> float:
    """Return the similarity of two words, 0 if it is below ``least``."""
    if abs(len(mine) - len(other)) > 2:
        return 0.0
    matcher = SequenceMatcher(None, mine, other)
    if matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0
