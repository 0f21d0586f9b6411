"""When Python looks for garbage in cycles: not while the panel is loaded, and seldom while it runs.

What is loaded stays. Looking through it again and again takes a sixth of the time to the first screen, and as much of
what the panel costs later (measured, Python 3.11).
"""

from __future__ import annotations

import gc

SELDOM = (10_000, 10, 10)
"""New objects before a look at the youngest ones, and such looks before one at those that are older: 700, 10, 10 is
Python's own."""


def hold() -> None:
    """Look for none until ``resume``."""
    gc.disable()


def resume() -> None:
    """Look again, at what comes from now on; without ``hold`` before it nothing changes."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(*SELDOM)
        gc.enable()
