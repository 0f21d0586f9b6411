"""Name the processes that use GPU memory."""

from __future__ import annotations

import re

from stormdeck.model.snapshots.gpu import GpuProcess
from stormdeck.sources.gpu.messages import clean
from stormdeck.sources.gpu.nvml import Nvml, whole
from stormdeck.sources.processes.table import unreadable

_ROLES = (
    (re.compile(r"EngineCore|VLLM::Engine"), "vLLM engine"),
    (re.compile(r"VLLM::Worker|VllmWorker|RayWorkerWrapper"), "vLLM worker"),
    (re.compile(r"VLLM::APIServer|\bvllm serve\b|\bvllm\.entrypoints\b"), "vLLM server"),
    (re.compile(r"vllm", re.IGNORECASE), "vLLM"),
)
"""vLLM names its processes ``VLLM::EngineCore``, ``VLLM::Worker_TP0`` (source, 0.10 and later)."""

_LONGEST = 24
_LISTS = (
    ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetComputeRunningProcesses_v2"),
    ("nvmlDeviceGetGraphicsRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses_v2"),
)
"""For each kind the current struct, then that of drivers before 510."""


def holders(nvml: Nvml, handle: object, mig: bool) -> dict[int, int | None]:
    """Return the bytes that each process uses, by process id, ``None`` where this user may not know.

    On a partitioned card only a privileged user may read the whole card, so its instances are read.
    """
    held = _listed(nvml, handle)
    if held or not mig:
        return held
    for index in range(nvml.number("nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
        instance = nvml.call("nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
        if instance is not None:
            held.update(_listed(nvml, instance))
    return held


def _listed(nvml: Nvml, handle: object) -> dict[int, int | None]:
    held: dict[int, int | None] = {}
    for versions in _LISTS:
        answers = (nvml.call(name, handle) for name in versions)
        listed = next((answer for answer in answers if isinstance(answer, list)), [])
        for process in listed:
            pid, used = whole(getattr(process, "pid", None)), whole(getattr(process, "usedGpuMemory", None))
            if pid is not None:
                # A process that computes and draws is listed twice, each time with all its memory.
                held[pid] = max(used or 0, held.get(pid) or 0) or None
    return held


def named(pid: int, title: str, program: str) -> tuple[str, bool]:
    """Return a process's short name and whether it belongs to vLLM, from its command line and program name."""
    for pattern, name in _ROLES:
        if pattern.search(title) or pattern.search(program):
            return name, True
    return clean(program, _LONGEST) or f"pid {pid}", False


class ProcessNames:
    """Names of processes, cached while the process lives and uses a GPU."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, float], str] = {}

    def name(self, pid: int, memory_bytes: int | None) -> GpuProcess:
        """Return a process with its name; ``pid 4711`` where it belongs to another user or container."""
        import psutil

        try:
            process = psutil.Process(pid)
            key = (pid, process.create_time())
            if key in self._known:
                return GpuProcess(pid, self._known[key], memory_bytes, is_vllm=True)
            program = process.name()
            try:
                title = " ".join(process.cmdline())
            except psutil.AccessDenied:
                title = ""
        except unreadable():
            return GpuProcess(pid, f"pid {pid}", memory_bytes, is_vllm=False)
        name, is_vllm = named(pid, title, program)
        if is_vllm:
            # Only vLLM's names are cached: a launcher gets its vLLM title some time after its start.
            self._known[key] = name
        return GpuProcess(pid, name, memory_bytes, is_vllm)

    def forget_all_but(self, pids: set[int]) -> None:
        """Drop the cached names of all other processes."""
        self._known = {key: name for key, name in self._known.items() if key[0] in pids}
