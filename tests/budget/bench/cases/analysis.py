"""How fast a log is read from end to end."""

from __future__ import annotations

import platform
import sys

from bench import programs
from bench.commands import once
from bench.figures import Measure, Table
from bench.install import from_distribution
from bench.logs import write
from bench.place import Effort, Place
from bench.programs import APPS, OURS, Program
from bench.runs import rounds

GREP = "grep -c"
LOOP = "a Python loop, one expression"
LNAV = "lnav -n, one filter"


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    log = place.work / "whole.log"
    write(log, effort.lines)

    def take(program: Program) -> dict[str, float]:
        taken = once(program, place)
        return {**taken, "each": taken["took"] / effort.lines * 1e6}

    def grep() -> Program:
        found = from_distribution("grep")
        return Program(GREP, found.version, (found.path, "-c", "POST", str(log)), "")

    def lnav() -> Program:
        found = from_distribution("lnav")
        return Program(LNAV, found.version, (found.path, "-n", "-c", ":filter-in POST", str(log)), "")

    def loop() -> Program:
        return Program(LOOP, platform.python_version(), (sys.executable, str(APPS / "count.py"), str(log)), "")

    makers = {OURS: lambda: programs.stormdeck("analyze", str(log)), GREP: grep, LNAV: lnav, LOOP: loop}
    rows = rounds(makers, take, effort.long_runs)
    log.unlink()
    return Table(
        "analysis",
        f"Analysing {effort.lines:,} lines",
        "`stormdeck analyze` tells turns, attempts and storms; the others count matching lines. From exec to the end.",
        (
            Measure("took", "time", "s"),
            Measure("each", "a line", "µs"),
            Measure("peak", "most resident", "MiB", 0),
        ),
        rows,
        (OURS,),
    )
