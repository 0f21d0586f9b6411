"""Over the last window: how many requests a proxy makes of those that it gets."""

from __future__ import annotations

from collections.abc import Sequence

from stormdeck.model.retries.upstream import BEHIND, FAILURES, LINES, TOLD, Upstream, UpstreamReader
from stormdeck.model.tally import Tally


class HopCount:
    """Counts what the log nearest to the client, and the one behind it, tell of the hop between them.

    Only lines that come while it watches count: most of them have no time of their own.
    """

    def __init__(self, size: int) -> None:
        """Keep this many slices of time."""
        self._size = size
        self._reader = UpstreamReader()
        self._asked = Tally(size)
        self._lines, self._behind, self._counted = Tally(size), Tally(size), Tally(size)
        self._has_lines = self._has_behind = self._has_counted = False

    def take(self, at: int, lines: Sequence[str], asked: int) -> None:
        """Take lines of the log nearest to the client; ``asked``: main requests among them, ``at``: the slice."""
        requests, retries = self._reader.read_all(lines)
        for tally, number in ((self._asked, asked), (self._lines, requests), (self._counted, retries)):
            if number:
                tally.add(at, 0, number)
        self._has_lines |= requests > 0
        self._has_counted |= retries > 0

    def take_behind(self, at: int, asked: int) -> None:
        """Take how many requests for tokens the log behind shows."""
        if asked:
            self._behind.add(at, 0, asked)
            self._has_behind = True

    def last(self, at: int) -> Upstream | None:
        """Return the window that ends with this slice, by the best evidence there is; ``None`` without any."""
        asked = self._sum(self._asked, at)
        if self._has_lines:
            return Upstream(asked, self._sum(self._lines, at), LINES)
        if self._has_behind:
            return Upstream(asked, self._sum(self._behind, at), BEHIND)
        if self._has_counted:
            return Upstream(asked, asked + self._sum(self._counted, at) // TOLD, FAILURES, at_least=True)
        return None

    def _sum(self, tally: Tally, at: int) -> int:
        return sum(one.ok for one in tally.last(at, self._size))
