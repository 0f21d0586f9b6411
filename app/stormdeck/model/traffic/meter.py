"""Turn log lines and transcripts into a snapshot of requests, turns, retries and storms over time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from math import floor, inf

from stormdeck.model.finding import HopKind
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.retries.analyzer import JudgedRequests
from stormdeck.model.retries.backoff import DEFAULT_LIMIT
from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.nearest_log import NearestLog
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.retries.transcript import Entry
from stormdeck.model.snapshots.traffic import RECENT_S, Failure, PathChange, TrafficSnapshot
from stormdeck.model.traffic.amplification import HopCount
from stormdeck.model.traffic.counters import Correction, Labels, TimeBuckets, corrections
from stormdeck.model.traffic.log_analyzer import LogAnalyzer

MINUTE = 60
RECENT = 4000
"""How many main requests are compared with transcripts line by line."""
GAP_S = 10.0
"""Snapshots further apart than this leave a gap: the panel was stopped, or the machine was asleep."""
SHOWN = 50
"""The most storms in a snapshot."""
SET_BACK_S = 60.0
"""How far the clock must be set back to start anew; corrections by a few seconds are common."""
COOLDOWN_S = 10.0
"""A proxy answers 429 itself for five seconds after a 401 or 404, which a retrying client sees (measured)."""
BURST_S = 2.0
"""2.1.329 sends a refused request six times in half a second (measured); its lines may come in several batches."""


class TrafficMeter:
    """Counts main requests in the log nearest to the client; all logs and transcripts help to explain the storms.

    A proxy's log and vLLM's log show the same traffic, so that only the one nearest to the client counts at a time.
    When the path changes, earlier counts stay: see ``set_primary``.

    >>> meter = TrafficMeter()
    >>> line = 'INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 200 OK'
    >>> meter.take(LogBatch("vllm.log", (line,), arrived=1000.0, history=False))
    {0: 1}
    >>> meter.snapshot(1001.0).requests
    1
    """

    def __init__(
        self,
        window_s: int = 900,
        bucket_s: int = 15,
        limit: int = DEFAULT_LIMIT,
        local_time: LocalTime | None = None,
        gap_s: float = GAP_S,
    ) -> None:
        """Count the time between two snapshots as a gap if it is longer than ``gap_s``."""
        self._bucket_s = bucket_s
        self._gap_s = gap_s
        self._size = max(1, window_s // bucket_s)
        self._nearest = NearestLog(RECENT)
        self._changes: deque[PathChange] = deque(maxlen=self._size)
        self._gaps: deque[tuple[float, float]] = deque(maxlen=self._size)
        self._logs: dict[str, None] = {}
        self._read_from: dict[str, float] = {}
        """When each log was first read."""
        self._read_to: dict[str, float] = {}
        """When the newest line of each log was written."""
        self._since: float | None = None
        self._labels = Labels()
        self._new_analyzer = partial(
            LogAnalyzer, local_time=local_time, recent=RECENT, margin_s=window_s, pairs_logs=False
        )
        self._analyzer = self._new_analyzer(limit)
        self._snapshot_at = -inf
        self._idle_snapshot: TrafficSnapshot | None = None
        """The newest snapshot, if it stays the same until new lines or entries come or the next slice begins."""
        self._idle_slice = 0
        self._earlier: list[Storm] = []
        """Storms that were over before the clock was set back."""
        self._clock_resets = 0
        self._empty()

    def set_primary(self, log: str, since: float | None = None, now: float | None = None) -> None:
        """Set the log nearest to the client, whose requests count. The default is the first log that has a request.

        Earlier counts and storms stay. ``since`` is when the path changed, in unix seconds, if known: requests since
        then are counted in the new log instead of the old one. ``now`` is when the change was noticed.
        """
        nearest = self._nearest
        if log == nearest.name:
            nearest.is_named = True
            return
        self._idle_snapshot = None
        before, was_named = nearest.name, nearest.is_named
        changed = nearest.change(log, self._analyzer.recent, self._analyzer.settled, since)
        if changed.requests is not None:
            self._recount(self._analyzer.recount(changed.requests), changed.since)
        self._note_unread(before, log, now)
        at = changed.since if changed.since < inf else now
        if was_named and at is not None:
            self._changes.append(PathChange(at, log))

    def _note_unread(self, before: str | None, log: str, now: float | None) -> None:
        """Note the time from the last line of the old log until the new log was first read as not read."""
        ended, started = self._read_from.get(log, now), self._read_to.get(before or "")
        if started is not None and ended is not None and started < ended:
            self._analyzer.note_gap(started, ended)

    def forget(self, log: str) -> None:
        """Remove a log from the logs that are read; its counts stay."""
        self._idle_snapshot = None
        self._logs.pop(log, None)

    def set_limit(self, limit: int) -> None:
        """Set after how many attempts the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one."""
        self._idle_snapshot = None
        self._analyzer.limit = limit

    def set_timeout(self, api_timeout_ms: int | None) -> None:
        """Set the client's ``API_TIMEOUT_MS``, by which attempts without a line are estimated."""
        self._idle_snapshot = None
        self._analyzer.timeout_s = None if api_timeout_ms is None else api_timeout_ms / 1000

    def take(self, batch: LogBatch, first: int = 0) -> dict[int, int]:
        """Process lines of a log, or none to note that it is read. Returns attempt numbers by line number.

        Lines are numbered from ``first`` on. Only main requests of the primary log have an attempt number; 1 is not a
        retry. A line of an earlier batch is returned again if its request turns out not to be a retry.
        """
        self._idle_snapshot = None
        self._logs[batch.log] = None
        self._read_from.setdefault(batch.log, batch.arrived)
        if batch.lines and not batch.history:
            self._read_to[batch.log] = batch.arrived
        if not batch.history and self._since is None:
            self._since = batch.arrived
        nearest = self._nearest
        if nearest.name not in {None, batch.log}:
            self._take_behind(batch)
            return {}
        taken = self._analyzer.take(batch)
        if len(taken):
            nearest.name = batch.log
        self._count_hop(batch, taken)
        self._add(taken)
        numbers = dict.fromkeys((first + line for line in taken.passed), 1)
        for line, request, attempt in taken.judged:
            self._labels.add(numbers, request, attempt, first + line)
        return numbers

    def skip(self, batch: LogBatch) -> None:
        """Note that the lines of a batch are not analysed: requests before and after it are not joined to turns."""
        self._idle_snapshot = None
        self._read_to[batch.log] = batch.arrived
        if self._nearest.name in {None, batch.log}:
            self._analyzer.note_gap(batch.arrived if batch.since is None else batch.since, batch.arrived)

    def set_refusing(self, t: float, *, refuses: bool) -> None:
        """Note whether the hop nearest to the client refused connections at a moment, which its log does not show."""
        self._idle_snapshot = None
        self._analyzer.note_refusal(t, refuses=refuses)

    def take_entry(self, entry: Entry) -> None:
        """Process an entry of a transcript."""
        self._idle_snapshot = None
        self._analyzer.take_entry(entry)

    @property
    def turns_wait(self) -> bool:
        """Return whether a turn has no answer yet, by the transcripts."""
        return self._analyzer.sessions.any_open

    def request_sessions(self) -> dict[tuple[str, int], list[tuple[float, str]]]:
        """Return the times and sessions of the newest requests of each connection, as far as they are known."""
        found: dict[tuple[str, int], list[tuple[float, str]]] = {}
        for request, session in self._analyzer.account().request_sessions():
            if request.t is not None and request.port:
                found.setdefault((request.host, request.port), []).append((request.t, session))
        return found

    def end_client(self, folder: str) -> None:
        """Note that no client runs in a folder any more, so that its open turns get no answer."""
        self._idle_snapshot = None
        self._analyzer.end_client(folder)

    @property
    def client_version(self) -> str:
        """Return the version of the client by the newest transcript entry, or else by a front's user agents."""
        return self._analyzer.sessions.version or self._analyzer.client_version

    @property
    def unread(self) -> str:
        """Return that lines with requests were not understood, if no request was; else an empty text."""
        return self._analyzer.unread

    def snapshot(self, now: float) -> TrafficSnapshot:
        """Return the counts and storms of the last window. Without changes it is equal to the previous snapshot."""
        if now < self._snapshot_at - SET_BACK_S:
            self._restart()
        elif -inf < self._snapshot_at < now - self._gap_s:
            self._idle_snapshot = None
            self._gaps.append((self._snapshot_at, now))
        self._snapshot_at = now
        at = floor(now / self._bucket_s)
        if self._idle_snapshot is None or at != self._idle_slice:
            newest = self._count(now)
            # With an empty minute and nothing in flight, only new input or the next slice can change the snapshot.
            still = not newest.requests_per_minute and all(storm.over for storm in newest.storms) and not newest.waiting
            still = still and not newest.unwatched_s
            self._idle_snapshot, self._idle_slice = newest if still else None, at
            return newest
        return self._idle_snapshot

    def _count(self, now: float) -> TrafficSnapshot:
        account = self._analyzer.account()
        unsure = self._analyzer.unsure(account)
        moved = corrections(account, self._analyzer.tracker.chains, unsure)
        last = floor(now / self._bucket_s)
        buckets = self._buckets.last(last, self._size, [self._at(correction, self._bucket_s) for correction in moved])
        first_attempts = sum(bucket.ok + bucket.failed for bucket in buckets)
        retries = sum(bucket.retry for bucket in buckets)
        minute = self._seconds.last(floor(now), MINUTE, [self._at(correction, 1) for correction in moved])
        turns_now = sum(second.ok + second.failed for second in minute)
        retries_now = sum(second.retry for second in minute)
        storms = [storm for storm in self._analyzer.storms(account, now) if storm.timed]
        # What may be chance is no storm: it turns nothing red, and is neither announced nor stored.
        storms = [storm for storm in storms if storm.confidence is not Confidence.UNSURE] + self._earlier
        return TrafficSnapshot(
            buckets=buckets,
            bucket_s=self._bucket_s,
            requests=first_attempts + retries,
            turns=first_attempts,
            retries=retries,
            requests_per_minute=float(turns_now + retries_now),
            turns_per_minute=float(turns_now),
            retries_per_minute=float(retries_now),
            storms=tuple(storms[:SHOWN]),
            logs=tuple(self._logs),
            counted=self._nearest.name or "",
            changes=tuple(one for change in self._changes if (one := self._with_slice(change, last)).slice >= 0),
            gaps=tuple(gap for gap in self._gaps if gap[1] > now - self._size * self._bucket_s),
            unwatched_s=round(sum(ended - started for started, ended in self._gaps if now - ended < MINUTE)),
            unwatched=tuple(index for index in range(self._size) if self._in_gap(last - self._size + 1 + index)),
            client_version=self.client_version,
            since=self._since,
            upstream=self._hops(self._nearest.name).last(last),
            waiting=self._analyzer.sessions.waiting(now),
            in_flight=self._analyzer.sessions.in_flight(now),
            failure=self._failure(now),
            unclear=self._analyzer.unclear(account, now - RECENT_S),
            bursts_of_400=any(map(_is_burst, storms)),
            newest_slice=last,
            clock_resets=self._clock_resets,
        )

    def _with_slice(self, change: PathChange, last: int) -> PathChange:
        """Return a change with the slice that it is in; below 0 if it is older than the window."""
        return change._replace(slice=floor(change.at / self._bucket_s) - (last - self._size + 1))

    def _in_gap(self, at: int) -> bool:
        """Return whether a slice of time is completely in a gap."""
        begin, end = at * self._bucket_s, (at + 1) * self._bucket_s
        return any(started <= begin and end <= ended for started, ended in self._gaps)

    def _failure(self, now: float) -> Failure | None:
        """Return the newest failed request."""
        failed = self._failed
        if failed is None or failed.t is None:
            return None
        error = self._analyzer.tracker.causes.of(failed.t, failed.t)
        from_server, served = self._analyzer.origin(failed.t, failed.t)
        hop = HopKind.SERVER if from_server else None
        reason = error.text if error is not None else ""
        recent = now - failed.t < RECENT_S
        return Failure(failed.status, failed.t, reason, failed.log, self._passed_since, hop, served, recent)

    def _restart(self) -> None:
        """Start anew after the clock was set back, since all earlier times would be in the future.

        Storms that are over stay.
        """
        old, self._analyzer = self._analyzer, self._new_analyzer(self._analyzer.limit)
        self._analyzer.timeout_s = old.timeout_s
        storms = old.storms(old.account(), self._snapshot_at)
        over = [storm for storm in storms if storm.timed and storm.outcome is not Outcome.LIVE]
        over = [storm for storm in over if storm.confidence is not Confidence.UNSURE]
        self._earlier = [*over, *self._earlier][:SHOWN]
        self._since = None
        self._clock_resets += 1
        self._nearest.forget()
        self._empty()

    def _empty(self) -> None:
        self._failed: Request | None = None
        self._passed_since = False
        self._buckets = TimeBuckets(self._size)
        self._seconds = TimeBuckets(MINUTE)
        self._hop_counts: dict[str | None, HopCount] = {}

    def _hops(self, log: str | None) -> HopCount:
        """Return the counts of requests to the server behind a log, in the time when that log counted."""
        return self._hop_counts.setdefault(log, HopCount(self._size))

    def _recount(self, recounted: JudgedRequests, since: float) -> None:
        """Count recent requests again; slices of time before the change stay as they are."""
        times = [request.t for request in recounted.passed.values()] + [one.request.t for one in recounted.judged]
        first = min([max(since, self._analyzer.settled), *(t for t in times if t is not None)])
        self._buckets.clear_from(floor(first / self._bucket_s) if first > -inf else 0)
        self._seconds.clear_from(floor(first) if first > -inf else 0)
        self._add(recounted)

    def _take_behind(self, batch: LogBatch) -> None:
        """Process lines of the server behind the proxy. Its requests are counted separately, if their time is known."""
        for at, part in self._slices(batch):
            behind = self._analyzer.take_behind(part)
            self._nearest.keep(behind.requests)
            if at is not None:
                self._hops(self._nearest.name).take_behind(at, behind.asked)

    def _count_hop(self, batch: LogBatch, taken: JudgedRequests) -> None:
        """Count the requests of the log nearest to the client, beside which those behind it are counted."""
        hops, asked = self._hops(batch.log), Counter[int]()
        if batch.history:
            requests = [*taken.passed.values(), *(one.request for one in taken.judged)]
            asked.update(floor(one.t / self._bucket_s) for one in requests if one.t is not None)
        else:
            asked[floor(batch.arrived / self._bucket_s)] = len(taken)
        for at, part in self._slices(batch):
            if at is not None:
                hops.take(at, part.lines, asked.pop(at, 0))
        for at, number in asked.items():
            hops.take(at, (), number)

    def _slices(self, batch: LogBatch) -> Iterator[tuple[int | None, LogBatch]]:
        """Yield the lines of a batch with the slice of time in which they were written; ``None`` if it is unknown."""
        if not batch.history or not any(batch.times):
            yield None if batch.history else floor(batch.arrived / self._bucket_s), batch
            return
        begin = 0
        slices = [None if t is None else floor(t / self._bucket_s) for t in batch.times]
        for at, group in groupby(slices):
            end = begin + sum(1 for _ in group)
            yield at, batch.part(begin, end)
            begin = end

    def _at(self, correction: Correction, length_s: int) -> tuple[int, int, int]:
        return floor(correction.t / length_s), correction.column, correction.number

    def _add(self, taken: JudgedRequests) -> None:
        """Count requests in their slices, and correct earlier ones that turned out not to be retries."""
        changes = Counter((request.t, 0) for request in taken.passed.values())
        for _, request, attempt in taken.judged:
            wrong = attempt.instead_of
            changes[request.t, 2 if attempt.number > 1 else int(request.failed)] += 1
            if wrong is not None:
                changes[wrong.t, 2] -= 1
                changes[wrong.t, int(wrong.failed)] += 1
        for (t, column), number in changes.items():
            if t is None:
                continue
            if self._since is None or t < self._since:
                self._since = t
            self._buckets.add(floor(t / self._bucket_s), column, number)
            self._seconds.add(floor(t), column, number)
        self._note_failures(taken)

    def _first_cause(self, failed: list[Request]) -> Request:
        """Return the newest failed request, or the earlier error that put the proxy into cooldown."""
        cause = self._failed
        for request in failed:
            cause = cause if cause is not None and _is_cooldown_of(cause, request) else request
        return cause if cause is not None else failed[-1]

    def _note_failures(self, taken: JudgedRequests) -> None:
        """Store the newest failed request, and whether a later request succeeded."""
        failed = [line for line in taken.judged if line.request.failed and line.request.t is not None]
        well = [line.line for line in taken.judged if not line.request.failed]
        if failed:
            self._failed, self._passed_since = self._first_cause([line.request for line in failed]), False
        after = failed[-1].line if failed else -1
        self._passed_since = self._passed_since or max(next(reversed(taken.passed), -1), *well, -1) > after


def _is_cooldown_of(first: Request, later: Request) -> bool:
    """Return whether a 429 comes from the proxy's cooldown after an earlier error, its cause (measured, LiteLLM)."""
    if later.status != 429 or first.status not in {401, 404} or first.t is None or later.t is None:
        return False
    return 0 <= later.t - first.t <= COOLDOWN_S


def _is_burst(storm: Storm) -> bool:
    """Return whether a request that was refused with 400 was sent again several times without a wait."""
    return storm.cause == "400" and storm.last - storm.started < BURST_S
