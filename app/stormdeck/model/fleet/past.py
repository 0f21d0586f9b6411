"""Describe the figures of one instance over time, as a Prometheus has them."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.history.figures import Sample
from stormdeck.model.history.ring import HistorySnapshot

FLEET_FIGURES = (
    "requests_per_minute",
    "running",
    "waiting",
    "kv_cache_percent",
    "ttft_p50_s",
    "ttft_p95_s",
    "generation_tokens_per_s",
    "prompt_tokens_per_s",
    "prefix_hit_percent",
)
"""The figures, by their keys in ``model.history.figures``, that a Prometheus has of vLLM."""


@dataclass(frozen=True, slots=True)
class FleetHistory:
    """The samples of one instance; where there is none, Prometheus has none."""

    samples: tuple[Sample, ...] = ()
    """Oldest first, at multiples of the step; figures that were not asked for are ``None``."""
    note: str = ""
    """Why there are none, or why some are missing, in a sentence; empty if nothing is wrong."""
    next_step: str = ""
    """What the user can do about it; empty if nothing."""

    @property
    def snapshot(self) -> HistorySnapshot:
        """Return the samples for ``fit_columns``, which puts each into the column of its time."""
        return HistorySnapshot(steps=self.samples)
