"""Hold the state of this machine's GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.symbols import Health


class GpuState(StrEnum):
    """Whether the GPUs can be read, and if not, why."""

    ASKING = "asking"
    OK = "ok"
    NO_DRIVER = "no driver"
    """There is no NVIDIA library on this machine, or no driver for it."""
    NO_GPU = "no GPU"
    NO_PERMISSION = "no permission"
    LOST = "lost"
    """The driver worked before and now reports that a GPU fell off the bus, or does not answer any more."""
    FAILED = "failed"
    NO_FIGURES = "no figures"
    """The exporter of another machine does not answer, or its page has no GPU."""
    OFF = "off"
    """Turned off by the user."""

    @property
    def health(self) -> Health:
        """Return the health of this state; a machine without a GPU is not an error."""
        if self is GpuState.OK:
            return Health.OK
        if self in {GpuState.LOST, GpuState.FAILED}:
            return Health.ERROR
        return Health.UNKNOWN


HARD_LIMITS = frozenset({"hot", "hardware slowdown", "power brake"})
"""Reasons of a lower clock that are never usual."""
SOFT_LIMITS = frozenset({"power cap", "board limit"})
"""Reasons that cards under load have all the time."""
CAPPED_SHARE = 0.7
"""The share of the highest clock below which a power cap costs much."""
BUSY_PERCENT = 10


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that uses memory of a GPU."""

    pid: int
    name: str
    """Short and clean: ``vLLM worker``, ``python``; ``pid 4711`` if the name cannot be read."""
    memory_bytes: int | None
    is_vllm: bool


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU. ``None``: the GPU does not report the value, or cannot be read."""

    index: int
    name: str
    utilization_percent: int | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_c: int | None = None
    power_w: int | None = None
    power_limit_w: int | None = None
    clock_mhz: int | None = None
    clock_max_mhz: int | None = None
    throttle: tuple[str, ...] = ()
    """Why the clock is throttled, in plain words; idling is not a reason."""
    processes: tuple[GpuProcess, ...] = ()
    mig: bool = False
    """The GPU is partitioned (MIG), so that the whole card reports no utilisation."""
    lost: bool = False
    detail: str = ""
    history: tuple[int | None, ...] = ()
    """Utilisation in percent, oldest first, one value for each sample; ``None`` where it is unknown."""

    @property
    def held_back(self) -> tuple[str, ...]:
        """Return why heat or power costs a busy GPU speed; empty if it does not.

        A power cap is usual under load: it counts only while it costs a large part of the clock.
        """
        if self.utilization_percent is not None and self.utilization_percent < BUSY_PERCENT:
            return ()
        capped = bool(self.clock_mhz and self.clock_max_mhz) and self._clock_share < CAPPED_SHARE
        return tuple(why for why in self.throttle if why in HARD_LIMITS or (capped and why in SOFT_LIMITS))

    @property
    def _clock_share(self) -> float:
        return (self.clock_mhz or 0) / (self.clock_max_mhz or 1)


@dataclass(frozen=True, slots=True)
class GpuSnapshot:
    """The state of all GPUs at one moment, rounded to what is shown."""

    state: GpuState
    detail: str = ""
    """The state in plain words, and what to do if the GPUs cannot be read."""
    driver: str | None = None
    gpus: tuple[Gpu, ...] = ()
    simulated: bool = False
