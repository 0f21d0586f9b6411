"""Leaving when the system says so: told to end, or the terminal gone."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

PATIENCE_S = 2.0
"""For leaving in good order; a terminal that takes no text any more would keep the program for ever."""


def end_on_signals(end: Callable[[int], None]) -> None:
    """Call ``end`` in the running loop at SIGTERM and SIGHUP, with the exit code that a shell expects of it."""
    loop = asyncio.get_running_loop()

    def told(number: int, _: FrameType | None) -> None:
        if loop.is_closed():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        loop.call_soon_threadsafe(end, 128 + number)
        deadline = threading.Timer(PATIENCE_S, os._exit, (128 + number,))
        deadline.daemon = True
        deadline.start()

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told)
