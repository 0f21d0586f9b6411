"""Parse vLLM's ``/metrics`` page: the metric families that are shown, under one name for all versions."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

from stormdeck.model.snapshots.vllm_metrics import Histogram, MetricsSample
from stormdeck.sources.net.series import SeriesReader, TooMuchError

_GAUGES = {
    "vllm:num_requests_running": "running",
    "vllm:num_requests_waiting": "waiting",
    "vllm:kv_cache_usage_perc": "kv_cache",
    "vllm:gpu_cache_usage_perc": "kv_cache",  # up to 0.11
    "process_start_time_seconds": "started",
}
_COUNTERS = {
    "vllm:prompt_tokens_total": "prompt_tokens",
    "vllm:request_prompt_tokens_sum": "prompt_tokens_finished",
    "vllm:generation_tokens_total": "generation_tokens",
    "vllm:prefix_cache_queries_total": "prefix_queries",
    "vllm:prefix_cache_hits_total": "prefix_hits",
    "vllm:gpu_prefix_cache_queries_total": "prefix_queries",  # up to 0.11, like the next
    "vllm:gpu_prefix_cache_hits_total": "prefix_hits",
    "vllm:num_preemptions_total": "preemptions",
    "vllm:request_success_total": "finished",
}
_TTFT = "vllm:time_to_first_token_seconds_bucket"
_HIGHEST = {"kv_cache", "started"}
"""The highest value of all engines counts; everything else is summed."""
_LARGEST = 1e15
_READER = SeriesReader((*_GAUGES, *_COUNTERS, _TTFT))
_MOST_ENGINES = 64
"""Most data-parallel engines that are judged one by one."""
_LONGEST_ENGINE = 20
_MOST_BUCKETS = 200
TOO_MUCH = "has more or longer series than are read"

Values = defaultdict[str, defaultdict[str, list[float]]]


def read_page(page: bytes, at: float) -> tuple[MetricsSample | None, str]:
    """Return the metrics of a page, or why there are none, in words that follow ``/metrics``.

    Takes a fraction of a second at most, whatever the page is: run it in a thread.
    """
    try:
        sample = read_metrics(page, at)
    except TooMuchError:
        return None, TOO_MUCH
    return sample, "" if sample is not None else "says nothing of vLLM"


def read_metrics(page: bytes, at: float) -> MetricsSample | None:
    """Return the metrics of a page, ``None`` where it has none of vLLM.

    Skips lines that are not Prometheus text, and values that are not finite, negative or absurd. vLLM 0.10 has one
    family under its old and its new name; the first in the tables above counts.
    """
    values = _values()
    by_engine: dict[str, Values] = {}
    buckets: dict[float, float] = defaultdict(float)
    for name, labels, value in _READER.read(page):
        if not 0 <= value < _LARGEST:
            continue
        if name == _TTFT:
            bound = _bound(labels.get("le", ""))
            if bound is not None:
                buckets[bound] += value
        else:
            values[short := _GAUGES.get(name) or _COUNTERS[name]][name].append(value)
            if (engine := labels.get("engine")) is not None and len(by_engine) <= _MOST_ENGINES:
                by_engine.setdefault(engine[:_LONGEST_ENGINE], _values())[short][name].append(value)
    if not buckets and not values.keys() - {"started"}:
        return None
    several = 1 < len(by_engine) <= _MOST_ENGINES
    engines = {name: _sample(at, one) for name, one in by_engine.items()} if several else {}
    return replace(_sample(at, values), ttft=_histogram(buckets), engines=engines)


def _values() -> Values:
    return defaultdict(lambda: defaultdict(list))


def _sample(at: float, values: Values) -> MetricsSample:
    """Return gauges and counters of values by short and by long name."""
    metrics = {short: (max if short in _HIGHEST else sum)(_preferred(names)) for short, names in values.items()}
    return MetricsSample(
        at=at,
        gauges={short: metrics[short] for short in dict.fromkeys(_GAUGES.values()) if short in metrics},
        counters={short: metrics[short] for short in dict.fromkeys(_COUNTERS.values()) if short in metrics},
    )


def _preferred(names: dict[str, list[float]]) -> list[float]:
    """Return the values under the newest name on the page."""
    return next(names[name] for name in (*_GAUGES, *_COUNTERS) if name in names)


def _bound(text: str) -> float | None:
    try:
        bound = float(text)
    except ValueError:
        return None
    return None if math.isnan(bound) or bound < 0 else bound


def _histogram(buckets: dict[float, float]) -> Histogram:
    """Return the buckets in order, empty without the ``+Inf`` bucket or with absurdly many."""
    return tuple(sorted(buckets.items())) if math.inf in buckets and len(buckets) <= _MOST_BUCKETS else ()
