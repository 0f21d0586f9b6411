"""Stop a regular expression that takes too long, such as ``(a+)+$`` on a long line of a's."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooSlowError(Exception):
    """The time was used up."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise ``TooSlowError`` in a block that uses more than so much processor time.

    Python's matcher asks for signals every few thousand steps, so that a signal ends it; a thread could not, since the
    matcher keeps the interpreter to itself. Processor time, so that a busy machine ends no harmless pattern. Without
    effect outside of the main thread, where the panel runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    armed = True

    def stop(number: int, frame: FrameType | None) -> None:
        if armed:
            raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
