"""Watches for clients that end in the middle of a turn: their transcripts do not say so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.client.running import client_folders
from stormdeck.sources.io.background import run_in_thread

LOOK_S = 3.0
"""Between two looks while a turn is under way; none is taken at other times."""


class ClientWatch:
    """Ends the turns of a folder once the last client that was seen there is gone.

    A client that was never seen, as on another machine or in a container, is not said to have ended.
    """

    def __init__(self, meter: TrafficMeter, look: Callable[[], frozenset[str]] = client_folders) -> None:
        self._meter = meter
        self._look = look
        self._seen: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            # What was seen before says nothing once no turn is under way.
            if self._meter.turns_wait:
                self.take(await run_in_thread(self._look))
            else:
                self._seen = frozenset()

    def take(self, running: frozenset[str]) -> None:
        """Take the folders that clients run in now."""
        for folder in self._seen - running:
            self._meter.end_client(folder)
        self._seen = running
