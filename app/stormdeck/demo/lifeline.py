"""End the demo's child processes when the panel exits, even by SIGKILL."""

from __future__ import annotations

import os
import threading


def tie_to_parent() -> None:
    """End this process when its standard input ends.

    Only the panel has the writing end of that pipe open, so a crash or SIGKILL of the panel closes it as well.
    """
    threading.Thread(target=_exit_at_end_of_input, daemon=True).start()


def wait_for_parent() -> None:
    """Return when the standard input ends."""
    while os.read(0, 4096):
        pass


def _exit_at_end_of_input() -> None:
    wait_for_parent()
    os._exit(0)
