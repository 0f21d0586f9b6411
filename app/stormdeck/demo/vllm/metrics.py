"""Produce the ``/metrics`` page of vLLM 0.33."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

TTFT = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
    *(20.0, 40.0, 80.0, 160.0, 640.0, 2560.0),
)
PER_TOKEN = (
    *(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
    *(20.0, 40.0, 80.0),
)
PER_REQUEST = (
    *(0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0),
    *(120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0),
)
TOKENS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
ITERATION = (1.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0)
"""Upper bounds of the buckets, from a recorded page."""

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family of the page."""

    name: str
    kind: str
    help: str
    bounds: tuple[float, ...] = ()
    preset: tuple[Labels, ...] = ((),)
    """Label sets that exist from the start."""
    common: tuple[str, ...] = ("engine", "model_name")
    """Labels of each of its values."""


def _by(name: str, *values: str) -> tuple[Labels, ...]:
    return tuple(((name, value),) for value in values)


FAMILIES = (
    Family("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.", common=()),
    Family("vllm:num_requests_running", "gauge", "Number of requests in model execution batches."),
    Family("vllm:num_requests_waiting", "gauge", "Number of requests waiting to be processed."),
    Family(
        "vllm:num_requests_waiting_by_reason",
        "gauge",
        "Number of waiting requests by reason.",
        preset=_by("reason", "capacity", "deferred"),
    ),
    Family(
        "vllm:engine_sleep_state",
        "gauge",
        "Engine sleep state; awake = 1 means engine is awake.",
        preset=_by("sleep_state", "awake", "weights_offloaded", "discard_all"),
    ),
    Family("vllm:kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage."),
    Family("vllm:prefix_cache_queries_total", "counter", "Prefix cache queries, in terms of number of queried tokens."),
    Family("vllm:prefix_cache_hits_total", "counter", "Prefix cache hits, in terms of number of cached tokens."),
    Family("vllm:num_preemptions_total", "counter", "Cumulative number of preemption from the engine."),
    Family("vllm:prompt_tokens_total", "counter", "Number of prefill tokens processed."),
    Family(
        "vllm:prompt_tokens_by_source_total",
        "counter",
        "Number of prompt tokens by source.",
        preset=_by("source", "local_compute", "local_cache_hit", "external_kv_transfer"),
    ),
    Family("vllm:prompt_tokens_cached_total", "counter", "Number of cached prompt tokens (local + external)."),
    Family("vllm:generation_tokens_total", "counter", "Number of generation tokens processed."),
    Family(
        "vllm:request_success_total",
        "counter",
        "Count of successfully processed requests.",
        preset=_by("finished_reason", "stop", "length", "abort", "error", "repetition"),
    ),
    Family("vllm:request_prompt_tokens", "histogram", "Number of prefill tokens processed.", TOKENS),
    Family("vllm:request_generation_tokens", "histogram", "Number of generation tokens processed.", TOKENS),
    Family("vllm:iteration_tokens_total", "histogram", "Histogram of number of tokens per engine_step.", ITERATION),
    Family("vllm:request_params_max_tokens", "histogram", "Histogram of the max_tokens request parameter.", TOKENS),
    Family("vllm:time_to_first_token_seconds", "histogram", "Histogram of time to first token in seconds.", TTFT),
    Family("vllm:inter_token_latency_seconds", "histogram", "Histogram of inter-token latency in seconds.", PER_TOKEN),
    Family(
        "vllm:request_time_per_output_token_seconds",
        "histogram",
        "Histogram of time_per_output_token_seconds per request.",
        PER_TOKEN,
    ),
    Family(
        "vllm:e2e_request_latency_seconds", "histogram", "Histogram of e2e request latency in seconds.", PER_REQUEST
    ),
    Family(
        "vllm:request_queue_time_seconds",
        "histogram",
        "Histogram of time spent in WAITING phase for request.",
        PER_REQUEST,
    ),
    Family(
        "vllm:request_inference_time_seconds",
        "histogram",
        "Histogram of time spent in RUNNING phase for request.",
        PER_REQUEST,
    ),
    Family(
        "vllm:request_prefill_time_seconds",
        "histogram",
        "Histogram of time spent in PREFILL phase for request.",
        PER_REQUEST,
    ),
    Family(
        "vllm:request_decode_time_seconds",
        "histogram",
        "Histogram of time spent in DECODE phase for request.",
        PER_REQUEST,
    ),
    Family(
        "vllm:cache_config_info", "gauge", "Information of the LLMEngine CacheConfig", preset=(), common=("engine",)
    ),
    Family(
        "http_requests_total",
        "counter",
        "Total number of requests by method, status and handler.",
        preset=(),
        common=(),
    ),
    Family(
        "vllm:tool_call_parser_invocations_total",
        "counter",
        "Total number of ToolParser invocations.",
        preset=(),
        common=("model_name",),
    ),
)


@dataclass(slots=True)
class _Histogram:
    counts: list[int]
    total: float = 0.0

    def add(self, place: int, value: float, times: int) -> None:
        self.counts[place] += times
        self.total += value * times


@dataclass(slots=True)
class Metrics:
    """The values of one server, by family and label set."""

    model: str
    _values: dict[str, dict[Labels, float]] = field(default_factory=dict)
    _histograms: dict[str, _Histogram] = field(default_factory=dict)
    _families: dict[str, Family] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for family in FAMILIES:
            self._families[family.name] = family
            if family.bounds:
                self._histograms[family.name] = _Histogram([0] * (len(family.bounds) + 1))
            else:
                self._values[family.name] = dict.fromkeys(family.preset, 0.0)

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Increase a counter."""
        values, key = self._values[name], tuple(sorted(labels.items()))
        values[key] = values.get(key, 0.0) + by

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._values[name][tuple(sorted(labels.items()))] = float(value)

    def observe(self, name: str, value: float, times: int = 1) -> None:
        """Add a value to a histogram, ``times`` times."""
        self._histograms[name].add(bisect.bisect_left(self._families[name].bounds, value), value, times)

    def value(self, name: str, **labels: str) -> float:
        """Return the value of a counter or gauge."""
        return self._values[name][tuple(sorted(labels.items()))]

    def text(self) -> str:
        """Return the page in the Prometheus text format."""
        lines: list[str] = []
        for family in FAMILIES:
            lines += (f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}")
            if family.bounds:
                lines += self._buckets(family)
            else:
                lines += (
                    f"{family.name}{self._labels(family, labels)} {value!r}"
                    for labels, value in self._values[family.name].items()
                )
        return "\n".join(lines) + "\n"

    def _buckets(self, family: Family) -> list[str]:
        histogram, lines, sum_so_far = self._histograms[family.name], [], 0
        for bound, count in zip((*family.bounds, float("inf")), histogram.counts, strict=True):
            sum_so_far += count
            edge = "+Inf" if bound == float("inf") else repr(bound)
            lines.append(f"{family.name}_bucket{self._labels(family, (('le', edge),))} {float(sum_so_far)!r}")
        labels = self._labels(family, ())
        return [
            *lines,
            f"{family.name}_count{labels} {float(sum_so_far)!r}",
            f"{family.name}_sum{labels} {histogram.total!r}",
        ]

    def _labels(self, family: Family, labels: Labels) -> str:
        common = {"engine": "0", "model_name": self.model}
        named = dict(labels) | {name: common[name] for name in family.common}
        pairs = ",".join(f'{key}="{value}"' for key, value in sorted(named.items()))
        return f"{{{pairs}}}" if pairs else ""
