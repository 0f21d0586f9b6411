"""Poll a source at intervals that adapt to failures, focus and quiet times."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event and return whether it was set within ``seconds``.

    ``asyncio.wait_for`` of Python 3.11 swallows a cancellation that coincides with the event, so a task cancelled on
    quit would go on waiting.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def wait_aligned(event: asyncio.Event, seconds: float) -> bool:
    """Wait like ``wait_for``, with a timeout aligned by ``align_to_second``."""
    return await wait_for(event, align_to_second(seconds))


def align_to_second(seconds: float) -> float:
    """Shorten a wait of whole seconds so that it ends when the loop's clock begins a second.

    All work that is done once a second then shares one wake-up and one paint. Fractions are returned unchanged.
    """
    return seconds if seconds % 1 else seconds - asyncio.get_running_loop().time() % 1


S = TypeVar("S")

BACK_OFF = 1.6
LONGEST = 3.0
"""Longest back-off, in intervals: a user waits for the server's return."""
SLOW = 5.0
"""Intervals between two polls while the terminal has no focus."""
QUIET_AFTER = 5
QUIET = 3.0
"""Intervals between two polls after ``QUIET_AFTER`` polls without a change; a request ends this."""


class Poller(Generic[S]):
    """Poll one source, never twice at once. Failing sources are polled less often, with jitter."""

    def __init__(
        self,
        poll: Callable[[], Awaitable[S]],
        deliver: Callable[[S], None],
        is_well: Callable[[S], bool],
        interval_s: float,
        wait: Callable[[asyncio.Event, float], Awaitable[bool]] = wait_aligned,
    ) -> None:
        self._wait = wait
        self._poll = poll
        self._deliver = deliver
        self._is_well = is_well
        self._interval_s = interval_s
        self._last: S | None = None
        self._wake = asyncio.Event()
        self._quiet = False
        self.slow = False

    def poke(self) -> None:
        """Poll now."""
        self._wake.set()

    def set_interval(self, seconds: float) -> None:
        """Poll now, and then at another interval."""
        self._interval_s = seconds
        self.poke()

    def end_quiet(self) -> None:
        """Poll now if the interval is longer because nothing changed lately."""
        if self._quiet:
            self._wake.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        backoff, unchanged = 1.0, 0
        while True:
            snapshot = await self._poll()
            unchanged += 1
            if snapshot != self._last:
                self._last, unchanged = snapshot, 0
                self._deliver(snapshot)
            backoff = 1.0 if self._is_well(snapshot) else min(LONGEST, backoff * BACK_OFF)
            jitter = random.uniform(0.9, 1.1) if backoff > 1 else 1.0  # noqa: S311 - spreads polls, guards nothing
            self._quiet = unchanged >= QUIET_AFTER and not self.slow
            intervals = SLOW if self.slow else QUIET if self._quiet else 1.0
            wait = self._interval_s * max(backoff * jitter, intervals)
            self._wake.clear()
            if await self._wait(self._wake, wait):
                unchanged = 0
