"""Wait for something that a thread, a task or another process does; a test never sleeps for a fixed time."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
DEADLINE_S = 60.0
"""Long, for a busy machine; a test that passes never waits this long."""
_STEP_S = 0.005


def until(condition: Callable[[], T], why: str | Callable[[], str] = "it did not happen") -> T:
    """Return the first true value of a condition, or fail at the deadline with the reason."""
    end = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        assert time.monotonic() < end, _text(why)
        time.sleep(_STEP_S)
    return value


async def eventually(condition: Callable[[], T], why: str | Callable[[], str] = "it did not happen") -> T:
    """Return the first true value of a condition while the event loop runs, or fail at the deadline."""
    end = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        assert time.monotonic() < end, _text(why)
        await asyncio.sleep(_STEP_S)
    return value


def _text(why: str | Callable[[], str]) -> str:
    return why if isinstance(why, str) else why()
