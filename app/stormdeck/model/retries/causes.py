"""The error texts of a burst: which of them is its cause."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

REMEMBERED = 512
BESIDE = 1.0
"""Seconds by which an error record and the access line of the same request may lie apart."""
AHEAD = 10.0
"""Seconds that a server behind a proxy may fail before the proxy answers: its own retries take 4 to 5 s (measured)."""


class ErrorText(NamedTuple):
    """What an error record says, in a few words."""

    t: float | None
    """``None`` where only its order is known."""
    text: str
    is_cooldown: bool
    """A proxy refused by itself, as a consequence of an error before."""
    from_server: bool = False
    """The inference server's own answer or record, which a proxy may have passed on."""
    served: str = ""
    """The ids that it names as served."""


class Causes:
    """The last error texts of all logs."""

    def __init__(self) -> None:
        self._errors: deque[tuple[float, ErrorText]] = deque(maxlen=REMEMBERED)
        self._untimed: ErrorText | None = None
        self._failed_behind: deque[float] = deque(maxlen=REMEMBERED)
        """When the server behind the proxy answered with a server error, by its own log."""

    def add(self, error: ErrorText) -> None:
        """Remember an error."""
        if error.t is not None:
            self._errors.append((error.t, error))
        elif not error.is_cooldown or self._untimed is None:
            self._untimed = error

    def note_behind(self, t: float) -> None:
        """Remember that the server behind the proxy answered with a server error."""
        self._failed_behind.append(t)

    def from_server(self, started: float | None, last: float | None) -> bool:
        """Return whether the inference server itself answered with the error of a burst."""
        if started is None or last is None:
            return self._untimed is not None and self._untimed.from_server
        first, end = started - AHEAD, last + BESIDE
        told = any(error.from_server and first <= t <= end for t, error in self._errors)
        return told or any(first <= t <= end for t in self._failed_behind)

    def of(self, started: float | None, last: float | None) -> ErrorText | None:
        """Return the first error of a burst; without times the latest.

        A cooldown is a consequence of the error before it, and the cause only where nothing else is known.
        """
        if started is None or last is None:
            return self._untimed
        near = [(t, error) for t, error in self._errors if started - AHEAD <= t <= last + BESIDE]
        real = [(t, error) for t, error in near if not error.is_cooldown]
        beside = [(t, error) for t, error in real if t >= started - BESIDE]
        if beside:
            return min(beside)[1]
        if real:
            return max(real)[1]
        return near[0][1] if near else None
