"""Compute what an engine did in the last minute from samples of its counters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stormdeck.model.snapshots.server import EngineLoad, EngineStats

WINDOW_S = 60.0
"""The time that percentiles, cache hits and preemptions cover; less would have too few requests."""
RATE_S = 10.0
"""The time that tokens per second cover, as in vLLM's own log line."""
_SLACK_S = 1.5

Histogram = tuple[tuple[float, float], ...]
"""Pairs of upper bound and cumulative count. The bounds rise, and the last one is ``inf``."""


@dataclass(frozen=True, slots=True)
class MetricsSample:
    """One sample of ``/metrics``, summed over engines and models, with names independent of vLLM's version."""

    at: float
    """Unix seconds."""
    gauges: Mapping[str, float] = field(default_factory=dict)
    """``running``, ``waiting``, ``kv_cache`` (0 to 1, of the fullest engine), ``started`` (unix seconds)."""
    counters: Mapping[str, float] = field(default_factory=dict)
    """``prompt_tokens``, ``prompt_tokens_finished``, ``generation_tokens``, ``prefix_queries``, ``prefix_hits``,
    ``preemptions``, ``finished``."""
    ttft: Histogram = ()
    """Seconds to the first token."""
    engines: Mapping[str, MetricsSample] = field(default_factory=dict)
    """Gauges and counters of each data-parallel engine by its label; empty if there is only one engine."""

    @property
    def progress(self) -> tuple[object, ...]:
        """Return values that a working engine changes. If they stay equal while requests run, the engine hangs.

        The cache usage is one of them: a long prompt that is read in chunks changes nothing else.
        """
        return (dict(self.counters), self.ttft[-1:], self.gauges.get("kv_cache"), self.gauges.get("running"))


def window(samples: Sequence[MetricsSample], span_s: float = WINDOW_S, rate_s: float = RATE_S) -> EngineStats | None:
    """Return the statistics of samples, which must come oldest first, rounded to what is shown.

    ``None`` if the newest sample has no engine metrics. A counter that decreased was reset by a restart: older samples
    are ignored, and so are samples from the future, after the clock was set back.
    """
    life = _since_restart(samples)
    if not life:
        return None
    last = life[-1]
    if not last.counters and "running" not in last.gauges:
        return None
    first = _before(life, last.at - span_s)
    recent = _before(life, last.at - rate_s)
    times = _difference(first.ttft, last.ttft)
    kv_cache = last.gauges.get("kv_cache")
    return EngineStats(
        running=_count(last.gauges.get("running")),
        waiting=_count(last.gauges.get("waiting")),
        kv_cache_percent=None if kv_cache is None else _percent(kv_cache, 1.0),
        prefix_hit_percent=_hits(first, last),
        prompt_tokens_per_s=_rate(recent, last, "prompt_tokens"),
        generation_tokens_per_s=_rate(recent, last, "generation_tokens"),
        ttft_p50_s=_rounded(quantile(times, 0.50)),
        ttft_p95_s=_rounded(quantile(times, 0.95)),
        preemptions=_count(_increase(first, last, "preemptions")),
        window_s=_span(last.at - first.at),
        prompt_tokens_unfinished=_unfinished(first, last),
        engines=tuple(_load(name, first, last) for name in sorted(last.engines, key=_engine_order)),
        finished=_count(finished) if (finished := last.counters.get("finished")) is not None else None,
    )


def _load(name: str, first: MetricsSample, last: MetricsSample) -> EngineLoad:
    """Return the load of one data-parallel engine."""
    before, now = first.engines.get(name), last.engines[name]
    kv_cache = now.gauges.get("kv_cache")
    return EngineLoad(
        name,
        running=_count(now.gauges.get("running")),
        waiting=_count(now.gauges.get("waiting")),
        kv_cache_percent=None if kv_cache is None else _percent(kv_cache, 1.0),
        preemptions=0 if before is None else _count(_increase(before, now, "preemptions")),
    )


def _engine_order(name: str) -> tuple[int, str]:
    return int(name) if name.isdecimal() else 0, name


def quantile(histogram: Histogram, share: float) -> float | None:
    """Return a quantile, linear within its bucket, as Prometheus does; ``None`` without observations.

    For a quantile in the last, open bucket it is the highest finite bound.

    >>> quantile(((0.1, 5.0), (0.2, 10.0), (float("inf"), 10.0)), 0.5)
    0.1
    """
    total = histogram[-1][1] if histogram else 0.0
    if total <= 0:
        return None
    wanted = share * total
    low, below = 0.0, 0.0
    for bound, count in histogram:
        if count >= wanted:
            if math.isinf(bound):
                return low
            return low + (bound - low) * (wanted - below) / (count - below) if count > below else bound
        low, below = bound, count
    return low


def _since_restart(samples: Sequence[MetricsSample]) -> Sequence[MetricsSample]:
    """Return the samples since the server's last restart, oldest first."""
    if not samples:
        return ()
    life = [samples[-1]]
    for sample in reversed(samples[:-1]):
        if sample.at >= life[-1].at:
            continue
        if _restarted(sample, life[-1]):
            break
        life.append(sample)
    life.reverse()
    return life


def _restarted(before: MetricsSample, after: MetricsSample) -> bool:
    fell = any(after.counters.get(name, 0.0) < value for name, value in before.counters.items())
    return fell or bool(before.ttft and after.ttft and after.ttft[-1][1] < before.ttft[-1][1])


def _before(life: Sequence[MetricsSample], at: float) -> MetricsSample:
    """Return the newest sample that is at least as old, or else the oldest sample."""
    return next((sample for sample in reversed(life) if sample.at <= at + _SLACK_S), life[0])


def _increase(first: MetricsSample, last: MetricsSample, name: str) -> float | None:
    if first is last or name not in first.counters or name not in last.counters:
        return None
    return last.counters[name] - first.counters[name]


def _rate(first: MetricsSample, last: MetricsSample, name: str) -> float | None:
    """Return an increase per second: whole from ten on, one decimal below; ``None`` over less than a second."""
    grown = _increase(first, last, name)
    if grown is None or last.at - first.at < 1:
        return None
    rate = grown / (last.at - first.at)
    return float(round(rate)) if rate >= 9.95 else round(rate, 1)


def _hits(first: MetricsSample, last: MetricsSample) -> float | None:
    asked, hit = _increase(first, last, "prefix_queries"), _increase(first, last, "prefix_hits")
    return _percent(hit, asked) if asked and hit is not None else None


def _unfinished(first: MetricsSample, last: MetricsSample) -> int | None:
    """Return the prompt tokens of no finished request. Requests from before the window make it lower.

    ``None`` after a preemption, since a preempted request reads its prompt again.
    """
    read, finished = _increase(first, last, "prompt_tokens"), _increase(first, last, "prompt_tokens_finished")
    busy = last.gauges.get("running") or last.gauges.get("waiting") or _increase(first, last, "preemptions")
    return None if read is None or finished is None or busy else _count(read - finished)


def _percent(part: float, whole: float) -> float:
    """Return a share in whole percent, from 0 to 100."""
    return float(round(min(1.0, max(0.0, part / whole)) * 100))


def _difference(first: Histogram, last: Histogram) -> Histogram:
    """Return the observations between two samples; empty if the bounds differ."""
    if first is last or [bound for bound, _ in first] != [bound for bound, _ in last]:
        return ()
    grown: list[tuple[float, float]] = []
    highest = 0.0
    for (bound, after), (_, before) in zip(last, first, strict=True):
        highest = max(highest, after - before)
        grown.append((bound, highest))
    return tuple(grown)


def _rounded(value: float | None) -> float | None:
    """Return seconds with the decimals that are shown: two below 0.1, one below 10, else none."""
    if value is None:
        return None
    return round(value, 2) if value < 0.095 else round(value, 1) if value < 9.95 else float(round(value))


def _count(value: float | None) -> int:
    return max(0, round(value)) if value is not None else 0


def _span(seconds: float) -> int:
    """Return the span in steps of five seconds from ten on, so that it does not jitter with the polls."""
    return round(seconds) if seconds < 10 else 5 * round(seconds / 5)
