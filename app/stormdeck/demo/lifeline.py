"""How the demo's processes end: with the panel that started them, whatever became of it."""

from __future__ import annotations

import os
import threading


def tie_to_parent() -> None:
    """End this process as soon as its standard input ends.

    The panel holds the only writing end of that pipe, so a crash or SIGKILL of the panel ends it too.
    """
    threading.Thread(target=_exit_at_end_of_input, daemon=True).start()


def wait_for_parent() -> None:
    """Return when the standard input ends."""
    while os.read(0, 4096):
        pass


def _exit_at_end_of_input() -> None:
    wait_for_parent()
    os._exit(0)
