"""Plan and run canaries for the panel, and keep their requests out of every count."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from stormdeck import __version__
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.settings.scope import SettingsSnapshot

if TYPE_CHECKING:
    from stormdeck.model.canary.check import Check
    from stormdeck.model.canary.plan import Plan
    from stormdeck.model.canary.summary import CanaryReport
    from stormdeck.sources.canary import Canary


class CanaryFeed:
    """Run canaries with one ``Canary`` for the whole panel, which knows the ports of all its requests.

    It is imported with the first canary, so that the first log lines need not wait for it.
    """

    def __init__(self, key_for: Callable[[str], str | None]) -> None:
        self._key_for = key_for
        self._canary: Canary | None = None
        self._settings = SettingsSnapshot()

    def plan(self, deck: Deck, *, wants_long: bool = False) -> Plan:
        """Return the requests that a canary would send and their highest cost, without sending anything.

        ``wants_long`` adds a prompt that nearly fills the context window.
        """
        from stormdeck.model.canary.plan import plan_of
        from stormdeck.model.rules.collect import facts_of

        self._settings = deck.settings
        key = self._key_for(deck.vllm.url) if deck.vllm is not None else None
        return plan_of(facts_of(deck), __version__, str(uuid.uuid4()), key, wants_long=wants_long)

    async def run(self, plan: Plan, deliver: Callable[[Check], None]) -> CanaryReport:
        """Send the requests of a plan, each once. Cancel the task to stop."""
        from stormdeck.sources.canary import Canary
        from stormdeck.sources.settings.authorities import read_authorities

        if self._canary is None:
            self._canary = Canary()
        authorities = await asyncio.to_thread(read_authorities, self._settings)
        return await self._canary.run(plan, deliver, authorities)

    def without_own(self, batch: LogBatch) -> LogBatch:
        """Return a batch with the access lines of canaries blanked: they are not turns of the client."""
        ports = self._canary.canary_ports if self._canary is not None else ()
        marks = tuple(f":{port} - " for port in ports)
        if not marks:
            return batch
        return replace(batch, lines=tuple("" if any(mark in line for mark in marks) else line for line in batch.lines))
