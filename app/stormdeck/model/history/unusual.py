"""Find what is unusual in the history: slow first tokens, slow answers, a queue that stays, a cold cache, held GPUs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from stormdeck.model.history.figures import Sample
from stormdeck.model.history.usual import LEAST_RUN, Shift, Values, median, shift

SLOW_FACTOR, DECODE_FACTOR, COLD_FACTOR = 1.5, 0.6, 0.5
"""How far from usual the first token, the tokens per second of a request and the cache hits must be."""
LEAST_TTFT_S = 0.5
"""Seconds by which a first token must be later than usual to matter."""
WARM_PERCENT = 50.0
"""A usual hit rate from which on prompts evidently share their beginning."""
ALIKE = 1.5
"""The factor within which two numbers of running requests are alike."""
LEAST_RUNNING = 0.5
QUEUED_S, HELD_BACK_S = 180, 60
"""How long requests must wait, or GPUs be held back, before that is stated."""
JOINED_S = 15
"""Samples further apart than this have a gap between them."""
_TREND_S = 60


class Queue(NamedTuple):
    """A queue that was never seen empty."""

    since: int
    """Unix seconds."""
    waiting: int
    """Requests that wait now."""
    is_whole: bool
    """Whether its beginning was seen; else it is older than the samples."""


class HeldBack(NamedTuple):
    """GPUs that heat or power held back in every sample of the last minutes."""

    gpus: tuple[int, ...]
    since: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """What is unusual now. ``None``: nothing is, or it is not sure."""

    ttft: Shift | None = None
    """Seconds to the first token, the median of the requests."""
    decode: Shift | None = None
    """Tokens per second of each running request, compared with minutes that had as many."""
    cold: Shift | None = None
    """Prefix cache hits in percent."""
    queue: Queue | None = None
    held: HeldBack | None = None


def find_shifts(minutes: Sequence[Sample], server: str, model: str, now: float) -> Unusual:
    """Return what is unusual by the minutes of this server and model; do so after each minute."""
    same = [one for one in minutes if one.server == server and one.model == model] if server and model else []
    ttft = shift(_values(same, "ttft_p50_s"), now, SLOW_FACTOR)
    cold = shift(_values(same, "prefix_hit_percent"), now, COLD_FACTOR)
    return Unusual(
        ttft=ttft if ttft is not None and ttft.now - ttft.usual >= LEAST_TTFT_S else None,
        decode=shift(_decode(same), now, DECODE_FACTOR),
        cold=cold if cold is not None and cold.usual >= WARM_PERCENT else None,
    )


def with_steps(found: Unusual, steps: Sequence[Sample]) -> Unusual:
    """Return what is unusual with the queue and the GPUs of the newest samples."""
    return replace(found, queue=_queue(steps), held=_held(steps)) if steps else Unusual()


def _values(samples: Sequence[Sample], key: str) -> Values:
    return [(one.at, value) for one in samples if (value := one.of(key)) is not None]


def _decode(samples: Sequence[Sample]) -> Values:
    """Return the tokens per second of each running request, of minutes with as many as in the newest ones."""
    busy = [
        (one.at, running, made)
        for one in samples
        if (running := one.of("running")) is not None
        and running >= LEAST_RUNNING
        and (made := one.of("generation_tokens_per_s")) is not None
    ]
    if len(busy) < LEAST_RUN:
        return ()
    load = median(running for _, running, _ in busy[-LEAST_RUN:])
    return [(at, made / running) for at, running, made in busy if load / ALIKE <= running <= load * ALIKE]


def _queue(steps: Sequence[Sample]) -> Queue | None:
    """Return the queue if no sample of the last minutes found it empty, and it does not become shorter."""
    run = _while(steps, lambda one: (one.of("waiting") or 0) >= 1)
    if not run or run[-1].at - run[0].at < QUEUED_S:
        return None
    lengths = [(one.at, one.of("waiting") or 0.0) for one in run]
    first = _mean([value for at, value in lengths if at < run[0].at + _TREND_S])
    last = _mean([value for at, value in lengths if at > run[-1].at - _TREND_S])
    return Queue(run[0].at, round(lengths[-1][1]), len(run) < len(steps)) if last >= first else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _held(steps: Sequence[Sample]) -> HeldBack | None:
    """Return the GPUs that were held back in every sample of the last minute, and since when all of them are."""
    recent = [one for one in steps if one.at >= steps[-1].at - HELD_BACK_S]
    always = set(recent[0].held).intersection(*(one.held for one in recent))
    run = _while(steps, lambda one: always <= set(one.held)) if always else []
    if not run or run[-1].at - run[0].at < HELD_BACK_S:
        return None
    return HeldBack(tuple(sorted(always)), run[0].at)


def _while(steps: Sequence[Sample], wanted: Callable[[Sample], bool]) -> list[Sample]:
    """Return the newest samples without a gap that are all as wanted, oldest first."""
    run: list[Sample] = []
    for one in reversed(steps):
        if not wanted(one) or (run and run[-1].at - one.at > JOINED_S):
            break
        run.append(one)
    return run[::-1]
