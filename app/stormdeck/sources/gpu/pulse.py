"""A thread that does one thing again and again and can be stopped at once."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Pulse:
    """Calls ``step`` in a daemon thread, each time waiting for as many seconds as it returned.

    ``stop`` returns at once, also while ``step`` is blocked in a C call; such a thread dies with the process.
    ``finish`` runs in the thread after the last step. A stopped pulse does not start again.
    """

    def __init__(self, name: str, step: Callable[[], float], finish: Callable[[], None] | None = None) -> None:
        self._step = step
        self._finish = finish
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def stopped(self) -> bool:
        """Return whether the end was asked for."""
        return self._stopped

    @property
    def alive(self) -> bool:
        """Return whether the thread still runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Take the first step now; starting twice is starting once."""
        if self._thread.ident is None and not self._stopped:
            self._thread.start()

    def stop(self) -> None:
        """End without waiting for the thread."""
        self._stopped = True
        self._wake.set()

    def hasten(self) -> None:
        """Take the next step at once."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait(self._step())
            self._wake.clear()
        if self._finish is not None:
            self._finish()
