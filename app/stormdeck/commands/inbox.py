"""Where the threads of a command put what they read, for its main thread to take."""

from __future__ import annotations

import queue
import threading
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 16
PATIENCE_S = 0.2


class Inbox(Generic[T]):
    """A bounded queue: a thread that is faster than the reader waits for it, until the inbox is shut."""

    def __init__(self, most: int = MOST) -> None:
        self._queue: queue.Queue[T] = queue.Queue(most)
        self._shut = threading.Event()

    def put(self, what: T) -> None:
        """Put something in; once the inbox is shut it is dropped."""
        while not self._shut.is_set():
            try:
                self._queue.put(what, timeout=PATIENCE_S)
            except queue.Full:
                continue
            break

    def take(self, patience_s: float) -> list[T]:
        """Return all that is there; wait for the first thing, but no longer than this."""
        there: list[T] = []
        try:
            there.append(self._queue.get(timeout=patience_s))
            while len(there) < MOST:
                there.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return there

    def shut(self) -> None:
        """Let nobody wait any more."""
        self._shut.set()
