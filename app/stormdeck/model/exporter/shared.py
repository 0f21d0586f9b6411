"""Share a ledger between the loop that fills it and the threads that serve it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from stormdeck.model.deck import Deck
from stormdeck.model.exporter.ledger import Ledger
from stormdeck.model.exporter.metrics import Sample


class SharedLedger:
    """A ledger with a lock."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lock = threading.Lock()

    def take(self, deck: Deck) -> None:
        """Take the next deck."""
        with self._lock:
            self._ledger.take(deck)

    def samples(self) -> list[Sample]:
        """Return every value that is known now."""
        with self._lock:
            return self._ledger.samples(self._clock())
