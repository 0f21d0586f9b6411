"""The questions, one module each; the order is that of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.cases import analysis, big_log, check, first_screen, fleet, follow, hour, idle, keys, leave, live, wire
from bench.figures import Table
from bench.place import Effort, Place

CASES: Mapping[str, Callable[[Place, Effort], Table]] = {
    "first_screen": first_screen.run,
    "idle": idle.run,
    "live": live.run,
    "big_log": big_log.run,
    "follow_10k": follow.run_10k,
    "follow_100k": follow.run_100k,
    "flood": follow.run_flood,
    "hour": hour.run,
    "analysis": analysis.run,
    "check": check.run,
    "keys": keys.run,
    "leave": leave.run,
    "wire": wire.run,
    "fleet": fleet.run,
}
