"""What the panel says: read from its screen as a user does, and from what it hands to ``stormdeck status``."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass

from day_stack import Stack
from tmux import Pane

ATTEMPTS = re.compile(r"^\s*\d\d:\d\d\s+(\d+) attempts", re.MULTILINE)


@dataclass(frozen=True)
class Reading:
    """The panel at one moment."""

    screen: str
    counts: tuple[int, int, int] | None
    """Turns, requests and retries of the window, at the client's hop; none while it counts nothing."""
    storms: tuple[int, ...]
    """The attempts of each storm that it lists and that still goes on or is over."""

    @property
    def path(self) -> str:
        """Return the first row: the hops and their lights."""
        return self.screen.splitlines()[0].strip()

    @property
    def headline(self) -> str:
        """Return the verdict, two or three rows of it, as one line."""
        rows = self.screen.splitlines()[1:5]
        return " ".join(" ".join(rows).partition("REQUESTS")[0].split())

    @property
    def words(self) -> str:
        """Return all of it in a line, for the table."""
        counts = "no counts" if self.counts is None else "{} turns, {} requests, {} retries".format(*self.counts)
        return f"{self.headline} · {counts} · storms {list(self.storms)} · {self.path}"


def read_panel(pane: Pane, stack: Stack) -> Reading:
    """Return what a panel shows, and what an open one hands on."""
    window = (stack.status().get("requests") or {}).get("window")
    counts = None if window is None else (window["turns"], window["requests"], window["retries"])
    screen = pane.screen()
    return Reading(screen, counts, tuple(map(int, ATTEMPTS.findall(screen))))


def stored_storms(stack: Stack) -> list[dict]:
    """Return the storms that are remembered over restarts, oldest first."""
    file = stack.home.folder / ".local" / "state" / "stormdeck" / "storms.sqlite3"
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as base:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute("SELECT * FROM storms ORDER BY started")]
