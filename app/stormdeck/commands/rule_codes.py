"""The rules as a command line names them: a code, a family, or several with commas between them."""

from __future__ import annotations

from difflib import get_close_matches

from stormdeck.model.rules.registry import RULES
from stormdeck.model.rules.rule import Rule
from stormdeck.options.kinds import quoted

FAMILIES = tuple(dict.fromkeys(rule.family for rule in RULES))
SELECTORS = (*FAMILIES, *(rule.code for rule in RULES))
"""What names rules whole; the beginning of a code, such as ``FILE70``, names them too."""
_NEAREST = 4
_SHORTEST = 4
"""Characters of a text that is looked for; less is found anywhere."""


def read_codes(text: str) -> tuple[str, ...]:
    """Return the codes and beginnings of codes of a text, with commas between them.

    ValueError says which of them names no rule. A family is written out: ``T`` would be TIME and TRAFFIC.
    """
    return tuple(_known(name.strip().upper()) for name in text.split(","))


def family(name: str) -> tuple[Rule, ...]:
    """Return the rules of a family, whatever the case; none for what is no family."""
    return tuple(rule for rule in RULES if rule.family == name.strip().upper())


def showing(text: str) -> tuple[Rule, ...]:
    """Return the rules on whose page a text stands among what the user sees, whatever the case; none for blanks."""
    piece = _plain(text)
    return tuple(rule for rule in RULES if piece in _plain(rule.page.shown)) if len(piece) >= _SHORTEST else ()


def nearest(name: str) -> tuple[str, ...]:
    """Return the codes that come nearest: by number in the family that is named, else by spelling."""
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
    raise ValueError(f"expected codes or families of rules, {found}; {meant} `stormdeck explain` lists all")
