"""Following a log that grows, in any program: what it costs and how far it is behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.logs import LAST, write
from bench.measure import memory, usage
from bench.place import Place
from bench.programs import Program
from bench.runs import ready, started
from bench.terminal import GaveUpError

BEFORE = 1000
"""Lines that are there from the start."""
PACKAGE = Path(__file__).parents[1]


def follow(
    program: Program,
    place: Place,
    log: Path,
    rate: int,
    seconds: float,
    give_up_s: float,
    *,
    only_requests: bool = False,
) -> dict[str, float]:
    """Run a program on a log that grows at a rate; return its CPU in % of a core, its lag in s, and its memory."""
    write(log, BEFORE)
    with started(program, place) as terminal:
        ready(terminal, program)
        terminal.rest(1.0)
        before = usage(terminal.pid)
        with subprocess.Popen(
            [sys.executable, "-m", "bench.logs", str(log), str(rate), str(seconds), *["requests"] * only_requests],
            cwd=PACKAGE,
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            try:
                shown = terminal.until_shows(LAST, seconds + give_up_s)
            except GaveUpError:
                shown = None
            written = writer.communicate()[0]
        if writer.returncode:
            raise OSError("the log could not be written")
        lag = give_up_s if shown is None else max(0.0, shown - float(written))
        after, held = usage(terminal.pid), memory(terminal.pid)
        return {"cpu": before.cpu_percent(after), "resident": held.resident, "own": held.own, "lag": lag}
