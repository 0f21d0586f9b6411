"""One writer at a time for the settings files of a folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE_S = 2.0
"""A write takes milliseconds."""
_AGAIN_S = 0.005


class BusyError(Exception):
    """Another program holds the lock."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock on the files of a folder; raises ``BusyError`` where another program keeps it.

    The folder itself is locked (``flock`` on its descriptor). So nothing lies beside the file that git would add,
    users who share a folder share its lock, which files in their own state folders would not give them, and the
    lock ends with its holder, killed or not. A network drive that cannot lock a folder is written without: a change
    from outside is noticed all the same, but for the instant between the last look and the rename.
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
