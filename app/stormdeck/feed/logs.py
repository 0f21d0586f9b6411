"""Follows the logs: lines go into the book, requests into the meter."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore

from stormdeck.model.logs.access import parse_access
from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.endings import Ending, LogTails, ending
from stormdeck.model.retries.chain import UNSURE_S
from stormdeck.model.retries.transcript import Entry, EntryKind
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.logs.follow import Follower
from stormdeck.sources.transcripts.follow import TranscriptFollower


class LogEnds:
    """Keeps one line and one word of each log."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._endings: dict[str, Ending | None] = {}

    def take(self, batch: LogBatch) -> None:
        """Take the lines that came."""
        if batch.lines:
            self._last[batch.log] = batch.lines[-1]
            self._endings[batch.log] = ending(batch.lines, self._endings.get(batch.log))

    def tails(self, paths: Mapping[str, Path], *, last_lines: bool) -> LogTails:
        """Return what is known of the logs of these names; their last lines only where somebody reads them."""
        return LogTails(
            {str(path): self._last[name] for name, path in paths.items() if last_lines and name in self._last},
            {str(path): end for name, path in paths.items() if (end := self._endings.get(name)) is not None},
        )


WAITING_PIECES = 8
"""Pieces that may wait for the loop; a follower that is faster waits for it."""
PIECE = 1000
"""Lines that the loop takes at once: some 13 ms (measured), then keys and screen have their turn."""
SHOWN_S = 0.1
"""From one look at new lines to the next, at least: a paint costs as much as thousands of lines (measured)."""
PATIENCE_S = 0.2
LEFT_S = 900.0
"""For this long the log of a server that left the path is followed."""
SILENT_S = 5.0
"""A look at a log that takes longer means that its drive does not answer."""


class LogFeed:
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
        self._left: dict[Path, float] = {}
        """Followed logs whose server is off the path, and since when."""
        self._waiting: deque[tuple[LogBatch, bool]] = deque()
        """Pieces, and whether each is the last of what was read at once."""
        self._ends = LogEnds()
        self._statuses: dict[Path, LogStatus] = {}
        self._slots = BoundedSemaphore(WAITING_PIECES)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transcripts: TranscriptFollower | None = None
        self._stopped = False
        self._shown_at = -SHOWN_S
        self._showing: asyncio.TimerHandle | None = None
        self._unseen = False
        """Lines came that the screen was not told of."""
        self.on_requests: Callable[[], None] = lambda: None
        """Called when lines show main requests."""

    def follow(
        self, paths: Iterable[Path], nearest: Path | None = None, since: float | None = None, *, is_sure: bool = True
    ) -> None:
        """Follow these logs beside those that are followed already.

        ``nearest`` is the one nearest to the client, by default the first; ``since`` is when it became that, where it
        is known. Where that is not sure, the first log with a request counts until it is.
        """
        self._loop = asyncio.get_running_loop()
        self._drop_left()
        for path in (paths := tuple(paths)):
            self._left.pop(path, None)
            if path not in self._followers:
                follower = Follower(path, self._offer, self._stands, name=self._name(path), clock=self._clock)
                self._followers[path] = follower
                follower.start()
        nearest = nearest or next(iter(paths), None)
        if is_sure and nearest in self._followers:
            self._meter.set_primary(self._followers[nearest].name, since, self._clock())

    def follow_transcripts(self, folder: Path) -> None:
        """Follow what the clients write of their sessions; only its structure is read, never a text."""
        self._loop = asyncio.get_running_loop()
        self._transcripts = TranscriptFollower(folder, lambda entries: self._call(lambda: self._tell(entries)))
        self._transcripts.start()

    def _tell(self, entries: Iterable[Entry]) -> None:
        sent = False
        for entry in entries:
            self._meter.take_entry(entry)
            sent = sent or entry.kind is EntryKind.REQUEST
        if sent:
            # An attempt that meets a server that is down leaves no line.
            self.on_requests()

    def refuse(self, *, refuses: bool) -> None:
        """Note whether the hop nearest to the client refuses connections now: none of its lines tells."""
        self._meter.refuse(self._clock(), refuses=refuses)

    def leave(self, paths: Iterable[Path]) -> None:
        """Note that the server of these logs is not on the path any more.

        They are followed a while longer: it may come back, and what was written meanwhile has no times afterwards.
        """
        for path in paths:
            if path in self._followers:
                self._left[path] = self._clock()
                self._statuses.pop(path, None)

    def _drop_left(self) -> None:
        """Follow the logs no longer whose server has been off the path for long."""
        for path, left_at in list(self._left.items()):
            if self._clock() - left_at > LEFT_S:
                del self._left[path]
                follower = self._followers.pop(path)
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

    def troubles(self) -> OwnFaults:
        """Return what stands against following the logs, and what is to be said of those that are followed."""
        silent = [path for path, one in self._followers.items() if one.silent_s > SILENT_S and path not in self._left]
        unread = [f"{path} cannot be read: its drive does not answer" for path in silent]
        told = [status for path, status in self._statuses.items() if path not in silent and status.detail]
        return OwnFaults(
            unread=(*unread, *(status.detail for status in told if status.state is not LogState.FOLLOWING)),
            remarks=tuple(status.detail for status in told if status.state is LogState.FOLLOWING),
        )

    def _offer(self, batch: LogBatch) -> None:
        """Hand a batch to the loop in pieces; called in a follower's thread, and waits there while too many wait."""
        for begin in range(0, len(batch.lines), PIECE):
            while not self._slots.acquire(timeout=PATIENCE_S):
                if self._stopped:
                    return
            piece = replace(batch, lines=batch.lines[begin : begin + PIECE])
            self._waiting.append((piece, begin + PIECE >= len(batch.lines)))
            self._call(self._take_one)

    def _stands(self, status: LogStatus) -> None:
        self._call(lambda: self._note(status))

    def _note(self, status: LogStatus) -> None:
        """Keep how a log stands; tell the meter of one that is followed: it is read, even while it is silent."""
        if status.path in self._followers and status.path not in self._left:
            self._statuses[status.path] = status
        if status.state is LogState.FOLLOWING:
            self._meter.take(LogBatch(status.log, (), self._clock(), history=True))

    def _call(self, what: Callable[[], None]) -> None:
        if self._loop is None or self._stopped:
            return
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # the loop is closed: the panel is gone
            self._stopped = True

    def _take_one(self) -> None:
        """Take one piece and let the loop go on: however fast a log grows, keys and screen come in between."""
        batch, is_last = self._waiting.popleft()
        attempts = self._meter.take(self.counted(batch), self._book.end) if _counts(batch) else {}
        arrived = None if batch.history else batch.arrived
        read_late = batch.since is not None and batch.arrived - batch.since > UNSURE_S
        self._book.add(batch.log, batch.lines, arrived, since=batch.since if read_late else None)
        self._book.label(attempts)
        self._ends.take(batch)
        self._slots.release()
        self._unseen = True
        if is_last:
            self._show()
        self._show_later()
        if attempts:
            self.on_requests()

    def _show(self) -> None:
        """Tell the screen that lines came, no more often than eyes can follow; what comes sooner is told later."""
        now = time.monotonic()
        if self._unseen and not self._stopped and now - self._shown_at >= SHOWN_S:
            self._unseen, self._shown_at = False, now
            self._grew()

    def _show_later(self) -> None:
        """Let nothing stay unseen for long, also where there are always more lines."""
        if self._unseen and not self._stopped and self._loop is not None and self._showing is None:
            self._showing = self._loop.call_later(SHOWN_S, self._look_again)

    def _look_again(self) -> None:
        self._showing = None
        self._show()
        self._show_later()


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
