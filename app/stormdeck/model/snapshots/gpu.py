"""What is known of the GPUs of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.symbols import Health


class GpuState(StrEnum):
    """Why there are numbers, or why there are none."""

    ASKING = "asking"
    OK = "ok"
    NO_DRIVER = "no driver"
    """No NVIDIA library on this machine, or no driver behind it."""
    NO_GPU = "no GPU"
    NO_PERMISSION = "no permission"
    LOST = "lost"
    """The driver answered before and says now that a GPU fell off the bus, or it stopped answering."""
    FAILED = "failed"
    OFF = "off"
    """The user does not want them watched."""

    @property
    def light(self) -> Health:
        """Return the light of this state; a machine without GPU is no fault."""
        if self is GpuState.OK:
            return Health.OK
        if self in {GpuState.LOST, GpuState.FAILED}:
            return Health.ERROR
        return Health.UNKNOWN


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """One process that holds memory on a GPU."""

    pid: int
    name: str
    """Short and clean: ``vLLM worker``, ``python``; ``pid 4711`` where the name cannot be read."""
    memory_bytes: int | None
    is_vllm: bool


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU, or one that cannot be read. ``None``: this GPU does not tell it."""

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
    """Why it runs slower than it could, in plain words; idling is no reason."""
    processes: tuple[GpuProcess, ...] = ()
    mig: bool = False
    """Partitioned: the card as a whole tells no utilisation then."""
    lost: bool = False
    detail: str = ""
    history: tuple[int | None, ...] = ()
    """Utilisation in percent, oldest first, one value a sample; ``None`` where it was not told."""


@dataclass(frozen=True, slots=True)
class GpuSnapshot:
    """One look at all GPUs, rounded to what is shown."""

    state: GpuState
    detail: str = ""
    """The state in plain words, with what to do next where there is nothing to see."""
    driver: str | None = None
    gpus: tuple[Gpu, ...] = ()
    simulated: bool = False
