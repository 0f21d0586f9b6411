"""Keep the last minute of a number, for a graph."""

from __future__ import annotations

from collections import deque

LENGTH = 60
HELD = 5
"""Intervals that one value may fill: without focus it is read less often."""


class History:
    """The last 60 values, one per interval; longer gaps are ``None``, so that the time axis stays correct."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._values: deque[int | None] = deque(maxlen=LENGTH)
        self._last: float | None = None

    def add(self, now: float, value: int | None) -> tuple[int | None, ...]:
        """Add a value at a monotonic time and return all, oldest first; an early value replaces the last."""
        passed = 1 if self._last is None else round((now - self._last) / self._interval_s)
        if passed < 1:
            self._values[-1] = value
            return tuple(self._values)
        since = value if passed <= HELD and self._values and self._values[-1] is not None else None
        self._values.extend([since] * min(passed - 1, LENGTH))
        self._values.append(value)
        self._last = now
        return tuple(self._values)
