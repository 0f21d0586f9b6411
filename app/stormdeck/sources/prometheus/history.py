"""Ask for the figures of one instance over time, by range queries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from stormdeck.model.fleet.past import FLEET_FIGURES, FleetHistory
from stormdeck.model.fleet.queries import INSIDE, LEAST_SCRAPES, exact
from stormdeck.model.fleet.series import Result
from stormdeck.model.history.figures import DIGITS, PLACES, UNKNOWN, Sample
from stormdeck.model.urls import place
from stormdeck.sources.prometheus.source import PrometheusSource
from stormdeck.sources.prometheus.troubles import Trouble

MOST_SAMPLES = 1000
LEAST_STEP_S = 5
"""The shortest step: that of the history of this machine."""
_WITHOUT = f"without ({', '.join(INSIDE)})"
Labels = Iterable[tuple[str, str]]


async def history(
    source: PrometheusSource, key: str, figure: str, since: float, until: float, step: float
) -> FleetHistory:
    """Return a figure of one instance, or all figures if none is named, a sample for each step.

    Times are unix seconds of this machine. Nothing before the first and after the last sample, and no value while
    the instance was not scraped: the graph has a gap there.
    """
    labels = source.find(key)
    if labels is None:
        return FleetHistory(note="Prometheus no longer knows this instance", next_step="choose another one")
    whole = _whole_step(max(step, source.interval_s or 0.0, (until - since) / MOST_SAMPLES))
    queries = _queries(labels.items(), max(whole, LEAST_SCRAPES * (source.interval_s or 15.0)))
    names = [name for name in ((figure,) if figure else FLEET_FIGURES) if name in queries]
    if not names:
        return FleetHistory(note="Prometheus has no such figure")
    first, last = since // whole * whole, until // whole * whole
    ahead = source.to_server_time(0.0)
    asked = (source.client.query_range(queries[name], first + ahead, last + ahead, whole) for name in names)
    results = await asyncio.gather(*asked)
    troubles = [one for one in results if isinstance(one, Trouble)]
    if len(troubles) == len(results):
        return FleetHistory(
            note=f"Prometheus {place(source.place)}: {troubles[0].note}", next_step=troubles[0].next_step
        )
    columns: dict[int, dict[str, float]] = {}
    for name, result in zip(names, results, strict=True):
        if isinstance(result, Result) and result.points:
            for at, value in result.points[0].values:
                columns.setdefault(round(at - ahead), {})[name] = round(value, DIGITS)
    if not columns:
        return FleetHistory(note="Prometheus has no samples of this time", next_step="choose a later time")
    partly = f"Some figures are missing: {troubles[0].note}" if troubles else ""
    samples = (_sample(at, values, labels.get("instance", "")) for at, values in sorted(columns.items()))
    return FleetHistory(tuple(samples), partly, troubles[0].next_step if troubles else "")


def _sample(at: int, values: dict[str, float], server: str) -> Sample:
    filled = list(UNKNOWN)
    for name, value in values.items():
        filled[PLACES[name]] = value
    return Sample(at, tuple(filled), server)


def _whole_step(step: float) -> int:
    """Return whole seconds, in multiples of the shortest step."""
    return max(LEAST_STEP_S, int(-(-step // LEAST_STEP_S) * LEAST_STEP_S))


def _queries(labels: Labels, span_s: float) -> dict[str, str]:
    """Return a query for each figure, in the unit of the history; rates are over one step at least."""
    span = f"{round(max(span_s, 60.0))}s"
    named = list(labels)

    def metric(name: str) -> str:
        return exact(name, named)

    def total(inner: str) -> str:
        return f"sum {_WITHOUT} ({inner})"

    def rate(name: str) -> str:
        return total(f"rate({metric(name)}[{span}])")

    buckets = rate("vllm:time_to_first_token_seconds_bucket")
    hits, asked = rate("vllm:prefix_cache_hits_total"), rate("vllm:prefix_cache_queries_total")
    older_hits, older_asked = rate("vllm:gpu_prefix_cache_hits_total"), rate("vllm:gpu_prefix_cache_queries_total")
    finished = f"rate({metric('vllm:request_success_total')}[{span}])"
    return {
        "requests_per_minute": f"60 * sum without ({', '.join(INSIDE)}, finished_reason) ({finished})",
        "running": total(metric("vllm:num_requests_running")),
        "waiting": total(metric("vllm:num_requests_waiting")),
        "kv_cache_percent": f"100 * max {_WITHOUT} "
        f"({metric('vllm:kv_cache_usage_perc')} or {metric('vllm:gpu_cache_usage_perc')})",
        "ttft_p50_s": f"histogram_quantile(0.5, {buckets})",
        "ttft_p95_s": f"histogram_quantile(0.95, {buckets})",
        "generation_tokens_per_s": rate("vllm:generation_tokens_total"),
        "prompt_tokens_per_s": rate("vllm:prompt_tokens_total"),
        "prefix_hit_percent": f"100 * ({hits} / ({asked} > 0)) or 100 * ({older_hits} / ({older_asked} > 0))",
    }
