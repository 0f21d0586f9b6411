"""Waiting that ends early when there is news, and on the second: a process that wakes up once does all it has to."""

from __future__ import annotations

import asyncio


async def woken(event: asyncio.Event, seconds: float) -> bool:
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
    """Wait as ``woken`` does; so many whole seconds end when the loop's clock begins one, broken ones as they are."""
    return await woken(event, on_the_second(seconds))


def on_the_second(seconds: float) -> float:
    """Return how long to wait until the beginning of a second, a number of whole seconds from that of this one.

    Work that is done each second is done at one waking so, and is painted once.
    """
    return seconds if seconds % 1 else seconds - asyncio.get_running_loop().time() % 1
