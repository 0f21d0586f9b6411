"""The storms of now and those of before: what the meter tells, beside what was remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from stormdeck.feed.polling import wait_for
from stormdeck.model.retries.storms.identity import merged, same_storms
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.sources.io.background import SingleFlight
from stormdeck.sources.state.storm_store import StormStore

T = TypeVar("T")

SHOWN = 50
PATIENCE_S = 3.0
"""For the file; a panel that writes at the same time is waited for that long too."""
AGAIN_S = 10.0
"""Until storms that could not be kept are tried again."""
KEEPING_S = 0.25
"""For a write that is under way when the user leaves."""


class StormFeed:
    """Remembers storms that are over; the client shows no trace of them, and a restart of the panel forgets none.

    Reading and writing go on beside the counting: a folder that does not answer, or another panel that writes, holds
    up nothing.
    """

    def __init__(self, memory: StormStore) -> None:
        self._memory = memory
        self._past: tuple[Storm, ...] = ()
        self._over: tuple[Storm, ...] = ()
        self._taken: tuple[TrafficSnapshot, tuple[Storm, ...], TrafficSnapshot] | None = None
        """What was taken last, the past then, and what became of it: most often it is taken again."""
        self._news = asyncio.Event()
        self._kept = asyncio.Event()
        self._kept.set()
        self.trouble = ""
        """Why storms are not remembered, in words."""

    async def run(self) -> None:
        """Read what was remembered, then keep what is over, until cancelled."""
        self._past = await self._patiently(lambda: self._memory.load(SHOWN))
        self.trouble = self._memory.trouble or ""
        while True:
            await self._news.wait()
            self._news.clear()
            self.trouble = await self._patiently(lambda: self._memory.save(self._over) or "")
            if self.trouble:
                await asyncio.sleep(AGAIN_S)
                self._news.set()
            elif not self._news.is_set():
                self._kept.set()

    def take(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        """Return the traffic with the remembered storms that it does not tell itself, and keep those that are over."""
        if self._taken is None or self._taken[0] is not traffic or self._taken[1] is not self._past:
            self._taken = traffic, self._past, self._told(traffic)
        return self._taken[2]

    def _told(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        traffic = self._with_known(traffic)
        over = tuple(storm for storm in traffic.storms if storm.outcome is not Outcome.LIVE)
        if over and over != self._over:
            self._over = over
            self._kept.clear()
            self._news.set()
        return self._with_past(traffic)

    async def settled(self) -> None:
        """Wait until all is kept, but not for long."""
        if not self.trouble:
            await wait_for(self._kept, KEEPING_S)

    async def _patiently(self, work: Callable[[], T]) -> T:
        """Return what a look at the file gives; say so where its drive does not answer, and go on waiting."""
        look = SingleFlight(work)
        while (given := await look.take(PATIENCE_S)) is None:
            self.trouble = f"Storms are not remembered: {self._memory.path}: its drive does not answer"
        return given

    def _with_known(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        """Return the traffic with what is remembered of its storms and it does not tell better.

        After a restart the transcripts tell a storm again, but no line of a log that carries no times belongs to it.
        """
        known = same_storms(self._past, traffic.storms)
        storms = tuple(
            merged(self._past[at], storm) if at is not None else storm
            for storm, at in zip(traffic.storms, known, strict=True)
        )
        return traffic if storms == traffic.storms else replace(traffic, storms=storms)

    def _with_past(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        """Return the traffic with the past beside it, newest first."""
        told = set(same_storms(self._past, traffic.storms))
        past = [storm for index, storm in enumerate(self._past) if index not in told]
        if not past:
            return traffic
        storms = sorted((*traffic.storms, *past), key=lambda storm: -storm.started)
        return replace(traffic, storms=tuple(storms[:SHOWN]))
