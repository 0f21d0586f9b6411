"""Hold lines that were read from a log, and the state of a log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from stormdeck.model.logs.spec import LogSpec


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Lines that were read at once, in order, without line ends. Escape sequences are still in them."""

    log: str
    """The log's name, as in its ``LogStatus``."""
    lines: tuple[str, ...]
    arrived: float
    """When they were read, in unix seconds."""
    history: bool
    """They were in the file before it was followed, so that it is unknown when they were written."""
    since: float | None = None
    """When the log was read before, in unix seconds: no line is older. ``None``: they were written as they arrived."""
    times: tuple[float | None, ...] = ()
    """When each line was written, in unix seconds, as its source knows it (the Engine API's, kubectl's or the journal's
    time stamp); empty: by the lines themselves, or when they arrived."""
    analyse_until: float | None = None
    """Until when its lines are analysed, by the monotonic clock, before they are only shown and counted: the log grows
    faster than requests can be told apart. ``None``: always."""

    def part(self, begin: int, end: int) -> LogBatch:
        """Return the lines from ``begin`` up to ``end``, with their times."""
        return replace(self, lines=self.lines[begin:end], times=self.times[begin:end])


class LogState(StrEnum):
    """The state of a followed log."""

    FOLLOWING = "following"
    WAITING = "waiting"
    """The file or container does not exist or run (any more); it is read once it does."""
    NO_PERMISSION = "no permission"
    NOT_A_FILE = "not a file"
    """The path is a folder or a device, which is never opened, or a pipe that the user did not name."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LogStatus:
    """The state of one log, published when it changes."""

    log: str
    path: LogSpec
    """What is followed: a file, or another place such as ``docker:vllm``."""
    state: LogState
    detail: str = ""
    """The state in plain words, and what to do about it, if anything."""
    size: int = 0
    """Size of the file in bytes at that time."""
    dropped: int = 0
    """Bytes skipped so far: the rest of endless lines, and what came faster than it could be read."""
