"""Read what running recorders note: evidence for the meter, and the requests in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stormdeck.model.snapshots.wire import WireSnapshot
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.wire.entries import WireEntries
from stormdeck.model.wire.joined import JoinedAttempts
from stormdeck.model.wire.running import RunningRequests
from stormdeck.sources.io.background import call_in_loop, run_in_thread
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.wire.reader import JournalReader

STEP_S = 0.5
"""Seconds between two reads while a recorder runs; without one, nothing is read until the folder changes."""


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
        self._attempts = JoinedAttempts()
        self._entries = WireEntries()
        self._running = RunningRequests()
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
        # By time: the attempts of a session may stand in several files.
        for journal, line in sorted(await run_in_thread(self._reader.read), key=lambda noted: noted.exchange.noted_at):
            exchange = self._attempts.take(journal, line)
            for entry in self._entries.take(exchange, journal):
                self._meter.take_entry(entry)
            self._running.take(journal, exchange)
        snapshot = self._running.snapshot(self._reader.journals)
        if snapshot != self._last:
            self._last = snapshot
            self._deliver(snapshot)
