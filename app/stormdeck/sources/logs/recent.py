"""Read the end of a log once."""

from __future__ import annotations

import os
from pathlib import Path

from stormdeck.sources.logs.splitter import LineSplitter
from stormdeck.sources.logs.tail import open_log

END_BYTES = 512 * 1024


def recent_lines(path: Path, most_bytes: int = END_BYTES) -> tuple[str, ...]:
    """Return the last complete lines of a log, none where it cannot be read. Never raises."""
    descriptor = open_log(path)
    if not isinstance(descriptor, int):
        return ()
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
