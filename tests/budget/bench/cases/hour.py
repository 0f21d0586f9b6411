"""What is held after an hour of a busy log."""

from __future__ import annotations

from bench import programs
from bench.figures import Budget, Table
from bench.follow import follow
from bench.place import Effort, Place
from bench.programs import OURS, Program
from bench.runs import rounds
from bench.windows import OWN, RESIDENT

LINES = 3_600_000
LIMIT_MIB = 120
LONGEST_S = 60.0
"""Of which the rate follows: a quick run writes fewer lines."""


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    log = place.work / "hour.log"
    rate = round(LINES / LONGEST_S)

    def take(program: Program) -> dict[str, float]:
        taken = follow(program, place, log, rate, effort.hour_s, effort.give_up_s)
        return {key: taken[key] for key in ("resident", "own")}

    makers = {
        OURS: lambda: programs.on_log(log),
        "less -n +F": lambda: programs.less(log),
        "lnav": lambda: programs.lnav(log),
    }
    rows = rounds(makers, take, 1, warm_up=False)
    log.unlink()
    return Table(
        "hour",
        f"Memory after {rate * effort.hour_s:,.0f} lines",
        f"An hour of 1,000 lines a second, written in {LONGEST_S:.0f} s: the same lines in a sixtieth of the time, so"
        " that what is kept for some minutes holds sixty times as much. One run.",
        (RESIDENT, OWN),
        rows,
        (OURS,),
        "",
        (Budget("resident", LIMIT_MIB, ""),),
    )
