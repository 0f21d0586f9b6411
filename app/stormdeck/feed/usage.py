"""Count today's usage every minute, and more rarely where reading it takes long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from stormdeck.model.usage.today import UsageSnapshot
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.usage import UsageReader

FIRST_S = 5.0
"""Seconds after the start: first the panel shows what is wrong now."""
STEP_S = 60.0
SHARE = 100
"""Reading takes at most this fraction of the time."""


class UsageFeed:
    """Deliver today's usage when it changes."""

    def __init__(
        self,
        reader: UsageReader,
        deliver: Callable[[UsageSnapshot], None],
        clock: Callable[[], float] = time.time,
        first_s: float = FIRST_S,
    ) -> None:
        self._reader = reader
        self._deliver = deliver
        self._clock = clock
        self._first_s = first_s

    async def run(self) -> None:
        """Read until cancelled."""
        await asyncio.sleep(self._first_s)
        last = UsageSnapshot()
        while True:
            begun = time.monotonic()
            now = await run_in_thread(self._reader.read, self._clock())
            if now != last:
                last = now
                self._deliver(now)
            await asyncio.sleep(max(STEP_S, SHARE * (time.monotonic() - begun)))
