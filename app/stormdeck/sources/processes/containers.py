"""Find the container of a process, and the command that shows its log. Linux only, from ``/proc``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from stormdeck.sources.io.bounded_read import read_bounded

_PROC = Path("/proc")
_RUNTIMES = (("kubepods", "kubectl"), ("libpod", "podman"), ("docker", "docker"))
"""A word in a container's control group, and the program that manages it."""
_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Container:
    """One container."""

    runtime: str
    """``docker``, ``podman`` or ``kubectl``."""
    name: str
    """The first characters of its id, which the program accepts as a name; ``NAME`` where it is not known."""

    def log_command(self, file: str) -> str:
        """Return the command that writes its log to a file."""
        return f"{self.runtime} logs -f {self.name} > {file} 2>&1 &"


def container_of(pid: int, proc: Path = _PROC) -> Container | None:
    """Return the container that a process runs in, ``None`` where that is the same as this program's."""
    group = _group(proc / str(pid))
    if not group or group == _group(proc / "self"):
        return None
    runtime = next((program for word, program in _RUNTIMES if word in group), None)
    if runtime is None:
        return None
    found = _ID.search(group)
    return Container(runtime, found[0][:12] if found is not None and runtime != "kubectl" else "NAME")


def _group(process: Path) -> str:
    try:
        return read_bounded(process / "cgroup", 64 * 1024).decode("utf-8", "replace")[:4096]
    except (OSError, ValueError):
        return ""
