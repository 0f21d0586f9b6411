"""The prefix cache over time: what its hit rate used to be, and since when it is far below."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stormdeck.model.snapshots.server import VllmSnapshot

WARM_PERCENT = 50.0
"""A rate that says that prompts share their beginning, as a client's turns do."""
COLD_SHARE = 0.5
"""Of the usual rate; below it the cache counts as cold."""
STEADY_S = 60.0
"""One window: a rate that was high for less was one answer's."""


@dataclass(frozen=True, slots=True)
class PrefixCache:
    """What is remembered of one vLLM's prefix cache. The default: nothing yet."""

    usual_percent: float | None = None
    """The highest rate that held for a window."""
    usual_version: str | None = None
    """The client's version at that time."""
    warm_since: float | None = None
    cold_since: float | None = None
    """Unix seconds; ``None`` while it is as usual, or nothing is asked."""
    started: int | None = None
    """Of the process that this is about: a restarted vLLM begins with an empty cache."""

    def then(self, vllm: VllmSnapshot, client_version: str | None) -> PrefixCache:
        """Return the memory after one more look."""
        if vllm.started != self.started and vllm.started is not None:
            return PrefixCache(started=vllm.started)
        rate = vllm.engine.prefix_hit_percent if vllm.engine is not None else None
        if rate is None:
            return self
        usual = self.usual_percent
        if usual is not None and rate < usual * COLD_SHARE:
            return replace(self, warm_since=None, cold_since=self.cold_since or vllm.seen)
        if rate < WARM_PERCENT:
            return replace(self, warm_since=None, cold_since=None)
        warm = self.warm_since or vllm.seen
        if vllm.seen - warm < STEADY_S:
            return replace(self, warm_since=warm, cold_since=None)
        if usual is not None and rate <= usual:
            return replace(self, warm_since=warm, cold_since=None)
        return replace(self, warm_since=warm, cold_since=None, usual_percent=rate, usual_version=client_version)
