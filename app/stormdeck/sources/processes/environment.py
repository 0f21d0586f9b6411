"""Read single variables from the environment of a server's process."""

from __future__ import annotations

import pwd
from collections.abc import Callable
from pathlib import Path

from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.processes.table import unreadable


def variables_of(process: ServerProcess | None) -> Callable[[str], str | None]:
    """Return a function that gives a variable's value; ``None`` where the process is unknown or another user's.

    The environment is read at the first call, and only for addresses and names: keys are never asked for.
    """
    read: dict[str, str] | None = None

    def value(name: str) -> str | None:
        nonlocal read
        if read is None:
            read = _environment(process) if process is not None else {}
        return read.get(name)

    return value


def home_of(process: ServerProcess) -> Path | None:
    """Return the home folder of the user who runs a process."""
    import psutil

    home = _environment(process).get("HOME")
    if home:
        return Path(home)
    try:
        return Path(pwd.getpwuid(psutil.Process(process.pid).uids().real).pw_dir)
    except unreadable():
        return None


def hidden_access_lines(pid: int, kind: ServerKind | None) -> str:
    """Return the variable that keeps access lines out of a server's log; empty if none does.

    LiteLLM writes none with ``LITELLM_LOG=ERROR`` (measured, 1.109.1).
    """
    if kind is not ServerKind.LITELLM:
        return ""
    import psutil

    try:
        level = psutil.Process(pid).environ().get("LITELLM_LOG", "")
    except unreadable():
        return ""
    return "LITELLM_LOG=ERROR" if level.upper() == "ERROR" else ""


def _environment(process: ServerProcess) -> dict[str, str]:
    import psutil

    try:
        return dict(psutil.Process(process.pid).environ())
    except unreadable():
        return {}
