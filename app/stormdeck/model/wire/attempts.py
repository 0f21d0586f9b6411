"""Number the attempts of a request: the same one again, after an answer that was not delivered whole."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.request import Kind

AFTER_4XX_S = 3.0
"""A client that is refused changes its request and sends it again within this time (measured, 2.1.329)."""
_MOST_TURNS = 512
"""Unfinished turns that are remembered, over all sessions."""
_COUNTED = frozenset({Kind.MAIN, Kind.AUXILIARY})


class AttemptCounter:
    """Tell retries from new requests. Call ``begin`` for each request in order, and ``end`` with its outcome.

    >>> counter = AttemptCounter()
    >>> counter.begin(Exchange("1", 0.0, Kind.MAIN, key="k")).attempt
    1
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], Exchange] = OrderedDict()
        """The newest attempt of each turn that was not answered, by session and key."""

    def begin(self, exchange: Exchange) -> Exchange:
        """Return the request with its turn and the number of its attempt."""
        if exchange.kind not in _COUNTED or not exchange.key:
            return exchange
        place = self._earlier(exchange)
        before = self._last.pop(place) if place is not None else None
        turn, attempt = (exchange.id, 1) if before is None else (before.turn, before.attempt + 1)
        begun = replace(exchange, turn=turn, attempt=attempt)
        self._last[exchange.session, exchange.key] = begun
        while len(self._last) > _MOST_TURNS:
            self._last.popitem(last=False)
        return begun

    def end(self, exchange: Exchange) -> None:
        """Take the outcome of a request that began before."""
        place = exchange.session, exchange.key
        last = self._last.get(place)
        if last is None or last.id != exchange.id:
            return
        if exchange.is_delivered:
            del self._last[place]
        else:
            self._last[place] = exchange

    def _earlier(self, exchange: Exchange) -> tuple[str, str] | None:
        """Return where the attempt before this one is kept, ``None`` for a new turn."""
        same = exchange.session, exchange.key
        last = self._last.get(same)
        if last is not None and last.kind is exchange.kind and not last.is_running:
            return same
        for place, one in reversed(self._last.items()):
            if place[0] == exchange.session and one.kind is exchange.kind and _was_refused(one, exchange):
                return place
        return None


def _was_refused(before: Exchange, exchange: Exchange) -> bool:
    """Return whether the same question was answered with a 4xx just before."""
    return (
        before.outcome is Outcome.STATUS
        and before.status is not None
        and 400 <= before.status < 500
        and bool(exchange.question)
        and before.question == exchange.question
        and before.ended is not None
        and exchange.started - before.ended < AFTER_4XX_S
    )
