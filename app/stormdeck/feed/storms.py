"""Combine the current storms with those of earlier runs, and save the ones that are over."""

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
"""Timeout for the database, also while another panel writes to it."""
AGAIN_S = 10.0
"""Until storms that could not be saved are tried again."""
KEEPING_S = 0.25
"""How long a write under way may delay quitting."""


class StormFeed:
    """Keep the storms that are over across restarts of the panel; Claude Code itself keeps no record of them.

    The database is read and written in threads: a drive that does not answer, or another panel that writes, delays
    nothing.
    """

    def __init__(self, store: StormStore) -> None:
        self._store = store
        self._past: tuple[Storm, ...] = ()
        self._ended: tuple[Storm, ...] = ()
        self._last: tuple[TrafficSnapshot, tuple[Storm, ...], TrafficSnapshot] | None = None
        """Cache of the last call: the traffic, the past storms, and the result."""
        self._has_ended = asyncio.Event()
        self._saved = asyncio.Event()
        self._saved.set()
        self.problem = ""
        """Why storms are not saved, as text; empty if they are."""

    async def run(self) -> None:
        """Load the saved storms, then save those that end, until cancelled."""
        self._past = await self._run_blocking(lambda: self._store.load(SHOWN))
        self.problem = self._store.problem or ""
        while True:
            await self._has_ended.wait()
            self._has_ended.clear()
            self.problem = await self._run_blocking(lambda: self._store.save(self._ended) or "")
            if self.problem:
                await asyncio.sleep(AGAIN_S)
                self._has_ended.set()
            elif not self._has_ended.is_set():
                self._saved.set()

    def take(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        """Return the traffic with saved storms added, and schedule saving those that are over."""
        if self._last is None or self._last[0] is not traffic or self._last[1] is not self._past:
            self._last = traffic, self._past, self._combined(traffic)
        return self._last[2]

    def _combined(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        traffic = self._with_known(traffic)
        over = tuple(storm for storm in traffic.storms if storm.outcome is not Outcome.LIVE)
        if over and over != self._ended:
            self._ended = over
            self._saved.clear()
            self._has_ended.set()
        return self._with_past(traffic)

    async def wait_saved(self) -> None:
        """Wait until all storms are saved, at most ``KEEPING_S``."""
        if not self.problem:
            await wait_for(self._saved, KEEPING_S)

    async def _run_blocking(self, work: Callable[[], T]) -> T:
        """Return the result of blocking work; set ``problem`` while the drive does not answer."""
        flight = SingleFlight(work)
        while (result := await flight.take(PATIENCE_S)) is None:
            self.problem = f"Storms are not remembered: {self._store.path}: its drive does not answer"
        return result

    def _with_known(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        """Return the traffic with each storm completed by its saved version.

        After a restart the transcripts show a storm again, but log lines without times cannot be assigned to it.
        """
        known = same_storms(self._past, traffic.storms)
        storms = tuple(
            merged(self._past[at], storm) if at is not None else storm
            for storm, at in zip(traffic.storms, known, strict=True)
        )
        return traffic if storms == traffic.storms else replace(traffic, storms=storms)

    def _with_past(self, traffic: TrafficSnapshot) -> TrafficSnapshot:
        """Return the traffic with the past storms added, newest first."""
        shown = set(same_storms(self._past, traffic.storms))
        past = [storm for index, storm in enumerate(self._past) if index not in shown]
        if not past:
            return traffic
        storms = sorted((*traffic.storms, *past), key=lambda storm: -storm.started)
        return replace(traffic, storms=tuple(storms[:SHOWN]))
