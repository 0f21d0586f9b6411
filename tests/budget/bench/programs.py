"""The programs that are compared: how each is had, started, recognised on the screen, and left."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from bench.install import MissingError, from_distribution, from_pypi
from bench.logs import SHOWN

APPS = Path(__file__).parent / "apps"
MINIMAL = "minimal Textual"
OURS = "stormdeck"
NOWHERE = "http://127.0.0.1:9"
"""A port where nothing listens."""
CTRL_C, CTRL_Q = "\x03", "\x11"


@dataclass(frozen=True, slots=True)
class Program:
    """One way to start a program."""

    name: str
    """What its row is called."""
    version: str
    command: tuple[str, ...]
    shows: str
    """A word of its first whole screen."""
    leave: str = "q"
    before: tuple[tuple[str, str], ...] = ()
    """Keys that lead to what is measured, and the word that each shows."""

    def called(self, name: str) -> Program:
        """Return it under another name."""
        return replace(self, name=name)

    def then(self, *before: tuple[str, str]) -> Program:
        """Return it with keys that lead to what is measured."""
        return replace(self, before=before)


Maker = Callable[[], Program]


def stormdeck(*arguments: str, shows: str = "palette", name: str = OURS) -> Program:
    """Return the panel of this checkout's environment."""
    program = Path(sys.executable).with_name("stormdeck")
    if not program.exists():
        raise MissingError(f"{program} is not there; run `make bench`, which builds .venv")
    return Program(name, version("stormdeck"), (str(program), *arguments), shows)


def on_log(log: Path) -> Program:
    """Return the panel on a log, with a server that is named: without one it says first what it has found."""
    return stormdeck("--log", str(log), "--vllm", NOWHERE, shows=SHOWN)


def minimal() -> Program:
    """Return the least Textual program, on the same Textual."""
    return Program(MINIMAL, version("textual"), (sys.executable, str(APPS / "minimal.py")), "leave")


def live(url: str) -> Program:
    """Return a plain Textual dashboard of vLLM's metrics."""
    return Program(MINIMAL, version("textual"), (sys.executable, str(APPS / "live.py"), url), "leave")


def posting() -> Program:
    """Return posting; tree-sitter 0.26 makes it crash at the start."""
    found = from_pypi("posting", "posting==2.11.1", "tree-sitter<0.26")
    return Program("posting", found.version, (found.path,), "Collection", leave=CTRL_C)


def toolong(log: Path) -> Program:
    """Return toolong on a log."""
    found = from_pypi("tl", "toolong==1.5.0")
    return Program("toolong", found.version, (found.path, str(log)), SHOWN, leave=CTRL_C)


def dolphie() -> Program:
    """Return dolphie at its connect dialog."""
    found = from_pypi("dolphie", "dolphie==6.18.0")
    return Program("dolphie, connect dialog", found.version, (found.path, "--tab-setup"), "Hostgroup", leave=CTRL_Q)


def lnav(log: Path) -> Program:
    """Return lnav on a log."""
    found = from_distribution("lnav")
    return Program("lnav", found.version, (found.path, str(log)), SHOWN)


def less(log: Path) -> Program:
    """Return less following a log, without line numbers."""
    found = from_distribution("less")
    return Program("less -n +F", found.version, (found.path, "-n", "+F", str(log)), SHOWN, leave=f"{CTRL_C}q")


def tail(log: Path) -> Program:
    """Return tail following a log."""
    found = from_distribution("coreutils", "tail")
    return Program("tail -f", found.version, (found.path, "-f", str(log)), SHOWN, leave=CTRL_C)


def htop(*arguments: str) -> Program:
    """Return htop."""
    found = from_distribution("htop")
    return Program("htop", found.version, (found.path, *arguments), "Command")


def btop() -> Program:
    """Return btop."""
    found = from_distribution("btop")
    return Program("btop", found.version, (found.path, "--utf-force"), "Program:")
