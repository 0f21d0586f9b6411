"""Waiting that ends early when there is news."""

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
