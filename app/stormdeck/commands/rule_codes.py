"""Read rule codes and families from the command line."""

from __future__ import annotations

from difflib import get_close_matches

from stormdeck.model.rules.registry import RULES
from stormdeck.model.rules.rule import Rule
from stormdeck.options.kinds import quoted

FAMILIES = tuple(dict.fromkeys(rule.family for rule in RULES))
SELECTORS = (*FAMILIES, *(rule.code for rule in RULES))
"""Families and codes, for completion. The beginning of a code, such as ``FILE70``, is accepted as well."""
_NEAREST = 4
_SHORTEST = 4
"""Characters of a search text at least; shorter ones match too much."""


def read_codes(text: str) -> tuple[str, ...]:
    """Return the codes, and beginnings of codes, in a text separated by commas.

    Raises ValueError for a name that matches no rule. A family must be complete: ``T`` could be TIME or TRAFFIC.

    >>> read_codes("url101, file70")
    ('URL101', 'FILE70')
    """
    return tuple(_known(name.strip().upper()) for name in text.split(","))


def family(name: str) -> tuple[Rule, ...]:
    """Return the rules of a family, ignoring case; none if there is no such family."""
    return tuple(rule for rule in RULES if rule.family == name.strip().upper())


def showing(text: str) -> tuple[Rule, ...]:
    """Return the rules whose page quotes this text as what the user sees, ignoring case."""
    piece = _plain(text)
    return tuple(rule for rule in RULES if piece in _plain(rule.page.shown)) if len(piece) >= _SHORTEST else ()


def nearest(name: str) -> tuple[str, ...]:
    """Return the most similar codes: by number within the given family, else by spelling."""
    word = name.strip().upper()
    letters = word.rstrip("0123456789")
    number = int(word[len(letters) :][:9] or "0")
    named = (rule.code for rule in family(letters))
    by_number = sorted(named, key=lambda code: (abs(int(code.removeprefix(letters)) - number), code))
    return tuple(by_number[:_NEAREST]) or tuple(get_close_matches(word, [rule.code for rule in RULES], n=_NEAREST))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _known(name: str) -> str:
    if name.rstrip("0123456789") in FAMILIES and any(rule.code.startswith(name) for rule in RULES):
        return name
    near = nearest(name)[:1] if name[-1:].isdigit() else get_close_matches(name, FAMILIES, n=1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(FAMILIES)}."
    found = f"found {quoted(name)}" if name else "found nothing"
    raise ValueError(f"expected rule codes or families, {found}; {meant} `stormdeck explain` lists all")
