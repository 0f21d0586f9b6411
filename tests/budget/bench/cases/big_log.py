"""How a log of a gigabyte opens."""

from __future__ import annotations

from bench import programs
from bench.figures import Budget, Measure, Table
from bench.logs import LAST, write_big
from bench.measure import memory
from bench.place import Effort, Place
from bench.programs import OURS, Program
from bench.runs import rounds, started

GIVE_UP_S = 60.0
LESS = "less -n +F"
START_UP = "stormdeck without a log"
MEASURES = (
    Measure("first", "first lines", "s"),
    Measure("last", "last line", "s"),
    Measure("own", "anonymous memory", "MiB", 0),
    Measure("peak", "most resident", "MiB", 0),
)


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    log = place.work / "big.log"
    write_big(log, effort.big_bytes)

    def take(program: Program) -> dict[str, float]:
        with started(program, place) as terminal:
            first = terminal.until_shows(program.shows, GIVE_UP_S) - terminal.begun
            if program.name == START_UP:
                return {"first": first}
            last = terminal.until_shows(LAST, GIVE_UP_S) - terminal.begun
            terminal.rest(effort.settle_s)
            held = memory(terminal.pid)
            return {"first": first, "last": last, "own": held.own, "peak": held.peak}

    makers = {
        OURS: lambda: programs.on_log(log),
        START_UP: lambda: programs.stormdeck(name=START_UP),
        LESS: lambda: programs.less(log),
        "lnav": lambda: programs.lnav(log),
        "toolong": lambda: programs.toolong(log),
    }
    rows = rounds(makers, take, effort.long_runs)
    log.unlink()
    base = {row.program: row.middle("first") for row in rows}
    less, start_up = base.get(LESS), base.get(START_UP)
    budgets = (Budget("first", less + start_up, "less and start-up"),) if less and start_up else ()
    return Table(
        "big_log",
        f"A log of {effort.big_bytes / 1e9:g} GB",
        "From exec, the file in the page cache. The last line is followed, not jumped to.",
        MEASURES,
        rows,
        (OURS,),
        "",
        budgets,
    )
