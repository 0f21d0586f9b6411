"""Asks one source again and again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event at most some seconds; say whether it came.

    ``asyncio.wait_for`` of Python 3.11 swallows a cancellation that meets the event, and a task that is cancelled
    on quit would then wait on.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def woken_on_the_second(event: asyncio.Event, seconds: float) -> bool:
    """Wait as ``wait_for`` does; whole seconds end when the loop's clock begins one, fractions as they are."""
    return await wait_for(event, on_the_second(seconds))


def on_the_second(seconds: float) -> float:
    """Return how long to wait until the beginning of a second, a number of whole seconds from that of this one.

    Work that is done each second is done at one waking so, and is painted once.
    """
    return seconds if seconds % 1 else seconds - asyncio.get_running_loop().time() % 1


S = TypeVar("S")

BACK_OFF = 1.6
LONGEST = 3.0
"""How many intervals a failing source is left alone at most: a user waits for its return."""
SLOW = 5.0
"""How many intervals lie between two polls while nobody looks."""
QUIET_AFTER = 5
QUIET = 3.0
"""How many intervals lie between two polls once that many in a row brought nothing new; a request ends it."""


class Poller(Generic[S]):
    """One poll at a time, never two at once; failing sources are asked less often, with jitter."""

    def __init__(
        self,
        poll: Callable[[], Awaitable[S]],
        hand: Callable[[S], None],
        well: Callable[[S], bool],
        interval_s: float,
        wait: Callable[[asyncio.Event, float], Awaitable[bool]] = woken_on_the_second,
    ) -> None:
        self._wait = wait
        self._poll = poll
        self._hand = hand
        self._well = well
        self._interval_s = interval_s
        self._last: S | None = None
        self._wake = asyncio.Event()
        self._quiet = False
        self.slow = False

    def poke(self) -> None:
        """Ask now instead of later."""
        self._wake.set()

    def end_quiet(self) -> None:
        """Ask now, where it is waited longer since nothing happened."""
        if self._quiet:
            self._wake.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        patience, same = 1.0, 0
        while True:
            snapshot = await self._poll()
            same += 1
            if snapshot != self._last:
                self._last, same = snapshot, 0
                self._hand(snapshot)
            patience = 1.0 if self._well(snapshot) else min(LONGEST, patience * BACK_OFF)
            jitter = random.uniform(0.9, 1.1) if patience > 1 else 1.0  # noqa: S311 - spreads polls, guards nothing
            self._quiet = same >= QUIET_AFTER and not self.slow
            pace = SLOW if self.slow else QUIET if self._quiet else 1.0
            wait = self._interval_s * max(patience * jitter, pace)
            self._wake.clear()
            if await self._wait(self._wake, wait):
                same = 0
