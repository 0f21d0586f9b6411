"""From what is heard to the events that ``watch`` tells."""

from __future__ import annotations

from stormdeck.commands.events import Event, counts_between
from stormdeck.model.logs.batch import LogBatch, LogStatus
from stormdeck.model.retries.changes import StormWatch
from stormdeck.model.retries.ledger import Ledger
from stormdeck.model.retries.transcript import Entry

COUNTS_S = 60.0


class Watcher:
    """Lets the ledger take what is heard and tells what is new. What was there before the watch is never told."""

    def __init__(self, ledger: Ledger, now: float) -> None:
        self._ledger = ledger
        self._storms = StormWatch()
        self._counted = ledger.report(now)
        self._counted_at = now

    def take(self, heard: LogBatch | LogStatus | Entry, now: float) -> list[Event]:
        """Take lines, an entry of a transcript, or how a log stands; return what is to be told."""
        if isinstance(heard, LogStatus):
            return [heard]
        if isinstance(heard, Entry):
            self._ledger.take_entry(heard)
            return []
        told = self.tell(now) if heard.history else []
        self._ledger.take(heard)
        if heard.history:
            self._overlook(now)
        return told

    def tell(self, now: float) -> list[Event]:
        """Return what happened to storms since the last call, and once a minute what was counted in it."""
        report = self._ledger.report(now)
        events: list[Event] = [*self._storms.take(report.storms)]
        if now < self._counted_at:  # the clock was set back
            self._counted_at = now
        if now - self._counted_at >= COUNTS_S:
            events.append(counts_between(self._counted, report, now - self._counted_at))
            self._counted, self._counted_at = report, now
        return events

    def _overlook(self, now: float) -> None:
        """Know what was there before without telling it."""
        self._counted = self._ledger.report(now)
        self._storms.take(self._counted.storms)
