"""What becomes of the turns on their way: requests of the client, and requests of a proxy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.traffic.counters import TimeBuckets
from stormdeck.model.traffic.upstream import BEHIND, COMPLETIONS, FAILURES, LINES, TOLD, Upstream, UpstreamReader
from stormdeck.model.units import plural


@dataclass(frozen=True, slots=True)
class Amplification:
    """How many requests one turn became, hop by hop. ``None``: nothing tells."""

    turns: int
    requests: int
    """From the client to the proxy, or to vLLM where there is none."""
    upstream: int | None
    """From the proxy to vLLM, also those that did not reach it."""
    asked: int | None = None
    """Those of ``requests`` that ``upstream`` came of, where these are fewer: what the log held before has no time."""
    evidence: str = ""
    """What tells of the requests upstream, in words."""
    at_least: bool = False
    """There may be more upstream: retries that succeed are not told."""
    moved: bool = False
    """The path changed meanwhile: the requests are those of more than one hop."""

    @property
    def by_client(self) -> float | None:
        """Return requests per turn."""
        return self.requests / self.turns if self.turns else None

    @property
    def by_proxy(self) -> float | None:
        """Return the proxy's requests to vLLM per request of the client."""
        asked = self.requests if self.asked is None else self.asked
        return self.upstream / asked if self.upstream is not None and asked else None

    @property
    def words(self) -> str:
        """Return it as a sentence: ``Claude Code shows 4 turns, the proxy answered 23 requests, vLLM saw 69``."""
        shown = f"Claude Code shows {plural(self.turns, 'turn')}"
        if self.moved:
            return f"{shown} and {plural(self.requests, 'request')}, while the path changed{self._part}"
        if self.upstream is None:
            return f"{shown}, the server answered {plural(self.requests, 'request')}"
        answered = f"{shown}, the proxy answered {plural(self.requests, 'request')}"
        if self.evidence == BEHIND:
            return f"{answered}, vLLM saw {self.upstream}"
        # What a proxy tells of itself holds also where nothing listens behind it.
        return f"{answered}, it asked vLLM {plural(self.upstream, 'time')}{' or more' if self.at_least else ''}"

    @property
    def _part(self) -> str:
        """Return what is known of the proxy that is on the path now, while it was there."""
        if self.upstream is None or self.asked is None:
            return ""
        seen = "vLLM saw" if self.evidence == BEHIND else "it asked vLLM"
        more = " or more" if self.at_least else ""
        return f"; this proxy answered {self.asked}, {seen} {self.upstream}{more}"


def amplification(traffic: TrafficSnapshot) -> Amplification:
    """Return how many requests the turns of the window became on their way."""
    hop = traffic.upstream
    if hop is None:
        return Amplification(traffic.turns, traffic.requests, None, moved=bool(traffic.changes))
    moved = bool(traffic.changes)
    return Amplification(traffic.turns, traffic.requests, hop.sent, hop.asked, hop.evidence, hop.at_least, moved)


class HopCount:
    """Counts what the log nearest to the client, and the one behind it, tell of the hop between them.

    Only lines that come while it watches count: most of them have no time of their own.
    """

    def __init__(self, size: int) -> None:
        """Keep this many slices of time."""
        self._size = size
        self._reader = UpstreamReader()
        self._asked = TimeBuckets(size)
        self._lines, self._behind, self._counted = TimeBuckets(size), TimeBuckets(size), TimeBuckets(size)
        self._completions, self._refused = TimeBuckets(size), TimeBuckets(size)
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

    def _sum(self, tally: TimeBuckets, at: int) -> int:
        return sum(one.ok for one in tally.last(at, self._size))
