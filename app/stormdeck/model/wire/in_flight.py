"""Say how far a request in flight is."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.units import duration
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.request import Kind

NOTED_S = 2.0
"""A stream that goes on is noted this often, so silence is known only after it."""
SILENT_S = 10.0
"""Silence in a stream that is worth saying."""
_LEAST_S = 0.5
_PURPOSES = {
    Kind.MAIN: "turn",
    Kind.AUXILIARY: "auxiliary",
    Kind.COUNT_TOKENS: "count",
    Kind.COMPLETION: "request",
    Kind.OTHER: "other",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is. ``words`` is short: ``no byte yet``, ``41 tokens/s``, ``silent 12 s``."""

    waited_s: float
    words: str
    is_silent: bool
    """No byte came yet, or none for a while."""


def progress(exchange: Exchange, now: float) -> Progress:
    """Return how far a running request is at ``now``.

    >>> progress(Exchange("1", 100.0), 125.0).words
    'no byte yet'
    """
    waited = max(0.0, now - exchange.started)
    words = progress_words(exchange)
    if exchange.first_byte is None or exchange.last_byte is None:
        return Progress(waited, words, is_silent=True)
    silent = now - exchange.last_byte - NOTED_S
    if silent >= SILENT_S:
        return Progress(waited, f"silent {duration(silent)}", is_silent=True)
    return Progress(waited, words, is_silent=False)


def progress_words(exchange: Exchange) -> str:
    """Return how far a request was when it was noted last: ``no byte yet``, ``answering``, ``41 tokens/s``."""
    if exchange.first_byte is None or exchange.last_byte is None:
        return "no byte yet"
    took = exchange.last_byte - exchange.first_byte
    if took < _LEAST_S or not exchange.deltas:
        return "answering"
    return f"{exchange.deltas / took:.0f} tokens/s"


def whose(exchange: Exchange) -> str:
    """Return the session's first characters and what the request is for: ``a1b2 main``, ``a1b2 turn``."""
    return f"{exchange.session[:4] or '-'} {exchange.thread or _PURPOSES[exchange.kind]}"


def flight_as_json(exchange: Exchange) -> dict[str, object]:
    """Return a request in flight as ``status --json`` prints it; times are unix seconds."""
    return {
        "session": exchange.session or None,
        "thread": exchange.thread or None,
        "kind": exchange.kind.value,
        "model": exchange.model or None,
        "attempt": exchange.attempt,
        "started": exchange.started,
        "first_byte": exchange.first_byte,
        "last_byte": exchange.last_byte,
        "deltas": exchange.deltas,
        "sent_bytes": exchange.sent_bytes,
        "hop": exchange.hop.value,
    }
