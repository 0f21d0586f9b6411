"""How runs are made: in rounds, so that what the machine does meanwhile strikes all programs alike."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping

from bench.figures import Row
from bench.install import MissingError
from bench.place import Place
from bench.programs import Maker, Program
from bench.terminal import NotShownError, Terminal

START_S = 30.0
KEY_S = 10.0
REASON = 200
"""Characters of why a program is left out."""

Take = Callable[[Program], Mapping[str, float]]
"""Runs a program once and returns a sample by measure."""


def rounds(makers: Mapping[str, Maker], take: Take, runs: int, *, warm_up: bool = True) -> tuple[Row, ...]:
    """Return a row for each program; one that fails is left out with its reason, and the others go on."""
    programs: dict[str, Program] = {}
    failed: dict[str, str] = {}
    samples: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in makers}
    for number in range(-1 if warm_up else 0, runs):
        for name in (name for name in makers if name not in failed):
            try:
                program = programs[name] = programs.get(name) or makers[name]()
                taken = take(program)
            except (MissingError, NotShownError, OSError, subprocess.SubprocessError) as error:
                failed[name] = " ".join(str(error).split())[:REASON] or type(error).__name__
                continue
            if number >= 0:
                for key, value in taken.items():
                    samples[name][key].append(value)
    return tuple(
        Row(name, programs[name].version if name in programs else "", {}, failed[name])
        if name in failed
        else Row(name, programs[name].version, dict(samples[name]))
        for name in makers
    )


def started(program: Program, place: Place) -> Terminal:
    """Start a program; the terminal is a context manager."""
    return Terminal(program.command, place.environ, place.work)


def ready(terminal: Terminal, program: Program) -> None:
    """Wait for a program's first screen, then press the keys that lead to what is measured."""
    terminal.until_shows(program.shows, START_S)
    for keys, shown in program.before:
        terminal.rest(0.3)
        terminal.press(keys)
        terminal.until_shows(shown, KEY_S)
