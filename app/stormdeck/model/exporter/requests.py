"""Count attempts, turns and retries over the life of the program, from snapshots of the last window."""

from __future__ import annotations

from math import floor

from stormdeck.model.snapshots.traffic import Bucket, TrafficSnapshot


class RequestTotals:
    """Totals that never fall, though a snapshot may correct the slices of its window.

    >>> totals = RequestTotals()
    >>> one = TrafficSnapshot((Bucket(2, 0, 1),), 15, 3, 2, 1, 3.0, 2.0, 1.0, newest_slice=7)
    >>> totals.take(one)
    >>> totals.attempts, totals.turns, totals.retries
    (3, 2, 1)
    """

    def __init__(self, since: float | None = None) -> None:
        """Count the slices from ``since`` (unix seconds) on: what was before, an earlier run may have counted."""
        self.attempts = 0
        self.turns = 0
        self.retries = 0
        self._since = since
        self._slices: dict[int, Bucket] = {}
        """The newest counts of each slice that may still change."""
        self._left_attempts = self._left_retries = 0
        """The counts of slices that left the window."""
        self._resets: int | None = None

    def take(self, traffic: TrafficSnapshot) -> None:
        """Take the next snapshot."""
        if self._resets is not None and traffic.clock_resets != self._resets:
            # The meter began anew: its slices now are other ones, whatever their numbers.
            self._leave(list(self._slices))
            self._since = None
        self._resets = traffic.clock_resets
        first = traffic.newest_slice - len(traffic.buckets) + 1
        self._leave([at for at in self._slices if at < first])
        begin = first if self._since is None else max(first, floor(self._since / traffic.bucket_s))
        for at in range(begin, traffic.newest_slice + 1):
            self._slices[at] = traffic.buckets[at - first]
        retries = self._left_retries + sum(one.retry for one in self._slices.values())
        attempts = self._left_attempts + sum(map(sum, self._slices.values()))
        self.attempts = max(self.attempts, attempts)
        self.turns = max(self.turns, attempts - retries)
        self.retries = max(self.retries, retries)

    def _leave(self, slices: list[int]) -> None:
        """Add slices to the counts that no longer change."""
        for at in slices:
            gone = self._slices.pop(at)
            self._left_attempts += sum(gone)
            self._left_retries += gone.retry
