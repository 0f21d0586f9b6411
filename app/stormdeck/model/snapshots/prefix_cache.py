"""Follow vLLM's prefix cache: its usual hit rate, and since when the rate is far below that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stormdeck.model.snapshots.server import VllmSnapshot

WARM_PERCENT = 50.0
"""A hit rate from which on prompts evidently share their beginning, as a client's turns do."""
COLD_SHARE = 0.5
"""The cache counts as cold below this share of the usual rate."""
STEADY_S = 60.0
"""How long a rate must last, one window: a shorter peak comes from a single answer."""


@dataclass(frozen=True, slots=True)
class PrefixCache:
    """The hit rate of one vLLM's prefix cache over time."""

    usual_percent: float | None = None
    """The highest rate that lasted for a window."""
    usual_version: str | None = None
    """The client's version at that time."""
    warm_since: float | None = None
    cold_since: float | None = None
    """Unix seconds; ``None`` while the rate is as usual, or there are no requests."""
    started: int | None = None
    """When the vLLM process started: after a restart the cache is empty."""

    def updated(self, vllm: VllmSnapshot, client_version: str | None) -> PrefixCache:
        """Return the state after another snapshot."""
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
