"""Make a deck of the snapshots of a feed, and count it."""

from __future__ import annotations

from stormdeck.feed.reducer import Snapshot, take
from stormdeck.model.deck import Deck
from stormdeck.model.exporter.shared import SharedLedger


class Watched:
    """The newest deck, counted in a ledger."""

    def __init__(self, ledger: SharedLedger, deck: Deck) -> None:
        self._ledger = ledger
        self._deck = deck

    def deliver(self, snapshot: Snapshot) -> None:
        """Take the next snapshot."""
        self._deck = take(self._deck, snapshot)
        self._ledger.take(self._deck)
