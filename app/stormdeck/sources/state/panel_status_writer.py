"""How a running panel publishes what it says: one small file, replaced at once, removed when the panel ends."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from stormdeck import __version__
from stormdeck.sources.io.folders import make_private
from stormdeck.sources.state.panel_status import is_left_behind, panel_name

_CLOSE_S = 1.0
"""For a file system that does not answer; the panel ends without it."""


class Publication:
    """The file of one panel. No call raises: where it cannot be written, nobody is answered and nothing else is lost.

    The calls block and belong into a thread; ``close`` may be called from any.
    """

    def __init__(self, folder: Path, pid: int | None = None, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._path = folder / panel_name(os.getpid() if pid is None else pid)
        self._clock = clock
        self._started = clock()
        self._closed = False
        self._lock = threading.Lock()

    def write(self, told: dict[str, object]) -> bool:
        """Replace what is published; say whether it is."""
        whole = {"stormdeck": __version__, "started": self._started, **told}
        with self._lock:
            return not self._closed and self._replace(json.dumps(whole, ensure_ascii=False).encode("utf-8", "replace"))

    def touch(self) -> bool:
        """Give a sign of life; say whether there is anything to give it with."""
        now = self._clock()
        with self._lock, contextlib.suppress(OSError):
            os.utime(self._path, (now, now))
            return True
        return False

    def close(self) -> None:
        """Take back what was published; later calls write nothing."""
        if not self._lock.acquire(timeout=_CLOSE_S):
            return
        try:
            self._closed = True
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def clear(self) -> None:
        """Remove what panels left behind that were killed on this machine."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if is_left_behind(path.name.removesuffix(_TEMPORARY)):
                    path.unlink(missing_ok=True)

    def _replace(self, data: bytes) -> bool:
        temporary = self._path.with_name(self._path.name + _TEMPORARY)
        try:
            make_private(self._folder)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            now = self._clock()
            os.utime(temporary, (now, now))
            temporary.replace(self._path)
        except OSError:
            return False
        return True


_TEMPORARY = ".new"
