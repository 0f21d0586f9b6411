"""From log lines to requests, turns and retries over time."""

from __future__ import annotations

from math import floor

from stormdeck.model.logs.access import Access, LocalTime, RequestKind
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.reader import AccessReader
from stormdeck.model.logs.reasons import is_cooldown, reason
from stormdeck.model.logs.records import RecordReader
from stormdeck.model.retries.ladder import DEFAULT_LIMIT
from stormdeck.model.retries.request import Attempt, Request
from stormdeck.model.retries.tracker import Tracker
from stormdeck.model.tally import Tally
from stormdeck.model.traffic import TrafficSnapshot

MINUTE = 60
CLOCK_DRIFT = 5.0
"""A line's own time this far ahead of its arrival is another zone's or a wrong clock's: the arrival counts then."""


class TrafficMeter:
    """Counts the main requests of one log, and lets every log explain the storms in it.

    A proxy's log and vLLM's log show the same traffic: only the one nearest to the client counts, see ``set_primary``.
    """

    def __init__(
        self,
        window_s: int = 900,
        bucket_s: int = 15,
        limit: int = DEFAULT_LIMIT,
        local_time: LocalTime | None = None,
    ) -> None:
        self._bucket_s = bucket_s
        self._size = max(1, window_s // bucket_s)
        self._limit = limit
        self._local_time = local_time
        self._primary: str | None = None
        self._chosen = False
        self._readers: dict[str, _Reader] = {}
        self._since: float | None = None
        self._tracker = Tracker(limit)
        self._empty()

    def set_primary(self, log: str) -> None:
        """Name the log nearest to the client, whose requests count; until then it is the first that shows one.

        What another log had counted is dropped. Storms stay, unless that log had not been named.
        """
        if log != self._primary:
            self._empty()
            if self._primary is not None and not self._chosen:
                self._tracker = Tracker(self._limit)
        self._primary, self._chosen = log, True

    def set_limit(self, limit: int) -> None:
        """Set the attempts after which the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one."""
        self._limit = limit
        self._tracker.limit = limit

    def take(self, batch: LogBatch) -> dict[int, int]:
        """Take lines, or none to say that a log is read; return the attempt number by the index of its line.

        Only main requests of the primary log have one; 1 is no retry.
        """
        reader = self._readers.setdefault(batch.log, _Reader(self._local_time))
        if not batch.history and self._since is None:
            self._since = batch.arrived
        attempts: dict[int, int] = {}
        for index, line in enumerate(batch.lines):
            if " HTTP/" in line or '"reqId":' in line:
                access = reader.requests.read(line)
                if access is not None:
                    if access.kind is RequestKind.MAIN and self._counts(batch.log):
                        attempts[index] = self._count(access, batch)
                    continue
            if "ERROR" in line or "CRITICAL" in line:
                self._explain(reader, line, batch)
        return attempts

    def snapshot(self, now: float) -> TrafficSnapshot:
        """Return the last window; equal to the one before while nothing came in and nothing left it or the minute."""
        last = floor(now / self._bucket_s)
        buckets = self._buckets.last(last, self._size)
        first_attempts = sum(bucket.ok + bucket.failed for bucket in buckets)
        retries = sum(bucket.retry for bucket in buckets)
        minute = self._seconds.last(floor(now), MINUTE)
        turns_now = sum(second.ok + second.failed for second in minute)
        retries_now = sum(second.retry for second in minute)
        return TrafficSnapshot(
            buckets=buckets,
            bucket_s=self._bucket_s,
            requests=first_attempts + retries,
            turns=first_attempts,
            retries=retries,
            requests_per_minute=float(turns_now + retries_now),
            turns_per_minute=float(turns_now),
            retries_per_minute=float(retries_now),
            storms=tuple(storm for storm in self._tracker.storms(now) if storm.timed),
            logs=tuple(self._readers),
            since=self._since,
        )

    def _empty(self) -> None:
        self._buckets = Tally(self._size)
        self._seconds = Tally(MINUTE)

    def _counts(self, log: str) -> bool:
        if self._primary is None:
            self._primary = log
        return log == self._primary

    def _count(self, access: Access, batch: LogBatch) -> int:
        t, grain = _when(access.time, batch)
        request = Request(batch.log, access.status, access.host, access.port, t, grain)
        attempt = self._tracker.take(request)
        self._add(request, attempt)
        return attempt.number

    def _add(self, request: Request, attempt: Attempt) -> None:
        """Count a request by what it is, and one that was taken for a retry by what it turned out to be."""
        wrong = attempt.instead_of
        changes = [(request, attempt.number > 1, 1)]
        if wrong is not None:
            changes += [(wrong, True, -1), (wrong, False, 1)]
        for what, is_retry, number in changes:
            if what.t is None:
                continue
            if self._since is None or what.t < self._since:
                self._since = what.t
            column = 2 if is_retry else int(what.failed)
            self._buckets.add(floor(what.t / self._bucket_s), column, number)
            self._seconds.add(floor(what.t), column, number)

    def _explain(self, reader: _Reader, line: str, batch: LogBatch) -> None:
        record = reader.records.read(line)
        if record is not None and record.level.is_failure:
            t = None if batch.history else batch.arrived
            why = reason(record.message)
            if why:
                self._tracker.explain(t, why, is_cooldown(record.message))


class _Reader:
    """What is known of one log between its lines."""

    def __init__(self, local_time: LocalTime | None) -> None:
        self.requests = AccessReader(local_time)
        self.records = RecordReader()


def _when(own: float | None, batch: LogBatch) -> tuple[float | None, float]:
    """Return a line's time and by how much it may be early; ``None`` for history without a time of its own.

    Whole seconds are too coarse for the ladder: a line that has just arrived counts from its arrival.
    """
    if own is None or own > batch.arrived + CLOCK_DRIFT:
        return (None, 0.0) if batch.history else (batch.arrived, 0.0)
    whole = own == floor(own)
    if whole and not batch.history and batch.arrived - own < CLOCK_DRIFT:
        return batch.arrived, 0.0
    return own, 1.0 if whole else 0.0
