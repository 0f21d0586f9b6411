"""Following a log that grows fast."""

from __future__ import annotations

from bench import programs
from bench.figures import Budget, Measure, Table
from bench.follow import follow
from bench.logs import SHOWN
from bench.place import Effort, Place
from bench.programs import OURS, Program
from bench.runs import rounds
from bench.windows import CPU, OWN

SLOW, FAST = 10_000, 100_000
LIMIT_PERCENT = 15
LIMIT_LAG_S = 0.2
FLOOD_S = 3.0
LIMIT_BEHIND_S = 2.0
ON_LOGS = "stormdeck, its logs screen"


def run_10k(place: Place, effort: Effort) -> Table:
    """Return the table of ten thousand lines a second."""
    return _run(place, effort, "follow_10k", SLOW)


def run_100k(place: Place, effort: Effort) -> Table:
    """Return the table of a hundred thousand lines a second."""
    budgets = (Budget("cpu", LIMIT_PERCENT, ""), Budget("lag", LIMIT_LAG_S, ""))
    return _run(place, effort, "follow_100k", FAST, budgets)


def run_flood(place: Place, effort: Effort) -> Table:
    """Return the table of a hundred thousand main requests a second: more than can be analysed as they come."""
    log = place.work / "flood.log"

    def take(program: Program) -> dict[str, float]:
        taken = follow(program, place, log, FAST, FLOOD_S, effort.give_up_s, only_requests=True)
        return {key: taken[key] for key in ("lag", "own")}

    def ours() -> Program:
        return programs.on_log(log)

    makers = {
        OURS: ours,
        ON_LOGS: lambda: ours().called(ON_LOGS).then(("2", SHOWN)),
        "less -n +F": lambda: programs.less(log),
        "lnav": lambda: programs.lnav(log),
        "toolong": lambda: programs.toolong(log),
    }
    rows = rounds(makers, take, effort.long_runs, warm_up=False)
    log.unlink()
    return Table(
        "flood",
        f"A flood of {FAST:,} requests a second",
        f"Main requests only, for {FLOOD_S:.0f} s. stormdeck analyses what it can, shows the rest and counts it.",
        (Measure("lag", "lag of the last line", "s", ceiling=effort.give_up_s), OWN),
        rows,
        (OURS, ON_LOGS),
        "",
        (Budget("lag", LIMIT_BEHIND_S, ""),),
    )


def _run(place: Place, effort: Effort, key: str, rate: int, budgets: tuple[Budget, ...] = ()) -> Table:
    log = place.work / "growing.log"

    def take(program: Program) -> dict[str, float]:
        return follow(program, place, log, rate, effort.follow_s, effort.give_up_s)

    def ours() -> Program:
        return programs.on_log(log)

    makers = {
        OURS: ours,
        ON_LOGS: lambda: ours().called(ON_LOGS).then(("2", SHOWN)),
        "less -n +F": lambda: programs.less(log),
        "tail -f": lambda: programs.tail(log),
        "lnav": lambda: programs.lnav(log),
        "toolong": lambda: programs.toolong(log),
    }
    rows = rounds(makers, take, effort.long_runs, warm_up=False)
    log.unlink()
    lag = Measure("lag", "lag of the last line", "s", ceiling=effort.give_up_s)
    return Table(
        key,
        f"Following {rate:,} lines a second",
        f"Requests, polls and errors of a proxy for {effort.follow_s:.0f} s, a hundred writes a second. The lag is from"
        " the last line in the file to the last line on the screen; the CPU is over both.",
        (CPU, lag, OWN),
        rows,
        (OURS, ON_LOGS),
        "",
        budgets,
    )
