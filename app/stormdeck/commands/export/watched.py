"""Hold the deck and its ledger for two sides: the feed's loop, and the threads that serve metrics."""

from __future__ import annotations

import threading
import time

from stormdeck.feed.reducer import Snapshot, take
from stormdeck.model.deck import Deck
from stormdeck.model.exporter.ledger import Ledger
from stormdeck.model.exporter.metrics import Sample


class Watched:
    """The newest deck, counted."""

    def __init__(self, ledger: Ledger, deck: Deck) -> None:
        self._ledger = ledger
        self._deck = deck
        self._lock = threading.Lock()

    def deliver(self, snapshot: Snapshot) -> None:
        """Take the next snapshot."""
        deck = take(self._deck, snapshot)
        with self._lock:
            self._deck = deck
            self._ledger.take(deck)

    def samples(self) -> list[Sample]:
        """Return every value that is known now."""
        with self._lock:
            return self._ledger.samples(time.time())
