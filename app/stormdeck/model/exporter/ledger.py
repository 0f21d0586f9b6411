"""Keep totals of successive decks, and list them with the figures of the newest deck."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.exporter import metrics
from stormdeck.model.exporter.figures import figures
from stormdeck.model.exporter.metrics import Sample
from stormdeck.model.exporter.requests import RequestTotals
from stormdeck.model.exporter.storms import StormTotals
from stormdeck.model.snapshots.wire import Usage


class Ledger:
    """Totals since the start, which never fall, and the newest deck."""

    def __init__(self, version: str, since: float | None = None) -> None:
        """Count what happened from ``since`` (unix seconds) on."""
        self._version = version
        self._requests = RequestTotals(since)
        self._storms = StormTotals(since)
        self._deck = Deck()
        self._reads = False
        """A log was read, so that the totals mean something."""
        self._resets = 0
        self._usage_before: Usage | None = None
        """What journals from before the start have."""

    def take(self, deck: Deck) -> None:
        """Take the next deck."""
        traffic, before = deck.traffic, self._deck
        if traffic is not None and traffic is not before.traffic:
            self._reads |= bool(traffic.logs)
            if traffic.clock_resets != self._resets:
                self._resets = traffic.clock_resets
                self._storms.restart()
            self._requests.take(traffic)
            self._storms.take(traffic.storms)
        if self._usage_before is None and deck.wire.recorders:
            self._usage_before = deck.wire.usage
        self._deck = deck

    def samples(self, now: float) -> list[Sample]:
        """Return every value that is known at a moment."""
        return [Sample(metrics.INFO, (self._version,), 1), *self._totals(), *figures(self._deck, now)]

    def _totals(self) -> Iterator[Sample]:
        traffic = self._deck.traffic
        if traffic is not None:
            yield Sample(metrics.LOGS, (), len(traffic.logs))
            yield Sample(metrics.STORMS_ACTIVE, (), self._storms.active)
            yield Sample(metrics.GIVE_UPS, (), self._storms.gave_up)
        if self._reads:
            yield Sample(metrics.ATTEMPTS, (), self._requests.attempts)
            yield Sample(metrics.TURNS, (), self._requests.turns)
            yield Sample(metrics.RETRIES, (), self._requests.retries)
        for metric, counts in (
            (metrics.STORM_RETRIES, self._storms.retries),
            (metrics.STORMS_BEGUN, self._storms.begun),
            (metrics.STORMS_ENDED, self._storms.ended),
        ):
            for labels, number in sorted(counts.items()):
                yield Sample(metric, labels, number)
        if self._usage_before is not None:
            for kind, now, then in zip(Usage._fields, self._deck.wire.usage, self._usage_before, strict=True):
                yield Sample(metrics.TOKENS, (kind,), now - then)
