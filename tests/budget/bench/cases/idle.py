"""What an idle program costs."""

from __future__ import annotations

from bench import programs
from bench.figures import Budget, Table
from bench.logs import write
from bench.place import Effort, Place
from bench.programs import MINIMAL, OURS, Program
from bench.quiet import alone
from bench.runs import rounds
from bench.windows import MEASURES, window

LIMIT_PERCENT = 0.3
LIMIT_MIB = 60


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    log = place.work / "quiet.log"
    write(log, 1000)

    def ours() -> Program:
        alone(place)
        return programs.stormdeck()

    makers = {
        OURS: ours,
        MINIMAL: programs.minimal,
        "posting": programs.posting,
        "toolong": lambda: programs.toolong(log),
        "lnav": lambda: programs.lnav(log),
        "htop": programs.htop,
        "btop": programs.btop,
        "dolphie, connect dialog": programs.dolphie,
    }
    return Table(
        "idle",
        "Idle",
        f"Windows of {effort.window_s:.0f} s, all processes of the program, nothing to show that changes: no server, no"
        " log, or one that does not grow. htop and btop always have something to show.",
        MEASURES,
        rounds(makers, lambda program: window(program, place, effort), effort.long_runs, warm_up=False),
        (OURS,),
        MINIMAL,
        (Budget("cpu", LIMIT_PERCENT, ""), Budget("resident", LIMIT_MIB, "")),
    )
