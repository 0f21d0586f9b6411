"""Over the last window: how many requests a proxy makes of those that it gets."""

from __future__ import annotations

from collections.abc import Sequence

from stormdeck.model.retries.upstream import BEHIND, COMPLETIONS, FAILURES, LINES, TOLD, Upstream, UpstreamReader
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
        self._completions, self._refused = Tally(size), Tally(size)
        self._has_lines = self._has_behind = self._has_counted = False

    def take(self, at: int, lines: Sequence[str], asked: int) -> None:
        """Take lines of the log nearest to the client; ``asked``: main requests among them, ``at``: the slice."""
        sent = self._reader.read_all(lines)
        counts = (
            (self._asked, asked),
            (self._lines, sent.requests),
            (self._counted, sent.retries),
            (self._completions, sent.completions),
            (self._refused, sent.refused),
        )
        for tally, number in counts:
            if number:
                tally.add(at, 0, number)
        self._has_lines |= sent.requests > 0
        self._has_counted |= sent.retries > 0 or sent.completions > 0

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
            return self._least(asked, at)
        return None

    def _least(self, asked: int, at: int) -> Upstream:
        """Return what was sent at least: a retry that succeeds may leave no line."""
        by_count = asked - self._sum(self._refused, at) + self._sum(self._counted, at) // TOLD
        by_line = self._sum(self._completions, at)
        if by_line > by_count:
            return Upstream(asked, by_line, COMPLETIONS, at_least=True)
        return Upstream(asked, max(0, by_count), FAILURES, at_least=True)

    def _sum(self, tally: Tally, at: int) -> int:
        return sum(one.ok for one in tally.last(at, self._size))
