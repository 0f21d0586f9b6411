"""Follows the logs: lines go into the book, requests into the meter."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore

from stormdeck.feed.logends import LogEnds
from stormdeck.model.logs.access import parse_access
from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.tails import LogTails
from stormdeck.model.meter import TrafficMeter
from stormdeck.model.retries.transcript import Entry
from stormdeck.sources.logs.follow import Follower
from stormdeck.sources.transcripts.follow import TranscriptFollower

WAITING_BATCHES = 8
"""Batches that may wait for the loop; a follower that is faster waits for it."""
PATIENCE_S = 0.2


class LogDesk:
    """Batches cross from the followers' threads to the loop here, and nowhere else."""

    def __init__(
        self, book: LogBook, meter: TrafficMeter, grew: Callable[[], None], clock: Callable[[], float] = time.time
    ) -> None:
        self.counted: Callable[[LogBatch], LogBatch] = lambda batch: batch
        """Leaves out the lines that are no turns of the client, as our own canary's."""
        self._book = book
        self._meter = meter
        self._grew = grew
        self._clock = clock
        self._followers: dict[Path, Follower] = {}
        self._waiting: deque[LogBatch] = deque()
        self._ends = LogEnds()
        self._slots = BoundedSemaphore(WAITING_BATCHES)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transcripts: TranscriptFollower | None = None
        self._stopped = False
        self.on_requests: Callable[[], None] = lambda: None
        """Called when lines show main requests."""

    def follow(self, paths: Iterable[Path]) -> None:
        """Follow these logs beside those that are followed already; the first is the one nearest to the client."""
        self._loop = asyncio.get_running_loop()
        for position, path in enumerate(paths):
            follower = self._followers.get(path)
            if follower is None:
                follower = Follower(path, self._offer, self._stands, name=self._name(path), clock=self._clock)
                self._followers[path] = follower
                follower.start()
            if position == 0:
                self._meter.set_primary(follower.name)

    def follow_transcripts(self, folder: Path) -> None:
        """Follow what the clients write of their sessions; only its structure is read, never a text."""
        self._loop = asyncio.get_running_loop()
        self._transcripts = TranscriptFollower(folder, lambda entries: self._call(lambda: self._tell(entries)))
        self._transcripts.start()

    def _tell(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._meter.take_entry(entry)

    def leave(self, paths: Iterable[Path]) -> None:
        """Follow these logs no longer: their server is not on the path any more."""
        for path in paths:
            follower = self._followers.pop(path, None)
            if follower is not None:
                follower.stop()
                self._meter.forget(follower.name)

    def stop(self) -> None:
        """End every follower; returns at once."""
        self._stopped = True
        for follower in self._followers.values():
            follower.stop()
        if self._transcripts is not None:
            self._transcripts.stop()

    def tails(self, *, last_lines: bool) -> LogTails:
        """Return what the ends of the followed logs tell."""
        return self._ends.tails({one.name: path for path, one in self._followers.items()}, last_lines=last_lines)

    def _name(self, path: Path) -> str:
        """Return a name that no other followed log has."""
        taken = {follower.name for follower in self._followers.values()}
        return path.name if path.name not in taken else str(path)

    def _offer(self, batch: LogBatch) -> None:
        """Hand a batch to the loop; called in a follower's thread, and waits there while too many wait."""
        while not self._slots.acquire(timeout=PATIENCE_S):
            if self._stopped:
                return
        self._waiting.append(batch)
        self._call(self._drain)

    def _stands(self, status: LogStatus) -> None:
        self._call(lambda: self._note(status))

    def _note(self, status: LogStatus) -> None:
        """Tell the meter of a log that is followed: it is read, even while it is silent."""
        if status.state is LogState.FOLLOWING:
            self._meter.take(LogBatch(status.log, (), self._clock(), history=True))

    def _call(self, what: Callable[[], None]) -> None:
        if self._loop is None or self._stopped:
            return
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # the loop is closed: the panel is gone
            self._stopped = True

    def _drain(self) -> None:
        asked = False
        while self._waiting:
            batch = self._waiting.popleft()
            attempts = self._meter.take(batch, self._book.end) if _counts(batch) else {}
            self._book.add(batch.log, batch.lines, None if batch.history else batch.arrived)
            self._book.label(attempts)
            self._ends.take(batch)
            self._slots.release()
            asked |= bool(attempts)
        self._grew()
        if asked:
            self.on_requests()


def _counts(batch: LogBatch) -> bool:
    """Say whether the requests of a batch can be told in time.

    What stood in a log before, without times of its own, may be of yesterday: tied to what comes now by order alone
    it would make storms of it.
    """
    if not batch.history:
        return True
    first = next((access for line in batch.lines if " HTTP/" in line and (access := parse_access(line, _local))), None)
    return first is not None and first.time is not None


def _local(written: datetime) -> float:
    return written.timestamp()
