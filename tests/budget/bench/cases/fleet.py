"""What the fleet screen costs with a thousand instances behind a real Prometheus."""

from __future__ import annotations

import time
from statistics import median, quantiles

from bench import programs
from bench.cases.keys import DOWN, MOST_S, PAGE_DOWN, PAGE_UP, REST_S, SILENCE_S, TIMES, UP
from bench.figures import Budget, Measure, Table
from bench.many_servers import INSTANCES, PROXIES, SCRAPE_S, Fleet, many_servers
from bench.measure import memory, usage
from bench.place import Effort, Place
from bench.programs import OURS, Program
from bench.runs import KEY_S, START_S, rounds, started
from bench.terminal import Terminal

KEYS = (DOWN, DOWN, UP, PAGE_DOWN, PAGE_UP, "G", "g", "o", "n")
ROWS = "preempt/s"
"""A word of the titles, which come with the first rows."""
DOWN_QUERY = "up{job"
"""The last of the queries that the first rows need."""
ROOM_S = 15.0
MEASURES = (
    Measure("first", "rows after the answer", "s"),
    Measure("cpu", "CPU at 5 s", "% of a core"),
    Measure("resident", "resident", "MiB", 0),
    Measure("middle", "a key, median", "ms", 0),
    Measure("p95", "95 of 100 keys", "ms", 0),
)
BUDGETS = (
    Budget("first", 1.0, ""),
    Budget("cpu", 3.0, ""),
    Budget("resident", 120e6 / 2**20, "120 MB"),
    Budget("p95", 50, ""),
)


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    with many_servers(place) as fleet:
        rows = rounds(
            {OURS: lambda: programs.stormdeck("--prometheus", fleet.url)},
            lambda program: _measured(program, fleet, place, effort),
            effort.long_runs,
            warm_up=False,
        )
    return Table(
        "fleet",
        "A fleet",
        f"{INSTANCES:,} instances of vLLM and {PROXIES} LiteLLMs, played by one process that a real Prometheus scrapes"
        f" every {SCRAPE_S} s through relabelling; the panel on its screen 6. From the moment at which Prometheus has"
        f" answered the last query that rows need to the rows on the screen; then a window of {effort.window_s:.0f} s;"
        " then keys, painted as in the table of keys.",
        MEASURES,
        rows,
        (OURS,),
        "",
        BUDGETS,
    )


def _measured(program: Program, fleet: Fleet, place: Place, effort: Effort) -> dict[str, float]:
    begun = time.time()
    with started(program, place) as terminal:
        terminal.until_shows("Fleet", START_S)
        terminal.press("6")
        shown = time.time() - time.monotonic() + terminal.until_shows(ROWS, KEY_S + START_S)
        first = shown - fleet.answered(DOWN_QUERY, begun)
        # All queries of a minute come in it, and what the start has left is gone.
        terminal.rest(max(ROOM_S, effort.settle_s))
        before = usage(terminal.pid)
        terminal.rest(effort.window_s)
        after, held = usage(terminal.pid), memory(terminal.pid)
        painted = _painted(terminal)
    return {
        "first": first,
        "cpu": before.cpu_percent(after),
        "resident": held.resident,
        "middle": median(painted),
        "p95": quantiles(painted, n=20)[-1],
    }


def _painted(terminal: Terminal) -> list[float]:
    painted = []
    for key in KEYS * TIMES:
        took = terminal.painted_after(key, SILENCE_S, MOST_S)
        if took is not None:
            painted.append(took * 1000)
        terminal.rest(REST_S)
    if len(painted) < TIMES:
        raise OSError("its keys painted nothing")
    return painted
