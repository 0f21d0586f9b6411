"""Mask the secrets in JSON text, line for line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from stormdeck.model.masking.json_entries import Cut, Run
from stormdeck.model.masking.json_lexer import find_cuts, find_runs
from stormdeck.model.masking.places import Place
from stormdeck.model.masking.values import value_spans


def mask_json(text: str) -> str:
    """Return JSON text with every secret masked; lines stay lines, and valid JSON stays valid.

    >>> mask_json('{"env": {"ANTHROPIC_AUTH_TOKEN": "s3cret"}}')
    '{"env": {"ANTHROPIC_AUTH_TOKEN": "••••••••"}}'
    """
    pieces, at = [], 0
    for start, end, run in _runs(text):
        pieces += [text[at:start], run.masked]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text


@lru_cache(maxsize=8)
def json_secrets(text: str) -> frozenset[str]:
    """Return the secrets in a text of JSON."""
    return frozenset[str]().union(*(run.secrets for _, _, run in _runs(text)))


@lru_cache(maxsize=8)
def _runs(text: str) -> tuple[tuple[int, int, Run], ...]:
    return tuple(find_runs(text, Place(), value_spans))


def cuts_in(text: str, place: Place | None = None) -> Iterator[Cut]:
    """Yield the secrets in a text of JSON that is the value at a place, in order."""
    return find_cuts(text, place or Place(), value_spans)
