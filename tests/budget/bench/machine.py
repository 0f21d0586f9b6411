"""Which machine the figures are from."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

BUSY = 0.5
"""Load per core above which figures are not to be trusted."""


def describe() -> dict[str, str]:
    """Return what decides the figures, in words."""
    cores = len(os.sched_getaffinity(0))
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = os.getloadavg()[0] / cores
    described = {
        "CPU": f"{_cpu()} with {cores} cores",
        "memory": f"{gib:.0f} GiB",
        "Linux": platform.release(),
        "Python": platform.python_version(),
        "textual": version("textual"),
        "stormdeck": version("stormdeck"),
    }
    return described if busy < BUSY else {**described, "busy": f"at the start with {busy:.1f} runnable a core"}


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
