"""How long until something is on the screen."""

from __future__ import annotations

from bench import programs
from bench.figures import Budget, Measure, Table
from bench.logs import write
from bench.place import Effort, Place
from bench.programs import MINIMAL, OURS, Program
from bench.runs import START_S, rounds, started
from bench.stack import STACK, Stack

FIRST = Measure("first", "first screen", "s")
LIMIT_S = 0.30
TIMES_MINIMAL = 1.6


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    log = place.work / "small.log"
    write(log, 1000)

    def take(program: Program) -> dict[str, float]:
        with started(program, place) as terminal:
            return {"first": terminal.until_shows(program.shows, START_S) - terminal.begun}

    with Stack(place) as stack:
        ours = {OURS: programs.stormdeck, STACK: lambda: stack.panel().called(STACK)}
        peers = {
            MINIMAL: programs.minimal,
            "posting": programs.posting,
            "toolong": lambda: programs.toolong(log),
            "lnav": lambda: programs.lnav(log),
            "htop": programs.htop,
            "btop": programs.btop,
        }
        rows = rounds({**ours, **peers}, take, effort.short_runs)
    least = next((row.middle("first") for row in rows if row.program == MINIMAL), None)
    relative = [Budget("first", TIMES_MINIMAL * least, f"{TIMES_MINIMAL} times minimal Textual")] if least else []
    return Table(
        "first_screen",
        "First screen",
        "From exec to the first screen with its content, files in the page cache. toolong and lnav show 1,000 lines.",
        (FIRST,),
        rows,
        tuple(ours),
        MINIMAL,
        (Budget("first", LIMIT_S, ""), *relative),
    )
