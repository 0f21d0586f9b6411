"""From what is heard to the events that ``watch`` tells."""

from __future__ import annotations

from stormdeck.commands.events import Event, counts_between
from stormdeck.model.logs.batch import LogBatch, LogStatus
from stormdeck.model.retries.changes import StormWatch
from stormdeck.model.retries.ledger import Ledger
from stormdeck.model.retries.report import Report
from stormdeck.model.retries.storm import Storm
from stormdeck.model.retries.transcript import Entry

Entries = tuple[Entry, ...]
COUNTS_S = 60.0
RECENT = 100
"""Storms that may still change; what became of older ones is settled."""
LOOK_S = 1.0
"""Between two looks while nothing is heard: a client that gave up leaves no line."""


class Watcher:
    """Lets the ledger take what is heard and tells what is new. What was over before the watch began is never told."""

    def __init__(self, ledger: Ledger, now: float) -> None:
        self._ledger = ledger
        self._storms = StormWatch()
        self._counted = ledger.report(now)
        self._counted_at = now
        self._begun = now
        self._looked_at = now
        self._heard = False

    def take(self, heard: LogBatch | LogStatus | Entries, now: float) -> list[Event]:
        """Take lines, entries of a transcript, or how a log stands; return what is to be told."""
        if isinstance(heard, LogStatus):
            return [heard]
        self._heard = True
        if isinstance(heard, LogBatch):
            self._ledger.take(heard)
        else:
            for entry in heard:
                self._ledger.take_entry(entry)
        return []

    def tell(self, now: float) -> list[Event]:
        """Return what happened to storms since the last call, and once a minute what was counted in it."""
        if not self._heard and 0 <= now - self._looked_at < LOOK_S:
            return []
        self._heard, self._looked_at = False, now
        report = self._ledger.report(now)
        changes = self._storms.take(_recent(report))
        events: list[Event] = [change for change in changes if change.storm.last >= self._begun]
        self._counted_at = min(self._counted_at, now)  # the clock may have been set back
        if now - self._counted_at >= COUNTS_S:
            events.append(counts_between(self._counted, report, now - self._counted_at))
            self._counted, self._counted_at = report, now
        return events


def _recent(report: Report) -> list[Storm]:
    return [storm for storm in report.storms[-RECENT:] if storm.timed]
