"""The canary for the panel: planned from the deck, sent when the user says so, left out of every count."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from stormdeck import __version__
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch

if TYPE_CHECKING:
    from stormdeck.model.canary.check import Check
    from stormdeck.model.canary.plan import Plan
    from stormdeck.model.canary.summary import CanaryReport
    from stormdeck.sources.canary import Canary


class CanaryFeed:
    """One for the whole panel, so that it knows the ports of all its canaries; loaded when the first one is asked for.

    The log's first lines need not wait for it.
    """

    def __init__(self, key_for: Callable[[str], str | None]) -> None:
        self._key_for = key_for
        self._canary: Canary | None = None

    def plan(self, deck: Deck) -> Plan:
        """Return what would be sent, and what it costs at most; nothing is sent."""
        from stormdeck.model.canary.plan import plan_of
        from stormdeck.model.rules.collect import facts_of

        key = self._key_for(deck.vllm.url) if deck.vllm is not None else None
        return plan_of(facts_of(deck), __version__, str(uuid.uuid4()), key)

    async def run(self, plan: Plan, hand: Callable[[Check], None]) -> CanaryReport:
        """Send it, each request once; cancel the task to stop."""
        from stormdeck.sources.canary import Canary

        if self._canary is None:
            self._canary = Canary()
        return await self._canary.run(plan, hand)

    def without_own(self, batch: LogBatch) -> LogBatch:
        """Return a batch in which the access lines of canaries are blank: they are no turns of the client."""
        ports = self._canary.canary_ports if self._canary is not None else ()
        marks = tuple(f":{port} - " for port in ports)
        if not marks:
            return batch
        return replace(batch, lines=tuple("" if any(mark in line for mark in marks) else line for line in batch.lines))
