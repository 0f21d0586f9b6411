"""Read all GPUs once."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.snapshots.gpu import Gpu, GpuSnapshot, GpuState
from stormdeck.sources.gpu import messages
from stormdeck.sources.gpu.device import Device
from stormdeck.sources.gpu.history import History
from stormdeck.sources.gpu.nvml import DRIVER_FAULTS, Code, Nvml, NvmlError, whole
from stormdeck.sources.gpu.processes import ProcessNames


class GpuReader:
    """The open driver, the devices and their history, kept between readings."""

    def __init__(self, nvml: Nvml, interval_s: float) -> None:
        self._nvml = nvml
        self._interval_s = interval_s
        self._names = ProcessNames()
        self._devices: list[Device] = []
        self._histories: dict[str, History] = {}
        self._driver: str | None = None
        self._attached = False
        self._answered = False
        self._ailing = False

    @property
    def ailing(self) -> bool:
        """Return whether the last reading had a fault that only reopening the driver can clear."""
        return self._ailing

    @property
    def answered(self) -> bool:
        """Return whether any GPU was ever read."""
        return self._answered

    def read(self, now: float, slow: bool) -> GpuSnapshot:
        """Return the GPUs at a monotonic time. ``slow``: with their processes."""
        try:
            self._attach()
            read = [self._one(device, now, slow) for device in self._devices]
        except NvmlError as error:
            self.detach()
            self._ailing = True
            return messages.state_of(error, self._answered)
        if not read:
            self.detach()
            self._ailing = self._answered
            state, detail = (GpuState.LOST, messages.ALL_LOST) if self._answered else (GpuState.NO_GPU, messages.NO_GPU)
            return GpuSnapshot(state, detail)
        if slow:
            self._names.forget_all_but({process.pid for gpu, _ in read for process in gpu.processes})
        return self._sum_up(read)

    def detach(self) -> None:
        """Close the driver; the next reading reopens it and finds GPUs that came back."""
        self._attached = False
        for device in self._devices:
            device.detach()
        self._nvml.close()

    def _attach(self) -> None:
        if self._attached:
            return
        self._nvml.open()
        self._driver = self._nvml.text("nvmlSystemGetDriverVersion")
        count = whole(self._nvml.require("nvmlDeviceGetCount")) or 0
        self._devices = self._devices[:count] + [Device(index) for index in range(len(self._devices), count)]
        self._attached = True

    def _one(self, device: Device, now: float, slow: bool) -> tuple[Gpu, NvmlError | None]:
        fault = None
        try:
            gpu = device.read(self._nvml, self._names, slow)
        except NvmlError as error:
            if error.code in DRIVER_FAULTS:
                raise
            fault = error
            gpu = device.unread(error)
        history = self._histories.setdefault(device.key, History(self._interval_s))
        return replace(gpu, history=history.add(now, gpu.utilization_percent)), fault

    def _sum_up(self, read: list[tuple[Gpu, NvmlError | None]]) -> GpuSnapshot:
        """Return one state for all: OK if any GPU could be read, else the most important fault."""
        gpus = tuple(gpu for gpu, _ in read)
        faults = [fault for _, fault in read if fault is not None]
        self._ailing = bool(faults)
        if len(faults) < len(read):
            self._answered = True
            ailing = "; ".join(f"GPU {gpu.index}: {gpu.detail}" for gpu, fault in read if fault is not None)
            return GpuSnapshot(GpuState.OK, ailing, self._driver, gpus)
        if all(gpu.lost for gpu in gpus):
            return GpuSnapshot(GpuState.LOST, messages.ALL_LOST, self._driver, gpus)
        worst = next((fault for fault in faults if fault.code != Code.NO_PERMISSION), faults[0])
        return replace(messages.state_of(worst, answered=False), driver=self._driver, gpus=gpus)
