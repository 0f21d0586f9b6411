"""Find the unit of systemd that a process belongs to. Linux only, from ``/proc``."""

from __future__ import annotations

import os
import re
from pathlib import Path

from stormdeck.model.logs.spec import JournalLog
from stormdeck.sources.io.bounded_read import read_bounded

_PROC = Path("/proc")
_MANAGER = re.compile(r"user@(\d+)\.service")
_SERVICE = ".service"


def unit_of(pid: int, proc: Path = _PROC, uid: int | None = None) -> JournalLog | None:
    """Return the service that a process is part of, as its journal is named; ``None`` if it is in none.

    A service of another user's manager is in that user's journal. One that this program is in too tells nothing.

    >>> unit_of(os.getpid()) is None
    True
    """
    group = _group(proc / str(pid))
    if not group or group == _group(proc / "self"):
        return None
    parts = group.split("/")
    managers = [found for part in parts if (found := _MANAGER.fullmatch(part)) is not None]
    services = [part for part in parts if part.endswith(_SERVICE) and _MANAGER.fullmatch(part) is None]
    if not services:
        return None
    if managers and int(managers[-1][1]) != (os.getuid() if uid is None else uid):
        return None
    name = services[-1].removesuffix(_SERVICE)
    return JournalLog(name, user=bool(managers)) if re.fullmatch(r"[\w:.\\@][\w:.\\@-]*", name) else None


def _group(process: Path) -> str:
    """Return the control group that systemd gave a process: of cgroup 2, or of the hierarchy of that name."""
    try:
        text = read_bounded(process / "cgroup", 64 * 1024).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
    rows = [row.split(":", 2) for row in text.splitlines()]
    known = {row[1]: row[2] for row in rows if len(row) == 3}
    return known.get("name=systemd") or known.get("", "")
