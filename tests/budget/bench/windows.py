"""What a program costs while it runs by itself for a while."""

from __future__ import annotations

from bench.figures import Measure
from bench.measure import memory, usage
from bench.place import Effort, Place
from bench.programs import Program
from bench.runs import ready, started

CPU = Measure("cpu", "CPU", "% of a core")
WAKEUPS = Measure("wakeups", "wake-ups", "/s", 0)
RESIDENT = Measure("resident", "resident", "MiB", 0)
OWN = Measure("own", "of it anonymous", "MiB", 0)
MEASURES = (CPU, WAKEUPS, RESIDENT, OWN)


def window(program: Program, place: Place, effort: Effort) -> dict[str, float]:
    """Start a program, let it settle, and measure a window of its life."""
    with started(program, place) as terminal:
        ready(terminal, program)
        terminal.rest(effort.settle_s)
        before = usage(terminal.pid)
        terminal.rest(effort.window_s)
        after, held = usage(terminal.pid), memory(terminal.pid)
        return {
            "cpu": before.cpu_percent(after),
            "wakeups": before.wakeups(after),
            "resident": held.resident,
            "own": held.own,
        }
