"""Exit on SIGTERM and SIGHUP, with the terminal restored."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

PATIENCE_S = 2.0
"""Seconds to exit in good order; a terminal that accepts no more output would block the program forever."""


def end_on_signals(end: Callable[[int], None]) -> None:
    """Call ``end`` in the running loop on SIGTERM and SIGHUP, with the exit code that shells use: 128 + signal."""
    loop = asyncio.get_running_loop()

    def handle(number: int, _: FrameType | None) -> None:
        if loop.is_closed():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        loop.call_soon_threadsafe(end, 128 + number)
        deadline = threading.Timer(PATIENCE_S, os._exit, (128 + number,))
        deadline.daemon = True
        deadline.start()

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handle)
