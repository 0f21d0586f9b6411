"""End the client with the recorder: without it, the client's base URL leads nowhere."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> Callable[[], None] | None:
    """Return what the child calls before it starts its program; ``None`` where the system has no such thing.

    Linux sends the signal when the thread that started the child ends, however it ends. On macOS a client whose
    recorder was killed gets connection errors instead.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def call() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    return call
