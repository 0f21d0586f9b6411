"""Read what running recorders note: evidence for the meter, and the requests in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stormdeck.model.snapshots.wire import WireSnapshot
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.wire.entries import WireEntries
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.request import Kind
from stormdeck.sources.io.background import call_in_loop, run_in_thread
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.wire.reader import JournalReader

STEP_S = 0.5
"""Seconds between two reads while a recorder runs; without one, nothing is read until the folder changes."""
_MOST_IN_FLIGHT = 200


class WireFeed:
    """Follow the journals in a folder. ``deliver`` is called in the event loop."""

    def __init__(
        self, folder: Path, meter: TrafficMeter, deliver: Callable[[WireSnapshot], None], watcher: FileWatcher
    ) -> None:
        self._folder = folder
        self._meter = meter
        self._deliver = deliver
        self._watcher = watcher
        self._reader = JournalReader(folder)
        self._entries = WireEntries()
        self._running: dict[tuple[str, str], Exchange] = {}
        self._last = WireSnapshot()

    async def run(self) -> None:
        """Read until cancelled."""
        changed, loop = asyncio.Event(), asyncio.get_running_loop()
        await run_in_thread(self._watcher.watch, (self._folder,), partial(call_in_loop, loop, changed.set))
        while True:
            changed.clear()
            await self._read()
            if self._reader.journals:
                await asyncio.sleep(STEP_S)
            else:
                await changed.wait()

    async def _read(self) -> None:
        for journal, exchange in await run_in_thread(self._reader.read):
            for entry in self._entries.take(exchange, journal):
                self._meter.take_entry(entry)
            place = journal, exchange.id
            if exchange.is_running and exchange.kind is not Kind.OTHER and len(self._running) < _MOST_IN_FLIGHT:
                self._running[place] = exchange
            else:
                self._running.pop(place, None)
        journals = self._reader.journals
        self._running = {place: one for place, one in self._running.items() if place[0] in journals}
        in_flight = tuple(sorted(self._running.values(), key=lambda one: one.started))
        snapshot = WireSnapshot(len(journals), in_flight)
        if snapshot != self._last:
            self._last = snapshot
            self._deliver(snapshot)
