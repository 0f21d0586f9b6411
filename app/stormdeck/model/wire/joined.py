"""Number attempts over several files: those of one session may reach different processes of a server."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from stormdeck.model.wire.attempts import AttemptCounter
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.hop import Hop

_MOST = 4096
"""Exchanges that are remembered."""


class JoinedAttempts:
    """Numbers the exchanges of each hop anew. A recorder sees all of a session, so its numbers stay."""

    def __init__(self) -> None:
        self._counters = {hop: AttemptCounter() for hop in (Hop.PROXY, Hop.SERVER)}
        self._begun: OrderedDict[tuple[str, str], Exchange] = OrderedDict()

    def take(self, journal: str, exchange: Exchange) -> Exchange:
        """Return the next line with the turn and the number that it has over all files."""
        counter = self._counters.get(exchange.hop)
        if counter is None or not exchange.turn:
            return exchange
        place = journal, exchange.id
        begun = self._begun.get(place)
        if begun is None:
            begun = self._begun[place] = counter.begin(replace(exchange, id=" ".join(place)))
            if len(self._begun) > _MOST:
                self._begun.popitem(last=False)
        joined = replace(exchange, turn=begun.turn, attempt=begun.attempt)
        if not exchange.is_running:
            counter.end(replace(joined, id=begun.id))
        return joined
