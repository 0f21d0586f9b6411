"""Read one GPU."""

from __future__ import annotations

from stormdeck.model.snapshots.gpu import Gpu, GpuProcess
from stormdeck.sources.gpu import messages
from stormdeck.sources.gpu.nvml import GPU_FAULTS, MEMORY_V2, Nvml, NvmlError, whole
from stormdeck.sources.gpu.processes import ProcessNames, holders

_SM_CLOCK = 1
_GPU_SENSOR = 0
_STEP = 100 * 2**20
_TEMPERATURE = ("nvmlDeviceGetTemperatureV", "nvmlDeviceGetTemperature")
_REASONS = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")


class Device:
    """One GPU by its index. Constant values are read once, processes only on request."""

    def __init__(self, index: int) -> None:
        self.index = index
        self._name = "GPU"
        self._uuid: str | None = None
        self._handle: object | None = None
        self._refused: NvmlError | None = None
        self._clock_max: int | None = None
        self._power_limit: int | None = None
        self._mig = False
        self._processes: tuple[GpuProcess, ...] = ()
        self._has_answered = False
        """It has returned numbers before."""

    @property
    def key(self) -> str:
        """Return what identifies this card even when the driver renumbers its GPUs."""
        return self._uuid or f"index {self.index}"

    def detach(self) -> None:
        """Drop the handle, which is invalid once the driver is closed. Name and key stay."""
        self._handle = None
        self._refused = None

    def read(self, nvml: Nvml, names: ProcessNames, slow: bool) -> Gpu:
        """Return the current numbers; raises ``NvmlError`` where there are none.

        ``slow``: also read what is expensive or seldom changes; otherwise the last values stay. A GPU that failed is
        not read again before ``detach``: getting the handle of a lost one can take seconds.
        """
        if self._refused is not None:
            raise self._refused.with_traceback(None)
        try:
            return self._read(nvml, names, slow)
        except NvmlError as error:
            self._refused = error
            raise

    def _read(self, nvml: Nvml, names: ProcessNames, slow: bool) -> Gpu:
        first = self._handle is None
        if first:
            self._attach(nvml)
        if first or slow:
            self._read_slow(nvml, names)
        return self._read_fast(nvml)

    def unread(self, error: NvmlError) -> Gpu:
        """Return this GPU without numbers, and why there are none."""
        return Gpu(self.index, self._name, lost=error.code in GPU_FAULTS, detail=messages.gpu_fault(error))

    def _attach(self, nvml: Nvml) -> None:
        handle = nvml.require("nvmlDeviceGetHandleByIndex", self.index)
        self._name = messages.clean(nvml.text("nvmlDeviceGetName", handle) or "") or self._name
        self._uuid = nvml.text("nvmlDeviceGetUUID", handle) or self._uuid
        self._clock_max = nvml.number("nvmlDeviceGetMaxClockInfo", handle, _SM_CLOCK)
        self._handle = handle

    def _read_slow(self, nvml: Nvml, names: ProcessNames) -> None:
        self._power_limit = _watts(nvml.number("nvmlDeviceGetEnforcedPowerLimit", self._handle))
        self._mig = _partitioned(nvml.call("nvmlDeviceGetMigMode", self._handle))
        held = holders(nvml, self._handle, self._mig)
        biggest_first = sorted(held.items(), key=lambda item: (-(item[1] or 0), item[0]))
        self._processes = tuple(names.name(pid, _rounded(memory)) for pid, memory in biggest_first)

    def _read_fast(self, nvml: Nvml) -> Gpu:
        handle = self._handle
        used, total = _memory(nvml, handle)
        rates = None if self._mig else nvml.call("nvmlDeviceGetUtilizationRates", handle)
        utilization = whole(getattr(rates, "gpu", None))
        silent = utilization is None and total is None
        if silent and self._has_answered:
            # In a container that lost its access every call fails like this, even on open handles.
            nvml.require("nvmlDeviceGetMemoryInfo", handle)
        self._has_answered = self._has_answered or not silent
        return Gpu(
            index=self.index,
            name=self._name,
            utilization_percent=utilization,
            memory_used_bytes=_rounded(used),
            memory_total_bytes=total,
            temperature_c=_first(nvml, _TEMPERATURE, handle, _GPU_SENSOR),
            power_w=_watts(nvml.number("nvmlDeviceGetPowerUsage", handle)),
            power_limit_w=self._power_limit,
            clock_mhz=nvml.number("nvmlDeviceGetClockInfo", handle, _SM_CLOCK),
            clock_max_mhz=self._clock_max,
            throttle=messages.slowed_by(_first(nvml, _REASONS, handle) or 0),
            processes=self._processes,
            mig=self._mig,
            detail=messages.MIG if self._mig else messages.SAYS_NOTHING if silent else "",
        )


def _first(nvml: Nvml, names: tuple[str, ...], *args: object) -> int | None:
    """Return the number of the first function that has one: the new name, then the old one."""
    answers = (nvml.number(name, *args) for name in names)
    return next((answer for answer in answers if answer is not None), None)


def _memory(nvml: Nvml, handle: object) -> tuple[int | None, int | None]:
    """Return used and total bytes; the old struct counts the driver's reserve as used, the new one does not."""
    memory = nvml.call("nvmlDeviceGetMemoryInfo", handle, MEMORY_V2) or nvml.call("nvmlDeviceGetMemoryInfo", handle)
    return whole(getattr(memory, "used", None)), whole(getattr(memory, "total", None))


def _partitioned(mode: object) -> bool:
    """Return whether MIG is on; NVML returns the current mode and that after the next reset."""
    return isinstance(mode, list) and mode[:1] == [1]


def _watts(milliwatts: int | None) -> int | None:
    return None if milliwatts is None else round(milliwatts / 1000)


def _rounded(count: int | None) -> int | None:
    """Return bytes rounded to 100 MiB, the last digit shown; unchanged below 1 GiB."""
    return count if count is None or count < 2**30 else round(count / _STEP) * _STEP
