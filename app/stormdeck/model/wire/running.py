"""Keep the requests that are in flight, from the lines of journals."""

from __future__ import annotations

from collections.abc import Collection

from stormdeck.model.snapshots.wire import WireSnapshot
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.request import Kind

_MOST = 200


class RunningRequests:
    """The requests whose end was not noted yet, of recorders that run."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], Exchange] = {}

    def take(self, journal: str, exchange: Exchange) -> None:
        """Process the next line of a journal."""
        place = journal, exchange.id
        if exchange.is_running and exchange.kind is not Kind.OTHER and len(self._running) < _MOST:
            self._running[place] = exchange
        else:
            self._running.pop(place, None)

    def snapshot(self, journals: Collection[str]) -> WireSnapshot:
        """Return what is in flight; requests of recorders that are gone are dropped."""
        self._running = {place: one for place, one in self._running.items() if place[0] in journals}
        return WireSnapshot(len(journals), tuple(sorted(self._running.values(), key=lambda one: one.started)))
