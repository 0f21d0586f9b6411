"""Translate NVML's error codes and bit masks into plain words, with what to do next."""

from __future__ import annotations

import unicodedata

from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.sources.gpu.nvml import Code, NvmlError

NO_GPU = "The NVIDIA driver runs but has no GPU. In a container, start it with --gpus all or name the devices."
ALL_LOST = "No GPU answers any more. Look for Xid in dmesg, reset the GPUs or restart the machine, then restart vLLM."
SILENT = "The NVIDIA driver has not answered for {seconds:.0f} s. If nvidia-smi hangs too, restart the machine."
BROKEN = "Reading the GPUs failed: {text}. The rest of stormdeck goes on; please report this."
MIG = "Partitioned (MIG): no utilisation is reported for the whole card."
SAYS_NOTHING = "This GPU reports neither utilisation nor memory."

_STATES: dict[int, tuple[GpuState, str]] = {
    Code.LIBRARY_NOT_FOUND: (
        GpuState.NO_DRIVER,
        "No NVIDIA driver on this machine. GPU numbers appear here when stormdeck runs where vLLM runs.",
    ),
    Code.DRIVER_NOT_LOADED: (
        GpuState.NO_DRIVER,
        "The NVIDIA library is here, its driver is not loaded. In a container, start it with --gpus all.",
    ),
    Code.GPU_NOT_FOUND: (GpuState.NO_GPU, NO_GPU),
    Code.NO_PERMISSION: (
        GpuState.NO_PERMISSION,
        "This user may not ask the NVIDIA driver. Give it access to /dev/nvidia*, mostly by the group video or render.",
    ),
    Code.NO_BINDING: (
        GpuState.FAILED,
        "The Python package nvidia-ml-py cannot be imported: {text}. Install stormdeck again.",
    ),
    Code.LIBRARY_MISMATCH: (
        GpuState.FAILED,
        "The NVIDIA driver was updated while it ran: library and kernel module differ. Restart the machine.",
    ),
    Code.UNKNOWN: (
        GpuState.FAILED,
        "The NVIDIA driver answers: {text}. If this is a container, restart it: its access to the GPUs is gone.",
    ),
}
_OTHER = (GpuState.FAILED, "The NVIDIA driver answers: {text}. Try nvidia-smi on this machine.")
_GONE = "The NVIDIA driver answered before and says now: {text}. Try nvidia-smi on this machine."

_GPUS: dict[int, str] = {
    Code.GPU_IS_LOST: "It fell off the bus. Look for Xid in dmesg; restart the machine, then vLLM.",
    Code.RESET_REQUIRED: "It needs a reset. Stop vLLM, run nvidia-smi --gpu-reset, start vLLM again.",
    Code.NO_PERMISSION: "This user may not ask it. Give it access to /dev/nvidia*.",
    Code.INSUFFICIENT_POWER: "Its power cables are not connected.",
}

_SLOWED = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x10: "sync boost",
    0x20: "hot",
    0x40: "hot",
    0x80: "power brake",
    0x200: "board limit",
    0x400: "voltage limit",
}
"""Bits of ``nvmlClocksEventReason``. Left out: idle 0x1, clocks set by a user 0x2, display clocks 0x100."""


def state_of(error: NvmlError, answered: bool) -> GpuSnapshot:
    """Return the message for a driver that does not answer; ``answered``: it did before."""
    text = clean(error.text).rstrip(".")
    state, detail = _STATES.get(error.code, _OTHER)
    if answered and state is not GpuState.NO_PERMISSION:
        state, detail = GpuState.LOST, detail if state is GpuState.FAILED else _GONE
    return GpuSnapshot(state, detail.format(text=text))


def gpu_fault(error: NvmlError) -> str:
    """Return what is wrong with one GPU, with what to do next."""
    return _GPUS.get(error.code) or f"It cannot be read: {clean(error.text).rstrip('.')}. Try nvidia-smi."


def slowed_by(mask: int) -> tuple[str, ...]:
    """Return why a GPU is slowed down, by the bit mask of its clock event reasons."""
    return tuple(dict.fromkeys(word for bit, word in _SLOWED.items() if mask & bit))


def clean(text: str, longest: int = 120) -> str:
    """Return a foreign text on one line, without control, format and surrogate characters."""
    shown = "".join(
        " " if char in "\n\t" else char for char in text if char in "\n\t" or unicodedata.category(char)[0] != "C"
    )
    return " ".join(shown.split())[:longest]
