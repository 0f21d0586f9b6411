"""Where the measured programs run: an empty home of their own, so that nobody's configuration counts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured."""

    short_runs: int
    """Of what takes a second or two."""
    long_runs: int
    settle_s: float
    """Before a window, so that the start does not count."""
    window_s: float
    big_bytes: int
    """The size of the large log."""
    follow_s: float
    give_up_s: float
    """How long a lag is waited for."""
    hour_s: float
    """In how many seconds an hour's lines are written."""
    lines: int
    """Of the log to analyse."""


FULL = Effort(7, 3, 6.0, 20.0, 1_000_000_000, 8.0, 30.0, 60.0, 1_000_000)
QUICK = Effort(2, 1, 3.0, 4.0, 60_000_000, 2.0, 6.0, 6.0, 60_000)


@dataclass(frozen=True, slots=True)
class Place:
    """A scratch folder and the environment of what runs in it."""

    folder: Path

    @property
    def home(self) -> Path:
        """Return the home of the programs."""
        return self.folder / "home"

    @property
    def work(self) -> Path:
        """Return the folder they run in."""
        return self.folder / "work"

    @property
    def environ(self) -> dict[str, str]:
        """Return their environment: that of a plain login in a terminal of 256 colours or more."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TMPDIR": str(self.folder / "temp"),
        }

    def make(self) -> Place:
        """Make the folders."""
        for folder in (self.home, self.work, self.folder / "temp"):
            folder.mkdir(parents=True, exist_ok=True)
        return self
