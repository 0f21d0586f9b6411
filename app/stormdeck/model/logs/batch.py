"""What a followed log hands on: lines, and how the log stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Lines that were read at once, in their order, without their ends; escape sequences still inside."""

    log: str
    """The log's name, as in its ``LogStatus``."""
    lines: tuple[str, ...]
    arrived: float
    """Unix seconds at which they were read."""
    history: bool
    """They stood in the file before it was followed: when they were written is not known."""
    since: float | None = None
    """Unix seconds of the read before: no line was written earlier. ``None``: all were written as they arrived."""


class LogState(StrEnum):
    """How a followed log stands."""

    FOLLOWING = "following"
    WAITING = "waiting"
    """There is no such file (any more); it is read once it appears."""
    NO_PERMISSION = "no permission"
    NOT_A_FILE = "not a file"
    """A folder, a pipe or a device is in its place; it is never opened."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LogStatus:
    """One log's state; handed on when it changes."""

    log: str
    path: Path
    state: LogState
    detail: str = ""
    """The state in plain words, with what to do where there is something to do."""
    size: int = 0
    """Bytes in the file when the state was told."""
    dropped: int = 0
    """Bytes that were not handed on so far: the rest of endless lines, and what came faster than it could be read."""
