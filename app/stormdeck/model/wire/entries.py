"""Turn recorded exchanges into the entries that the retry analyser reads, as it reads transcripts."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from stormdeck.model.retries.transcript import Entry, EntryKind
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.hop import Hop
from stormdeck.model.wire.request import Kind

_MOST = 4096
"""Exchanges that are remembered."""
_CAUSES = {
    Outcome.CUT: "cut",
    Outcome.RESET: "reset",
    Outcome.REFUSED: "refused",
    Outcome.UNREACHABLE: "refused",
    Outcome.TIMED_OUT: "timeout",
    Outcome.CLIENT_LEFT: "timeout",
}
"""Why an attempt failed, in the words of transcripts. A client that left and asks again had waited long enough."""
_OVERLOADED = "overloaded_error"


class WireEntries:
    """Turns the lines of journals into entries. Titles and other auxiliary requests have none, as in transcripts.

    >>> begun = Exchange("1", 5.0, Kind.MAIN, "session", "main", turn="1")
    >>> WireEntries().take(begun, "journal")[0].kind
    <EntryKind.REQUEST: 'request'>
    """

    def __init__(self) -> None:
        self._is_over: OrderedDict[str, bool] = OrderedDict()
        """Of each exchange: whether its end was passed on."""
        self._left: OrderedDict[str, Exchange] = OrderedDict()
        """By turn: the attempt that the client left, which is a failure only if another one follows."""

    def take(self, exchange: Exchange, journal: str) -> list[Entry]:
        """Return the entries of a line, none if it says nothing new. ``journal`` makes its ids unique."""
        if exchange.kind is not Kind.MAIN or not exchange.turn or not exchange.session or exchange.hop is Hop.BEHIND:
            return []
        found: list[Entry] = []
        place = f"{journal} {exchange.id}"
        if place not in self._is_over:
            self._is_over[place] = False
            _bound(self._is_over)
            found.append(_entry(EntryKind.REQUEST, exchange, exchange.started, journal))
            left = self._left.pop(_turn(exchange, journal), None)
            if left is not None:
                found.append(_failure(left, journal))
        if exchange.ended is not None and not self._is_over[place]:
            self._is_over[place] = True
            found.append(self._end(exchange, exchange.ended, journal))
        return found

    def _end(self, exchange: Exchange, ended: float, journal: str) -> Entry:
        if exchange.is_delivered:
            return _entry(EntryKind.ANSWER, exchange, ended, journal)
        if exchange.outcome is Outcome.CLIENT_LEFT:
            self._left[_turn(exchange, journal)] = exchange
            _bound(self._left)
            return _entry(EntryKind.INTERRUPT, exchange, ended, journal)
        return _failure(exchange, journal)


def _failure(exchange: Exchange, journal: str) -> Entry:
    cause = str(exchange.status) if exchange.outcome is Outcome.STATUS else _CAUSES.get(exchange.outcome, "cut")
    if exchange.outcome is Outcome.ERROR and exchange.error_type == _OVERLOADED:
        cause = "529"
    ended = exchange.started if exchange.ended is None else exchange.ended
    return _entry(EntryKind.RETRY, exchange, ended, journal, cause)


def _entry(kind: EntryKind, exchange: Exchange, t: float, journal: str, cause: str = "") -> Entry:
    turn = _turn(exchange, journal)
    return Entry(
        kind,
        exchange.session,
        t,
        agent=(exchange.agent or turn) if exchange.thread == "subagent" else "",
        id=f"{journal} {exchange.id} {kind}",
        digest=turn,
        attempt=exchange.attempt if kind is EntryKind.RETRY else 0,
        cause=cause,
        is_wire=True,
        distance=exchange.hop.distance,
    )


def _turn(exchange: Exchange, journal: str) -> str:
    # Beside a recorder's own, turns are joined over the files of a hop.
    return f"{journal if exchange.hop is Hop.CLIENT else exchange.hop} {exchange.turn}"


def _bound(kept: OrderedDict[str, Any]) -> None:
    while len(kept) > _MOST:
        kept.popitem(last=False)
