"""What a program costs: CPU, wake-ups and memory of all processes of its session, as Linux  shows them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
MIB = 1024 * 1024
SESSION = 5
"""Which field of ``/proc/PID/stat`` is the session, counted from 0."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a session has used so far."""

    at: float
    """Monotonic, in seconds."""
    cpu_s: float
    """User and system time of its processes, ended threads included, to the nanosecond."""
    woken: dict[int, int]
    """Voluntary context switches by thread: each is one wake-up."""

    def cpu_percent(self, later: Usage) -> float:
        """Return what share of one core was used until then."""
        return 100 * (later.cpu_s - self.cpu_s) / (later.at - self.at)

    def wakeups(self, later: Usage) -> float:
        """Return how often a second its threads woke until then."""
        woken = sum(count - self.woken.get(thread, 0) for thread, count in later.woken.items())
        return woken / (later.at - self.at)


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a session's processes, in MiB, added up."""

    resident: float
    """Rss of smaps_rollup: all pages in memory, shared libraries and mapped files included."""
    own: float
    """Anonymous of smaps_rollup: without files that are only mapped."""
    peak: float
    """VmHWM of status: the most that was ever resident."""


def session(pid: int) -> list[int]:
    """Return the living processes of the session that this process leads."""
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                # The two fields before the closing bracket are not counted here.
                if int(fields[SESSION - 2]) == pid:
                    found.append(int(folder.name))
    return found


def usage(pid: int) -> Usage:
    """Return what the session of this process has used so far."""
    cpu, woken = 0.0, {}
    for one in session(pid):
        with contextlib.suppress(OSError):
            # The process's own CPU clock (clock_getcpuclockid(3)); /proc/PID/stat tells the same in steps of 10 ms.
            cpu += time.clock_gettime(~one << 3 | 2)
            woken.update(_woken(one))
    return Usage(time.monotonic(), cpu, woken)


def memory(pid: int) -> Memory:
    """Return what the session of this process holds."""
    resident = own = peak = 0.0
    for one in session(pid):
        with contextlib.suppress(OSError):
            rollup = dict(kib(PROC / str(one) / "smaps_rollup"))
            status = dict(kib(PROC / str(one) / "status"))
            resident += rollup.get("Rss", 0) * 1024 / MIB
            own += rollup.get("Anonymous", 0) * 1024 / MIB
            peak += status.get("VmHWM", 0) * 1024 / MIB
    return Memory(resident, own, peak)


def _woken(pid: int) -> Iterator[tuple[int, int]]:
    for task in (PROC / str(pid) / "task").iterdir():
        with contextlib.suppress(OSError):
            status = (task / "status").read_text()
            yield int(task.name), int(status.partition("\nvoluntary_ctxt_switches:")[2].split(maxsplit=1)[0])


def kib(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the amounts of a file of /proc that counts in kB."""
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            yield name, int(value.split()[0])
