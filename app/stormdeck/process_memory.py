"""What the panel keeps of memory that it no longer needs: when Python looks for it, and that it goes back.

What is loaded stays. Looking through it again and again takes a sixth of the time to the first screen, and as much of
what the panel costs later (measured, Python 3.11).
"""

from __future__ import annotations

import gc
from contextlib import suppress

SELDOM = (10_000, 1, 1)
"""New objects before a look at the youngest ones, and such looks before one at those that are older: 700, 10, 10 is
Python's own.

Closed dialogs and rows that were edited are rings of older objects. With 10 and 10 they are found after a million new
objects, which is hours: 1 MiB a minute of work stayed until then (measured, Python 3.11). Python itself puts the look
at the oldest ones off until there are a quarter more of them.
"""
GIVEN_BACK = 128 * 1024
"""Bytes of a piece of memory that is asked of the system by itself and given back at once: glibc's own, at first."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of ``mallopt``, as ``malloc.h`` has them."""
_TOLD = {_ARENA_MAX: 1, _MMAP_THRESHOLD: GIVEN_BACK, _TRIM_THRESHOLD: GIVEN_BACK}


def pause() -> None:
    """Look for none until ``resume``."""
    gc.disable()


def resume() -> None:
    """Look again, at what comes from now on; without ``pause`` before it nothing changes."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(*SELDOM)
        gc.enable()


def enable_trim() -> bool:
    """Let memory go back to the system once it is free; say whether the C library can be told so. glibc can.

    By itself it keeps larger pieces each time that one is freed, and a heap for each thread: 6 MiB after some floods in
    a log (measured, glibc 2.36). To be called before the threads that read start.
    """
    import ctypes

    with suppress(OSError, AttributeError):
        tell = ctypes.CDLL(None).mallopt
        return all(tell(what, value) for what, value in _TOLD.items())
    return False
