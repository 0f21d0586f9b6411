"""Follow the logs: add their lines to the log book and their requests to the traffic meter."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore

from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.endings import Ending, LogTails, ending
from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.retries.chain import UNSURE_S
from stormdeck.model.retries.transcript import Entry, EntryKind
from stormdeck.model.snapshots.containers import ContainerFacts, ContainersSnapshot
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.snapshots.server import VllmSnapshot
from stormdeck.model.traffic.access_lines import AccessLines, uncounted_words
from stormdeck.model.traffic.log_reader import has_times
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.units import plural
from stormdeck.sources.io.background import call_in_loop
from stormdeck.sources.logs.places.opening import source_of
from stormdeck.sources.logs.places.source import LogSource, Receiver
from stormdeck.sources.transcripts.follow import TranscriptFollower


class LogEnds:
    """Keep the last line of each log, and how its process ended."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._endings: dict[str, Ending | None] = {}

    def take(self, batch: LogBatch) -> None:
        """Process a batch of lines."""
        if batch.lines:
            self._last[batch.log] = batch.lines[-1]
            self._endings[batch.log] = ending(batch.lines, self._endings.get(batch.log))

    def tails(self, logs: Mapping[str, LogSpec], *, last_lines: bool) -> LogTails:
        """Return the endings of these logs by path or place, and their last lines if ``last_lines``."""
        return LogTails(
            {str(log): self._last[name] for name, log in logs.items() if last_lines and name in self._last},
            {str(log): end for name, log in logs.items() if (end := self._endings.get(name)) is not None},
        )


MAX_QUEUED = 8
"""Chunks that may wait for the event loop; a follower's thread that is faster blocks."""
MANY_REQUESTS = 50
"""Requests in a chunk of a log that is behind; more are not analysed, so that the screen keeps up."""
CHUNK = 1000
"""Lines processed in one call of the loop: about 13 ms (measured), then keys and the screen get their turn."""
NOTIFY_S = 0.1
"""Least time between two notifications of the log view: a paint costs as much as thousands of lines (measured)."""
PATIENCE_S = 0.2
LEFT_S = 900.0
"""How long the log of a server that left the path is still followed."""
SKIPPED_S = 900.0
"""How long it is said that lines were not analysed."""
SILENT_S = 5.0
"""A read that takes longer means that the drive does not answer."""


class LogFeed:
    """Run the log followers. The only place where batches cross from their threads to the event loop."""

    def __init__(
        self, book: LogBook, meter: TrafficMeter, on_lines: Callable[[], None], clock: Callable[[], float] = time.time
    ) -> None:
        self.without_own: Callable[[LogBatch], LogBatch] = lambda batch: batch
        """Removes the access lines of stormdeck's own canary from a batch."""
        self._book = book
        self._meter = meter
        self._on_lines = on_lines
        self._clock = clock
        self._followers: dict[LogSpec, LogSource] = {}
        self._containers: dict[LogSpec, ContainerFacts] = {}
        self._left: dict[LogSpec, float] = {}
        """Followed logs whose server left the path, and when it did."""
        self._queue: deque[tuple[LogBatch, bool]] = deque()
        """Chunks, and whether each is the last of its batch."""
        self._ends = LogEnds()
        self._access = AccessLines()
        self._skipped: dict[str, tuple[int, float]] = {}
        """How many lines of a log were not analysed, and when the last of them came."""
        self._statuses: dict[LogSpec, LogStatus] = {}
        self._slots = BoundedSemaphore(MAX_QUEUED)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transcripts: TranscriptFollower | None = None
        self._stopped = False
        self._notified_at = -NOTIFY_S
        self._timer: asyncio.TimerHandle | None = None
        self._unseen = False
        """Whether lines were added since the last notification."""
        self.on_requests: Callable[[], None] = lambda: None
        """Called when lines contain requests of a turn."""

    def follow(
        self,
        logs: Iterable[LogSpec],
        nearest: LogSpec | None = None,
        since: float | None = None,
        *,
        is_sure: bool = True,
    ) -> None:
        """Follow these logs, in addition to those that are followed already.

        ``nearest`` is the log of the hop nearest to the client, by default the first; ``since`` is when it became the
        nearest, if known. Unless ``is_sure``, the first log with a request counts as the nearest meanwhile.
        """
        self._loop = asyncio.get_running_loop()
        self._drop_left()
        for log in (logs := tuple(logs)):
            self._left.pop(log, None)
            if log not in self._followers:
                to = Receiver(self._offer, self._on_status, partial(self._on_facts, log), self._clock)
                follower = self._followers[log] = source_of(log, to, self._name(log))
                follower.start()
        nearest = nearest or next(iter(logs), None)
        if is_sure and nearest in self._followers:
            self._meter.set_primary(self._followers[nearest].name, since, self._clock())

    def follow_transcripts(self, folder: Path) -> None:
        """Follow the clients' transcripts. Only their structure is kept, never a text."""
        self._loop = asyncio.get_running_loop()
        self._transcripts = TranscriptFollower(
            folder, lambda entries: self._call_in_loop(lambda: self._take_entries(entries))
        )
        self._transcripts.start()

    def _take_entries(self, entries: Iterable[Entry]) -> None:
        sent = False
        for entry in entries:
            self._meter.take_entry(entry)
            sent = sent or entry.kind is EntryKind.REQUEST
        if sent:
            # An attempt at a server that is down leaves no log line.
            self.on_requests()

    def set_refusing(self, *, refuses: bool) -> None:
        """Tell the meter whether the hop nearest to the client refuses connections, which no log line shows."""
        self._meter.set_refusing(self._clock(), refuses=refuses)

    def compare(self, server: VllmSnapshot, logs: Iterable[LogSpec]) -> None:
        """Compare the requests that a server has finished with its logs, if they are followed."""
        if server.engine is None or server.engine.finished is None or not self._followers.keys() & set(logs):
            self._access.forget()
            return
        self._access.take_figures(server.seen, server.engine.finished, server.engine.running + server.engine.waiting)

    def uncounted(self) -> str:
        """Return why requests cannot be counted; empty if they can."""
        return uncounted_words(self._access.missing(self._clock())) or self._meter.unread

    def leave(self, logs: Iterable[LogSpec]) -> None:
        """Mark these logs as off the path.

        They are followed for another ``LEFT_S``: if the server comes back, lines read late would have no times.
        """
        for log in logs:
            if log in self._followers:
                self._left[log] = self._clock()
                self._statuses.pop(log, None)
                self._containers.pop(log, None)

    def _drop_left(self) -> None:
        """Stop following logs that left the path more than ``LEFT_S`` ago."""
        for log, left_at in list(self._left.items()):
            if self._clock() - left_at > LEFT_S:
                del self._left[log]
                follower = self._followers.pop(log)
                follower.stop()
                self._meter.forget(follower.name)

    def stop(self) -> None:
        """Stop all followers and return at once."""
        self._stopped = True
        for follower in self._followers.values():
            follower.stop()
        if self._transcripts is not None:
            self._transcripts.stop()

    def tails(self, *, last_lines: bool) -> LogTails:
        """Return the endings of the followed logs."""
        return self._ends.tails({one.name: log for log, one in self._followers.items()}, last_lines=last_lines)

    def containers(self) -> ContainersSnapshot:
        """Return the containers whose logs are followed."""
        return ContainersSnapshot(tuple(self._containers.values()))

    def _on_facts(self, log: LogSpec, facts: ContainerFacts) -> None:
        self._call_in_loop(lambda: self._store_facts(log, facts))

    def _store_facts(self, log: LogSpec, facts: ContainerFacts) -> None:
        if log in self._followers and log not in self._left:
            self._containers[log] = facts

    def _name(self, log: LogSpec) -> str:
        """Return a name that no other followed log has."""
        taken = {follower.name for follower in self._followers.values()}
        return log.name if log.name not in taken else str(log)

    def own_faults(self) -> OwnFaults:
        """Return which logs cannot be read and why, and remarks on those that are followed."""
        silent = [log for log, one in self._followers.items() if one.silent_s > SILENT_S and log not in self._left]
        unread = [f"{log} cannot be read: its drive does not answer" for log in silent]
        known = [status for log, status in self._statuses.items() if log not in silent and status.detail]
        self._skipped = {log: one for log, one in self._skipped.items() if self._clock() - one[1] < SKIPPED_S}
        skipped = (_skipped_words(log, count) for log, (count, _) in self._skipped.items())
        return OwnFaults(
            unread=(*unread, *(status.detail for status in known if status.state is not LogState.FOLLOWING)),
            remarks=(*skipped, *(status.detail for status in known if status.state is LogState.FOLLOWING)),
            unanalysed=sum(count for count, _ in self._skipped.values()),
        )

    def _offer(self, batch: LogBatch) -> None:
        """Queue a batch for the loop in chunks. Runs in a follower's thread and blocks it while the queue is full."""
        for begin in range(0, len(batch.lines), CHUNK):
            while not self._slots.acquire(timeout=PATIENCE_S):
                if self._stopped:
                    return
            chunk = batch.part(begin, begin + CHUNK)
            self._queue.append((chunk, begin + CHUNK >= len(batch.lines)))
            self._call_in_loop(self._process_chunk)

    def _on_status(self, status: LogStatus) -> None:
        self._call_in_loop(lambda: self._store_status(status))

    def _store_status(self, status: LogStatus) -> None:
        """Store a log's status, and mark it as followed in the traffic meter, even while it has no lines."""
        if status.path in self._followers and status.path not in self._left:
            self._statuses[status.path] = status
        if status.state is LogState.FOLLOWING:
            self._meter.take(LogBatch(status.log, (), self._clock(), history=True))

    def _call_in_loop(self, what: Callable[[], None]) -> None:
        if self._loop is not None and not self._stopped:
            self._stopped = not call_in_loop(self._loop, what)

    def _process_chunk(self) -> None:
        """Process one chunk, then yield to the event loop, so that keys stay responsive while a log floods."""
        batch, is_last = self._queue.popleft()
        if not batch.history:
            self._access.take_lines(batch.arrived, batch.lines)
        kept, attempts = self._analysed(batch)
        arrived = None if batch.history else batch.arrived
        read_late = batch.since is not None and batch.arrived - batch.since > UNSURE_S
        since = batch.since if read_late else None
        own = [] if kept is batch else [at for at, line in enumerate(batch.lines) if line and not kept.lines[at]]
        self._book.add(batch.log, batch.lines, arrived, since=since, times=batch.times, own=own)
        self._book.label(attempts)
        self._ends.take(batch)
        self._slots.release()
        self._unseen = True
        if is_last:
            self._notify()
        self._notify_later()
        if attempts:
            self.on_requests()

    def _analysed(self, batch: LogBatch) -> tuple[LogBatch, dict[int, int]]:
        """Return a batch without stormdeck's own lines, and the attempt numbers of its requests by line number.

        A batch that is late and has many requests is counted as not analysed. Other lines cost little: among a flood of
        them no request is lost.
        """
        is_late = batch.analyse_until is not None and time.monotonic() > batch.analyse_until
        if is_late and sum("HTTP/" in line for line in batch.lines) > MANY_REQUESTS:
            self._skipped[batch.log] = (self._skipped.get(batch.log, (0, 0.0))[0] + len(batch.lines), batch.arrived)
            self._meter.skip(batch)
            return batch, {}
        kept = self.without_own(batch)
        return kept, self._meter.take(kept, self._book.end) if _has_times(batch) else {}

    def _notify(self) -> None:
        """Notify the log view of new lines, at most once every ``NOTIFY_S``."""
        now = time.monotonic()
        if self._unseen and not self._stopped and now - self._notified_at >= NOTIFY_S:
            self._unseen, self._notified_at = False, now
            self._on_lines()

    def _notify_later(self) -> None:
        """Schedule a notification, so that lines also appear while a log grows without pause."""
        if self._unseen and not self._stopped and self._loop is not None and self._timer is None:
            self._timer = self._loop.call_later(NOTIFY_S, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._notify()
        self._notify_later()


def _skipped_words(log: str, count: int) -> str:
    return (
        f"{log}: {plural(count, 'line')} not analysed, they came too fast: counts and storms of that time are too low"
    )


def _has_times(batch: LogBatch) -> bool:
    """Return whether the requests of a batch can be dated.

    Lines written before stormdeck started, without timestamps, may be from yesterday: combined with new lines by their
    order alone, they would form false storms.
    """
    return not batch.history or has_times(batch, _local)


def _local(written: datetime) -> float:
    return written.timestamp()
