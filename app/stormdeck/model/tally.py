"""Counts by slice of time, as many slices as are shown."""

from __future__ import annotations

from stormdeck.model.traffic import Bucket


class Tally:
    """Counts in three columns, those of ``Bucket``, for the newest slices."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._slices: dict[int, list[int]] = {}
        self._newest: int | None = None

    def add(self, index: int, column: int, number: int) -> None:
        """Add to a column of a slice; what is older than the slices that are kept is dropped."""
        if self._newest is None or index > self._newest:
            self._newest = index
        oldest = self._newest - self._size
        if index <= oldest:
            return
        self._slices.setdefault(index, [0, 0, 0])[column] += number
        if len(self._slices) > 2 * self._size:
            self._slices = {at: counts for at, counts in self._slices.items() if at > oldest}

    def last(self, index: int, size: int) -> tuple[Bucket, ...]:
        """Return ``size`` slices that end with this one, oldest first."""
        return tuple(Bucket(*self._slices.get(at, (0, 0, 0))) for at in range(index - size + 1, index + 1))
