"""Two simulated GPUs that work as hard as the demo's traffic asks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from stormdeck.model.snapshots.gpu import Gpu, GpuProcess, GpuSnapshot, GpuState
from stormdeck.sources.gpu.history import History
from stormdeck.sources.gpu.sampler import PeriodicThread

_GIB = 2**30
_COUNT = 2
_IDLE_C, _BUSY_C = 36, 72
_IDLE_W, _BUSY_W, _LIMIT_W = 118, 640, 700
_IDLE_MHZ, _BUSY_MHZ = 345, 1980
_WOBBLE = 4.0
"""Percent of utilisation by which a busy GPU swings."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What drags behind the load, each from 0 to 1."""

    busy: float = 0.0
    heat: float = 0.0

    def toward(self, load: float) -> Effort:
        """Return the effort one step later: work follows within some steps, heat within a minute."""
        wanted = min(1.0, max(0.0, load))
        return Effort(_nearer(self.busy, wanted, 0.4), _nearer(self.heat, wanted, 0.08))


def simulated(step: int, effort: Effort) -> tuple[Gpu, ...]:
    """Return the GPUs at a step: the same step and effort give the same numbers; idle ones stand still."""
    return tuple(_gpu(index, step, effort) for index in range(_COUNT))


class SimulatedGpus:
    """A `GpuSampler` without a GPU; ``load`` tells from 0 to 1 how busy they are to be."""

    def __init__(
        self,
        hand: Callable[[GpuSnapshot], None],
        load: Callable[[], float],
        interval_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hand = hand
        self._load = load
        self._interval_s = interval_s
        self._clock = clock
        self._effort = Effort()
        self._step = 0
        self._histories = tuple(History(interval_s) for _ in range(_COUNT))
        self._given: GpuSnapshot | None = None
        self._pulse = PeriodicThread("demo-gpu", self.sample)

    def start(self) -> None:
        """Hand on the first snapshot, now."""
        self._pulse.start()

    def stop(self) -> None:
        """End at once."""
        self._pulse.stop()

    def set_focused(self, focused: bool) -> None:
        """Go on alike, seen or not: it costs nothing to speak of."""

    def sample(self) -> float:
        """Take one step, hand on what changed, return the seconds until the next."""
        self._effort = self._effort.toward(self._load())
        gpus = simulated(self._step, self._effort)
        self._step += 1
        now = self._clock()
        pairs = zip(gpus, self._histories, strict=True)
        seen = tuple(replace(gpu, history=history.add(now, gpu.utilization_percent)) for gpu, history in pairs)
        snapshot = GpuSnapshot(GpuState.OK, gpus=seen, simulated=True)
        if snapshot != self._given and not self._pulse.stopped:
            self._given = snapshot
            self._hand(snapshot)
        return self._interval_s


def _gpu(index: int, step: int, effort: Effort) -> Gpu:
    swing = _WOBBLE * (math.sin(step * 1.3 + index * 2) + math.sin(step * 0.37 + index)) / 2
    percent = min(100, max(0, round(94 * effort.busy + swing * effort.busy)))
    power = _IDLE_W - 4 * index + (_BUSY_W - _IDLE_W) * percent / 100
    return Gpu(
        index=index,
        name="NVIDIA H200",
        utilization_percent=percent,
        memory_used_bytes=118 * _GIB,
        memory_total_bytes=140 * _GIB,
        temperature_c=round(_IDLE_C - 2 * index + (_BUSY_C - _IDLE_C) * effort.heat),
        power_w=round(power),
        power_limit_w=_LIMIT_W,
        clock_mhz=_BUSY_MHZ if percent else _IDLE_MHZ,
        clock_max_mhz=_BUSY_MHZ,
        processes=(GpuProcess(4711 + index, "vLLM worker", 117 * _GIB, is_vllm=True),),
    )


def _nearer(value: float, wanted: float, share: float) -> float:
    """Return a value moved by a share of the way."""
    return value + (wanted - value) * share
