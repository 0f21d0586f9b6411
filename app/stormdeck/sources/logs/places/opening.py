"""Make the source that follows a log, or read one once, whatever kind it is."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.model.logs.spec import ContainerLog, JournalLog, LogSpec, PodLog, RemoteLog
from stormdeck.sources.logs.follow import Follower
from stormdeck.sources.logs.places.container import ContainerSource
from stormdeck.sources.logs.places.delivery import HISTORY_BYTES, LIVE, Span
from stormdeck.sources.logs.places.journal import JournalSource
from stormdeck.sources.logs.places.kubernetes import PodSource
from stormdeck.sources.logs.places.pipe import PipeSource
from stormdeck.sources.logs.places.source import LogSource, Receiver, StreamedLog
from stormdeck.sources.logs.places.ssh import RemoteFileSource, RemoteSource

MOST_QUEUED = 16
END_S = 3.0
"""For the end of the programs that showed a log."""
PATIENCE_S = 0.2


def source_of(spec: LogSpec, to: Receiver, name: str = "", span: Span = LIVE) -> LogSource:
    """Return a source that is not yet started. ``name`` is what its batches are called, by default the log's name."""
    if isinstance(spec, Path):
        if _is_pipe(spec):
            return PipeSource(spec, to, name, span)
        most = int(min(span.history_bytes, HISTORY_BYTES))
        return Follower(spec, to.deliver, to.on_status, history_bytes=most, clock=to.clock, name=name)
    return stream_of(spec, to, name, span)


def stream_of(spec: LogSpec, to: Receiver, name: str = "", span: Span = LIVE) -> StreamedLog:
    """Return the source of a log that is no file."""
    if isinstance(spec, ContainerLog):
        return ContainerSource(spec, to, name, span)
    if isinstance(spec, JournalLog):
        return JournalSource(spec, to, name, span)
    if isinstance(spec, PodLog):
        return PodSource(spec, to, name, span)
    if isinstance(spec, RemoteLog):
        kind = RemoteFileSource if isinstance(spec.log, Path) else RemoteSource
        return kind(spec, to, name, span)
    return PipeSource(spec, to, name, span)


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except (OSError, ValueError):
        return False


class UnreadError(Exception):
    """A log cannot be read; the text says why."""


def read_once(spec: LogSpec, span: Span, deadline_s: float | None = None) -> Iterator[LogBatch]:
    """Yield the lines of a log that is no file, up to its end. ``deadline_s`` is for all of it.

    Raises ``UnreadError`` where it cannot be read.
    """
    items: queue.Queue[LogBatch | LogStatus] = queue.Queue(MOST_QUEUED)
    closed = threading.Event()

    def put(item: LogBatch | LogStatus) -> None:
        while not closed.is_set():
            try:
                items.put(item, timeout=PATIENCE_S)
            except queue.Full:
                continue
            return

    source = stream_of(spec, Receiver(put, put), span=span)
    end = None if deadline_s is None else time.monotonic() + deadline_s
    source.start()
    try:
        while True:
            try:
                item = items.get(timeout=None if end is None else max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise UnreadError(f"{spec} was not read within {deadline_s:g} s") from None
            if isinstance(item, LogBatch):
                yield item
            elif item.state is LogState.FOLLOWING:
                return
            else:
                raise UnreadError(item.detail)
    finally:
        closed.set()
        source.stop()
        # A command that ends before its programs do would leave them, and print what asyncio thinks of that.
        source.wait_ended(END_S)
