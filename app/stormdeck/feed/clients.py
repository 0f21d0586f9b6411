"""Detect clients that exit in the middle of a turn, which their transcripts do not record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.client.running import client_folders
from stormdeck.sources.io.background import run_in_thread

SCAN_S = 3.0
"""Between two scans of the process table while a turn is under way; there are none at other times."""


class ClientWatch:
    """End the turns of a folder once the last client seen there has exited.

    A client that was never seen, for example in a container or on another machine, is never reported as ended.
    """

    def __init__(self, meter: TrafficMeter, scan: Callable[[], frozenset[str]] = client_folders) -> None:
        self._meter = meter
        self._scan = scan
        self._seen: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Scan until cancelled."""
        while True:
            await asyncio.sleep(SCAN_S)
            # An older scan must not be compared with one of a later turn.
            if self._meter.turns_wait:
                self.take(await run_in_thread(self._scan))
            else:
                self._seen = frozenset()

    def take(self, running: frozenset[str]) -> None:
        """Process the folders that clients run in now."""
        for folder in self._seen - running:
            self._meter.end_client(folder)
        self._seen = running
