"""Read the end of a log once."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.spec import LogSpec, RemoteLog, StandardInput
from stormdeck.sources.logs.places.delivery import RECENT
from stormdeck.sources.logs.places.opening import UnreadError, read_once
from stormdeck.sources.logs.splitter import LineSplitter
from stormdeck.sources.logs.tail import Obstacle, open_log

END_BYTES = 512 * 1024
DEADLINE_S = 2.0
"""For a log that is no file."""
REMOTE_S = 10.0
"""For a log on another host: a login takes a second or more."""


class RecentLines(NamedTuple):
    """The last lines of a log, with their times where the log has them beside its lines."""

    batch: LogBatch
    """Named like the log's path or place; without lines where it cannot be read."""
    why: str = ""
    """Why it cannot be read."""


def recent_lines(log: LogSpec, most_bytes: int = END_BYTES) -> RecentLines:
    """Return the last complete lines of a log: of a file its end, of another place the last hour. Never raises."""
    empty = LogBatch(str(log), (), time.time(), history=True)
    if isinstance(log, Path):
        descriptor = open_log(log)
        if isinstance(descriptor, Obstacle):
            return RecentLines(empty, f"{descriptor.detail.partition(' yet;')[0]}.")
        return RecentLines(replace(empty, lines=_last_lines(descriptor, most_bytes)))
    if isinstance(log, StandardInput):
        return RecentLines(empty, "Standard input is read by the panel, watch and analyze only.")
    batches = []
    why = ""
    try:
        deadline_s = REMOTE_S if isinstance(log, RemoteLog) else DEADLINE_S
        batches = list(read_once(log, replace(RECENT, history_bytes=most_bytes), deadline_s))
    except UnreadError as error:
        why = f"{error}."
    lines = tuple(line for batch in batches for line in batch.lines)
    times = tuple(at for batch in batches for at in batch.times or (None,) * len(batch.lines))
    return RecentLines(replace(empty, lines=lines, times=times if any(times) else ()), why)


def _last_lines(descriptor: int, most_bytes: int) -> tuple[str, ...]:
    """Return the last complete lines of an open file, and close it."""
    try:
        size = os.fstat(descriptor).st_size
        start = max(0, size - most_bytes)
        data = os.pread(descriptor, most_bytes, start)
    except OSError:
        return ()
    finally:
        os.close(descriptor)
    if start:
        data = data.partition(b"\n")[2]
    splitter = LineSplitter()
    return tuple(splitter.split(data) + (splitter.split(b"\n") if splitter.holds else []))
