"""Mask the secrets in JSON text, line for line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from stormdeck.model.masking.json_lexer import Cut, find_cuts
from stormdeck.model.masking.places import Place
from stormdeck.model.masking.values import value_spans


def mask_json(text: str) -> str:
    """Return JSON text with every secret masked; lines stay lines, and valid JSON stays valid.

    >>> mask_json('{"env": {"ANTHROPIC_AUTH_TOKEN": "s3cret"}}')
    '{"env": {"ANTHROPIC_AUTH_TOKEN": "••••••••"}}'
    """
    pieces, at = [], 0
    for cut in json_cuts(text):
        pieces += [text[at : cut.start], cut.mask]
        at = cut.end
    return "".join([*pieces, text[at:]]) if pieces else text


@lru_cache(maxsize=8)
def json_cuts(text: str) -> tuple[Cut, ...]:
    """Return the secrets in a text of JSON, in order."""
    return tuple(cuts_in(text))


def cuts_in(text: str, place: Place | None = None) -> Iterator[Cut]:
    """Yield the secrets in a text of JSON that is the value at a place, in order."""
    return find_cuts(text, place or Place(), value_spans)
