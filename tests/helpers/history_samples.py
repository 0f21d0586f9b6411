"""Samples of figures over time, for tests of the history."""

import samples
from stormdeck.model.history.figures import FIGURES, Sample
from stormdeck.model.history.ring import MINUTE_S, STEP_S, HistorySnapshot

NOW = int(samples.NOW)
SERVER, MODEL = ":8000", "Qwen3.5-27B"


def sample(at, *, server=SERVER, model=MODEL, held=(), **known):
    """Return a sample of a moment with some known figures."""
    return Sample(at, tuple(known.get(figure.key) for figure in FIGURES), server, model, held)


def minutes(values, key="ttft_p50_s", until=NOW, **others):
    """Return a sample for each value, the last one a minute before ``until``."""
    first = until - MINUTE_S * len(values)
    return tuple(sample(first + MINUTE_S * place, **{key: value}, **others) for place, value in enumerate(values))


def steps(count, until=NOW, **known):
    """Return samples of the last moments, all with the same figures."""
    return tuple(sample(until - STEP_S * back, **known) for back in range(count - 1, -1, -1))


_REQUESTS, _RUNNING = (4.0, 5.0, 2.0, 0.0, 3.0, 6.0, 1.0), (3.0, 2.0, 0.0, 1.0, 2.0)
"""By five minutes back; the newest are those of the other samples."""


def _usual(at):
    phase = (NOW - at) // 300
    return sample(
        at,
        requests_per_minute=_REQUESTS[phase % 7],
        retries_per_minute=0.0,
        running=_RUNNING[phase % 5],
        waiting=0.0,
        kv_cache_percent=41.0,
        ttft_p50_s=0.8,
        ttft_p95_s=2.1,
        generation_tokens_per_s=94.0,
        prompt_tokens_per_s=1240.0,
        prefix_hit_percent=87.0,
        gpu_percent=90.0,
        gpu_memory_percent=84.0,
        gpu_power_w=1210.0,
    )


HOUR = HistorySnapshot(
    tuple(_usual(at) for at in range(NOW - 3000, NOW + 1, STEP_S) if not NOW - 1900 < at < NOW - 1300)
)
"""Fifty minutes with a gap of ten."""


def _in_storm(one):
    rates = samples.STORMY.requests_per_minute, samples.STORMY.retries_per_minute
    return one._replace(values=(*rates, *one.values[2:])) if one.at > NOW - 30 else one


STORM_HOUR = HistorySnapshot(tuple(map(_in_storm, HOUR.steps)))
"""The same, with the rates of the samples' storm at its end."""
