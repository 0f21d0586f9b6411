"""Tune garbage collection and malloc for a long-running panel.

Imported modules are never garbage. Scanning them again and again takes a sixth of the time to the first screen, and of
the CPU that the panel uses later (measured, Python 3.11).
"""

from __future__ import annotations

import gc
from contextlib import suppress

THRESHOLDS = (10_000, 1, 1)
"""Thresholds for ``gc.set_threshold``; Python's defaults are 700, 10, 10.

Closed dialogs and edited rows are cycles of older objects. With 10 and 10 they are collected after a million new
objects, which takes hours: until then memory grew by 1 MiB a minute of use (measured, Python 3.11). Python itself
delays a collection of the oldest generation until it has grown by a quarter.
"""
MMAP_BYTES = 128 * 1024
"""Size from which malloc uses mmap and returns memory at once: glibc's initial value, which it otherwise raises."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of ``mallopt``, from ``malloc.h``."""
_PARAMETERS = {_ARENA_MAX: 1, _MMAP_THRESHOLD: MMAP_BYTES, _TRIM_THRESHOLD: MMAP_BYTES}


def pause() -> None:
    """Disable garbage collection until ``resume()`` is called."""
    gc.disable()


def resume() -> None:
    """Enable garbage collection for objects created from now on; does nothing unless it was paused."""
    if not gc.isenabled():
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        gc.enable()


def enable_trim() -> bool:
    """Make malloc return freed memory to the system; return whether the C library supports it, as glibc does.

    By default glibc raises its mmap threshold and keeps a heap for each thread: 6 MiB after some floods in a log
    (measured, glibc 2.36). Call it before any thread starts.
    """
    import ctypes

    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        return all(mallopt(parameter, value) for parameter, value in _PARAMETERS.items())
    return False
