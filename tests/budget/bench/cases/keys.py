"""How soon a key press is on the screen."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from statistics import median, quantiles

from bench import programs
from bench.figures import Budget, Measure, Table
from bench.follow import PACKAGE
from bench.logs import SHOWN, write
from bench.place import Effort, Place
from bench.programs import OURS, Maker, Program
from bench.runs import ready, rounds, started

LIMIT_MS = 50
RATE = 2_000
"""Lines a second of the log that floods."""
VARIABLES = 20_000
"""Variables in the long settings file."""
TIMES = 5
"""How often the keys of a screen are pressed in a run."""
SILENCE_S = 0.025
"""What is painted until the terminal is silent for so long belongs to the key."""
MOST_S = 2.0
REST_S = 0.2
"""Between two keys."""
DOWN, UP, PAGE_DOWN, PAGE_UP, END, HOME, ESCAPE = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[5~", "\x1b[F", "\x1b[H", "\x1b"
SCREENS = {
    "overview": ("1", ("z", ESCAPE, "?", ESCAPE)),
    "logs": ("2", (UP, UP, PAGE_UP, PAGE_DOWN, END)),
    "settings": ("3", (DOWN, DOWN, UP, PAGE_DOWN, PAGE_UP, END, HOME)),
    "checks": ("4", (DOWN, UP, END, HOME)),
}
"""The key that leads to each screen, and the keys that are pressed there."""
CALM, FLOOD, LONG = "", f", {RATE:,} lines a second", f", {VARIABLES:,} settings"


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    log, settings = place.work / "keys.log", place.home / ".claude" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    states = {f"{OURS}, {screen}{state}": (screen, state) for state in (CALM, FLOOD, LONG) for screen in SCREENS}

    def take(program: Program) -> dict[str, float]:
        screen, state = states[program.name]
        env = {f"MY_VARIABLE_{number}": f"value {number}" for number in range(VARIABLES if state == LONG else 20)}
        settings.write_text(json.dumps({"env": env}, indent=2))
        write(log, 1000)
        with ExitStack() as stack:
            terminal = stack.enter_context(started(program, place))
            ready(terminal, program)
            if state == FLOOD:
                command = [sys.executable, "-m", "bench.logs", str(log), str(RATE), "3600"]
                writer = subprocess.Popen(command, cwd=PACKAGE, stdout=subprocess.DEVNULL)
                stack.callback(writer.wait)
                stack.callback(writer.kill)
            there, keys = SCREENS[screen]
            terminal.rest(2.0)
            terminal.press(there)
            terminal.rest(2.0)
            painted = []
            for key in keys * TIMES:
                took = terminal.painted_after(key, SILENCE_S, MOST_S)
                if took is not None:
                    painted.append(took * 1000)
                terminal.rest(REST_S)
        if len(painted) < TIMES:
            raise OSError("its keys painted nothing")
        return {"middle": median(painted), "p95": quantiles(painted, n=20)[-1], "most": max(painted)}

    def maker(name: str) -> Maker:
        return lambda: programs.stormdeck("--log", str(log), shows=SHOWN).called(name)

    rows = rounds({name: maker(name) for name in states}, take, effort.long_runs, warm_up=False)
    log.unlink()
    settings.unlink()
    return Table(
        "keys",
        "A key press",
        f"From the key to the last byte painted before {SILENCE_S * 1000:.0f} ms of silence, on each screen: calm,"
        f" while a log grows by {RATE:,} lines a second, and with {VARIABLES:,} variables in the settings. What the log"
        " paints meanwhile counts too. An escape waits 25 ms for what may follow it.",
        (Measure("middle", "median", "ms", 0), Measure("p95", "95 of 100", "ms", 0), Measure("most", "most", "ms", 0)),
        rows,
        tuple(states),
        "",
        (Budget("p95", LIMIT_MS, ""),),
    )
