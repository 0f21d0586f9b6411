"""Lock a folder, so that one program at a time writes its settings files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE_S = 2.0
"""How long to wait for the lock; a write takes milliseconds."""
_AGAIN_S = 0.005


class BusyError(Exception):
    """Another program holds the lock."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock on a folder's files; raises ``BusyError`` where another program keeps it.

    The folder itself is locked (``flock`` on its descriptor): there is no lock file for git to add, users who share a
    folder share its lock, and the lock ends with its holder, killed or not. A network drive that cannot lock is
    written without a lock: a change by others is still noticed, except between the last check and the rename.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _take(handle)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise BusyError from None
            time.sleep(_AGAIN_S)
        except OSError:
            return
        else:
            return
