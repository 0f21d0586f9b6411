"""Publish a running panel's status in one small file, which is removed when the panel ends."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from stormdeck import __version__
from stormdeck.sources.io.atomic_write import atomic_write, tag_of_temporary
from stormdeck.sources.state.panel_status import is_left_behind, panel_name

_CLOSE_S = 1.0
"""How long ``close`` waits for a file system that does not answer."""
_OLD_TEMPORARY = ".new"
"""The ending of temporary files of 0.1.0."""


class Publication:
    """The status file of one panel. No call raises: where it cannot be written, ``stormdeck status`` asks itself.

    The calls block, so run them in a thread; ``close`` may be called from any thread.
    """

    def __init__(self, folder: Path, pid: int | None = None, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._path = folder / panel_name(os.getpid() if pid is None else pid)
        self._clock = clock
        self._started = clock()
        self._closed = False
        self._lock = threading.Lock()

    def write(self, status: dict[str, object]) -> bool:
        """Replace what is published; return whether that worked."""
        entry = {"stormdeck": __version__, "started": self._started, **status}
        with self._lock:
            return not self._closed and self._replace(json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace"))

    def touch(self) -> bool:
        """Update the file's time, which shows that the panel is alive; return whether there is a file."""
        now = self._clock()
        with self._lock, contextlib.suppress(OSError):
            os.utime(self._path, (now, now))
            return True
        return False

    def close(self) -> None:
        """Remove the file; later calls write nothing."""
        if not self._lock.acquire(timeout=_CLOSE_S):
            return
        try:
            self._closed = True
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def clear(self) -> None:
        """Remove the files of panels that were killed on this machine."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if is_left_behind(tag_of_temporary(path.name) or path.name.removesuffix(_OLD_TEMPORARY)):
                    path.unlink(missing_ok=True)

    def _replace(self, data: bytes) -> bool:
        try:
            atomic_write(self._path, data, durable=False)
            now = self._clock()
            os.utime(self._path, (now, now))
        except OSError:
            return False
        return True
