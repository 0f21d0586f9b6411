"""Keep the requests that are in flight, from the lines of journals."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from stormdeck.model.snapshots.wire import Usage, WireSnapshot
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.hop import Hop
from stormdeck.model.wire.request import Kind

_MOST = 200
_MOST_SESSIONS = 4096


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where a session was seen nearest to the client."""

    hop: Hop
    journal: str


class RunningRequests:
    """The requests whose end was not noted yet, of recorders that run; each once, though several places see it."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], Exchange] = {}
        self._nearest: dict[str, _Seen] = {}
        """By session."""
        self._usage = Usage()

    def take(self, journal: str, exchange: Exchange) -> None:
        """Process the next line of a journal."""
        place = journal, exchange.id
        if exchange.is_running and exchange.kind is not Kind.OTHER and len(self._running) < _MOST:
            self._running[place] = exchange
        else:
            self._running.pop(place, None)
        known = self._nearest.get(exchange.session)
        if exchange.session and (known is None or exchange.hop.distance <= known.hop.distance):
            self._nearest.pop(exchange.session, None)
            self._nearest[exchange.session] = _Seen(exchange.hop, journal)
            if len(self._nearest) > _MOST_SESSIONS:
                del self._nearest[next(iter(self._nearest))]
        if not exchange.is_running and exchange.hop is not Hop.BEHIND and self._counts(exchange):
            self._usage = _added(self._usage, exchange)

    def snapshot(self, journals: Collection[str]) -> WireSnapshot:
        """Return what is in flight; requests of recorders that are gone are dropped."""
        self._running = {place: one for place, one in self._running.items() if place[0] in journals}
        self._nearest = {session: seen for session, seen in self._nearest.items() if seen.journal in journals}
        ordered = sorted(self._running.values(), key=lambda one: one.started)
        return WireSnapshot(len(journals), tuple(_once(one for one in ordered if self._counts(one))), self._usage)

    def _counts(self, exchange: Exchange) -> bool:
        """Return whether no place nearer to the client sees the session."""
        nearest = self._nearest.get(exchange.session)
        return nearest is None or exchange.hop.distance <= nearest.hop.distance


def _added(usage: Usage, exchange: Exchange) -> Usage:
    """Return the tokens with those of an exchange that ended."""
    return Usage(
        usage.input + max(0, exchange.input_tokens or 0),
        usage.cached + max(0, exchange.cached_tokens or 0),
        usage.output + max(0, exchange.output_tokens or 0),
    )


def _once(ordered: Iterable[Exchange]) -> Iterable[Exchange]:
    """Yield requests in order of start, without those that a proxy sends on for one of them: each for one at most."""
    waiting = 0
    for one in ordered:
        if one.hop is not Hop.BEHIND:
            waiting += one.hop is not Hop.SERVER
        elif not one.session and waiting:
            waiting -= 1
            continue
        yield one
