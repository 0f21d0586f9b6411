"""The canary for the panel: planned from the deck, sent when the user says so, left out of every count."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from stormdeck import __version__
from stormdeck.model.canary.check import Check
from stormdeck.model.canary.plan import Plan, plan_of
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.rules.gather import facts_of
from stormdeck.sources.canary import Canary


class CanaryDesk:
    """One for the whole panel, so that it knows the ports of all its canaries."""

    def __init__(self, key_for: Callable[[str], str | None]) -> None:
        self._key_for = key_for
        self._canary = Canary()

    def plan(self, deck: Deck) -> Plan:
        """Return what would be sent, and what it costs at most; nothing is sent."""
        key = self._key_for(deck.vllm.url) if deck.vllm is not None else None
        return plan_of(facts_of(deck), __version__, str(uuid.uuid4()), key)

    async def run(self, plan: Plan, hand: Callable[[Check], None]) -> CanaryReport:
        """Send it, each request once; cancel the task to stop."""
        return await self._canary.run(plan, hand)

    def without_own(self, batch: LogBatch) -> LogBatch:
        """Return a batch in which the access lines of canaries are blank: they are no turns of the client."""
        marks = tuple(f":{port} - " for port in self._canary.canary_ports)
        if not marks:
            return batch
        return replace(batch, lines=tuple("" if any(mark in line for mark in marks) else line for line in batch.lines))
