"""Count how many requests a turn becomes on its way: the client's requests, and a proxy's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.traffic.counters import TimeBuckets
from stormdeck.model.traffic.upstream import (
    BEHIND,
    COMPLETIONS,
    FAILURES,
    LINES,
    TIMES_LOGGED,
    Upstream,
    UpstreamReader,
)
from stormdeck.model.units import plural


@dataclass(frozen=True, slots=True)
class Amplification:
    """How many requests the turns became, hop by hop. ``None``: unknown."""

    turns: int
    requests: int
    """Requests from the client to the proxy, or to vLLM if there is no proxy."""
    upstream: int | None
    """Requests from the proxy to vLLM, including those that did not reach it."""
    asked: int | None = None
    """How many of ``requests`` led to ``upstream``, if not all: lines from before the start have no time."""
    evidence: str = ""
    """The evidence for ``upstream``, in words."""
    at_least: bool = False
    """``upstream`` is a lower bound: retries that succeed are not logged."""
    moved: bool = False
    """The path changed in this time, so that the requests are those of more than one hop."""

    @property
    def words(self) -> str:
        """Return a sentence: ``Claude Code shows 4 turns, the proxy answered 23 requests, vLLM saw 69``."""
        shown = f"Claude Code shows {plural(self.turns, 'turn')}"
        if self.moved:
            return f"{shown} and {plural(self.requests, 'request')}, while the path changed{self._part}"
        if self.upstream is None:
            return f"{shown}, the server answered {plural(self.requests, 'request')}"
        answered = f"{shown}, the proxy answered {plural(self.requests, 'request')}"
        if self.evidence == BEHIND:
            return f"{answered}, vLLM saw {self.upstream}"
        # A proxy logs its own requests even if nothing listens behind it.
        return f"{answered}, it asked vLLM {plural(self.upstream, 'time')}{' or more' if self.at_least else ''}"

    @property
    def _part(self) -> str:
        """Return what is known about the proxy that is on the path now, in the time since then."""
        if self.upstream is None or self.asked is None:
            return ""
        seen = "vLLM saw" if self.evidence == BEHIND else "it asked vLLM"
        more = " or more" if self.at_least else ""
        return f"; this proxy answered {self.asked}, {seen} {self.upstream}{more}"


def amplification(traffic: TrafficSnapshot) -> Amplification:
    """Return how many requests the turns of the window became."""
    hop = traffic.upstream
    if hop is None:
        return Amplification(traffic.turns, traffic.requests, None, moved=bool(traffic.changes))
    moved = bool(traffic.changes)
    return Amplification(traffic.turns, traffic.requests, hop.sent, hop.asked, hop.evidence, hop.at_least, moved)


class HopCount:
    """Counts a proxy's requests to the server behind it, from the logs of both.

    Lines from before it ran are counted where their source knows when they were written.
    """

    def __init__(self, size: int) -> None:
        """Keep the counts of this many slices of time."""
        self._size = size
        self._reader = UpstreamReader()
        self._asked = TimeBuckets(size)
        self._lines, self._behind, self._counted = TimeBuckets(size), TimeBuckets(size), TimeBuckets(size)
        self._completions, self._refused = TimeBuckets(size), TimeBuckets(size)
        self._has_lines = self._has_behind = self._has_counted = False

    def take(self, at: int, lines: Sequence[str], asked: int) -> None:
        """Count lines of the log nearest to the client. ``asked``: how many are main requests; ``at``: the slice."""
        sent = self._reader.read_all(lines)
        counts = (
            (self._asked, asked),
            (self._lines, sent.requests),
            (self._counted, sent.retries),
            (self._completions, sent.completions),
            (self._refused, sent.refused),
        )
        for counter, number in counts:
            if number:
                counter.add(at, 0, number)
        self._has_lines |= sent.requests > 0
        self._has_counted |= sent.retries > 0 or sent.completions > 0

    def take_behind(self, at: int, asked: int) -> None:
        """Count requests for tokens in the log of the server behind the proxy."""
        if asked:
            self._behind.add(at, 0, asked)
            self._has_behind = True

    def last(self, at: int) -> Upstream | None:
        """Return the counts of the window up to this slice, by the best evidence; ``None`` if there is none."""
        asked = self._sum(self._asked, at)
        if self._has_lines:
            return Upstream(asked, self._sum(self._lines, at), LINES)
        if self._has_behind:
            return Upstream(asked, self._sum(self._behind, at), BEHIND)
        if self._has_counted:
            return self._least(asked, at)
        return None

    def _least(self, asked: int, at: int) -> Upstream:
        """Return a lower bound, since a retry that succeeds may leave no line."""
        by_count = asked - self._sum(self._refused, at) + self._sum(self._counted, at) // TIMES_LOGGED
        by_line = self._sum(self._completions, at)
        if by_line > by_count:
            return Upstream(asked, by_line, COMPLETIONS, at_least=True)
        return Upstream(asked, max(0, by_count), FAILURES, at_least=True)

    def _sum(self, counter: TimeBuckets, at: int) -> int:
        return counter.total(at, self._size, 0)
