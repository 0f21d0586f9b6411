"""The storms of now and those of before: what the meter tells, beside what was remembered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from stormdeck.model.retries.changes import same_storms
from stormdeck.model.retries.storm import Outcome, Storm
from stormdeck.model.traffic import TrafficSnapshot
from stormdeck.sources.memory import StormMemory

SHOWN = 50


class StormDesk:
    """Remembers storms that are over; the client shows no trace of them, and a restart of the panel forgets none."""

    def __init__(self, memory: StormMemory) -> None:
        self._memory = memory
        self._past: tuple[Storm, ...] = ()
        self._kept: tuple[Storm, ...] = ()

    async def recall(self) -> None:
        """Read what was remembered."""
        self._past = await asyncio.to_thread(self._memory.recall, SHOWN)

    def with_past(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        """Return the traffic with the remembered storms that it does not tell itself, newest first."""
        told = set(same_storms(self._past, traffic.storms))
        past = [storm for index, storm in enumerate(self._past) if index not in told]
        if not past:
            return traffic
        storms = sorted((*traffic.storms, *past), key=lambda storm: -storm.started)
        return replace(traffic, storms=tuple(storms[:SHOWN]))

    async def remember(self, traffic: TrafficSnapshot) -> None:
        """Keep the storms that are over, where one is new or ended otherwise."""
        over = tuple(storm for storm in traffic.storms if storm.outcome is not Outcome.LIVE)
        if over and over != self._kept:
            self._kept = over
            await asyncio.to_thread(self._memory.remember, over)
