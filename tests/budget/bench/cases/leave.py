"""How long a program takes to be gone once it is asked to."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import programs
from bench.figures import Budget, Measure, Table
from bench.logs import SHOWN, write
from bench.place import Effort, Place
from bench.programs import MINIMAL, OURS, Maker, Program
from bench.runs import ready, rounds, started

GONE = Measure("gone", "key to exit", "s")
LIMIT_S = 0.3
GONE_WITHIN_S = 20.0
AFTER_S = 1.5
"""After the first screen, so that the start is over."""


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    log = place.work / "leave.log"
    write(log, 1000)

    def take(program: Program) -> dict[str, float]:
        with started(program, place) as terminal:
            ready(terminal, program)
            terminal.rest(AFTER_S)
            pressed = time.monotonic()
            terminal.press(program.leave)
            return {"gone": terminal.until_ends(GONE_WITHIN_S) - pressed}

    with _hung_server() as url:
        states: dict[str, Maker] = {
            OURS: programs.stormdeck,
            "stormdeck, its logs screen": lambda: programs.stormdeck("--log", str(log)).then(("2", SHOWN)),
            "stormdeck, its servers hang": lambda: programs.stormdeck("--vllm", url, "--proxy", url),
        }
        peers: dict[str, Maker] = {
            MINIMAL: programs.minimal,
            "posting": programs.posting,
            "toolong": lambda: programs.toolong(log),
            "lnav": lambda: programs.lnav(log),
            "less -n +F": lambda: programs.less(log),
            "htop": programs.htop,
            "btop": programs.btop,
            "dolphie, connect dialog": programs.dolphie,
        }
        rows = rounds({**states, **peers}, take, effort.short_runs, warm_up=False)
    return Table(
        "leave",
        "Leaving",
        "From the key to the end of the process, a second and a half after the first screen.",
        (GONE,),
        rows,
        tuple(states),
        MINIMAL,
        (Budget("gone", LIMIT_S, ""),),
    )


@contextmanager
def _hung_server() -> Iterator[str]:
    """Yield the address of a server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
