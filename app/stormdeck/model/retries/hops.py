"""What becomes of the turns on their way: requests of the client, and requests of a proxy."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.retries.upstream import BEHIND
from stormdeck.model.traffic import TrafficSnapshot
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
