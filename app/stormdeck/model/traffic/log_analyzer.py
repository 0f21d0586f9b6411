"""Read requests and errors from server logs, and pass them to the retry analyser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.logs.requests.access import client_version
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.retries.analyzer import MARGIN_S, RECENT, JudgedRequests, RetryAnalyzer
from stormdeck.model.retries.backoff import DEFAULT_LIMIT, is_retryable
from stormdeck.model.retries.chain import STORM, Request
from stormdeck.model.retries.log_head import first_step
from stormdeck.model.retries.storms.report import Report
from stormdeck.model.retries.tracker import ErrorText
from stormdeck.model.text import clean
from stormdeck.model.traffic.hops import Hops
from stormdeck.model.traffic.log_reader import ReadLines
from stormdeck.model.traffic.read_batch import BatchReader, ReadBatch
from stormdeck.model.units import plural


class RequestsBehind(NamedTuple):
    """Requests in a log that is not counted."""

    asked: int
    """Requests for tokens, whatever their API."""
    requests: list[Request]
    """Main requests."""


class LogAnalyzer(RetryAnalyzer):
    """A ``RetryAnalyzer`` that is fed with log lines.

    >>> analyzer = LogAnalyzer()
    >>> line = 'INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 500 Internal Server Error'
    >>> for t in (0.0, 0.6, 1.8):
    ...     taken = analyzer.take(LogBatch("vllm.log", (line,), t, history=False))
    >>> report = analyzer.report()
    >>> report.turns, report.retries, report.storms[0].cause
    (1, 2, '500')
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        api_timeout_ms: int | None = None,
        local_time: LocalTime | None = None,
        recent: int = RECENT,
        margin_s: float = MARGIN_S,
        *,
        pairs_logs: bool = True,
    ) -> None:
        """Read times without a zone by ``local_time``; without it they are ignored. See ``RetryAnalyzer``.

        ``pairs_logs``: of several logs with the same traffic, the nearest to the client counts. Without it, only the
        servers within one log are compared.
        """
        super().__init__(limit, api_timeout_ms, recent, margin_s)
        self._local_time = local_time
        self._reader = BatchReader(local_time)
        self._pairs_logs = pairs_logs
        self._hops: dict[str, Hops] = {}
        self._clients: Counter[str] = Counter()
        self._unread = 0
        self._first_unread = ""
        self._heads: dict[str, _Head] = {}
        self._behind: dict[str, None] = {}
        """Servers whose requests were not counted, since a nearer one's were."""
        self._first_requests: dict[str, list[Request]] = {}
        self._held: list[_Held] = []
        self._direct: set[str] = set()
        """Servers whose requests came from the client itself, past the proxy whose log is read as well."""

    def note_head(self, log: str, lines: Sequence[str], arrived: float) -> None:
        """Take the first lines of a log ahead of all others, by which its server's place on the path is known."""
        batch = LogBatch(log, tuple(lines), arrived, history=True)
        self.note_read_head(BatchReader(self._local_time).read(batch))

    def note_read_head(self, head: ReadBatch) -> None:
        """Take the first lines of a log that were read elsewhere."""
        requests: list[Request] = []
        for part in head.parts:
            times = _request_times(part.lines)
            self._hops_of(head.log).take(part.hop, part.texts, times, is_front=part.lines.is_front)
            own = [event for _, event in part.lines.events if isinstance(event, Request)]
            self._first_requests[part.hop] = own
            requests += own
        self._note_cut(requests)
        self._hops_of(head.log).pair(self._first_requests)

    def take(self, batch: LogBatch) -> JudgedRequests:
        """Process lines of a log that is counted. Returns the main requests among them.

        Of several servers whose logs show the same traffic, the nearest to the client is counted.
        """
        return self.take_read(self._reader.read(batch))

    def take_read(self, batch: ReadBatch) -> JudgedRequests:
        """Process lines that were read elsewhere, as ``take`` does."""
        hops = self._hops_of(batch.log)
        for part in batch.parts:
            hops.take(part.hop, part.texts, _request_times(part.lines), is_front=part.lines.is_front)
        times = [t for part in batch.parts for t in _request_times(part.lines) if t is not None]
        if times:
            self._release(max(times))
            if self._is_early(batch, times[0]):
                self._held.append(_Held(batch, times[0]))
                return self.take_events([], Counter())
        return self._count(batch)

    def _is_early(self, batch: ReadBatch, t: float) -> bool:
        """Return whether a nearer server may write its lines of these requests a moment later."""
        hop, hops = batch.parts[0].hop, self._hops_of(batch.log)
        if not self._pairs_logs or len(batch.parts) > 1 or len(self._held) >= MOST_HELD or not hops.may_be_behind(hop):
            return False
        if hops.is_behind(hop, t):
            self._direct.discard(hop)
            return False
        return hop not in self._direct

    def _release(self, now: float | None) -> None:
        """Count what was held back, unless a nearer server has written its lines meanwhile.

        Without ``now``, in unix seconds, nothing stays held back.
        """
        held, self._held = self._held, []
        for one in held:
            hop = one.batch.parts[0].hop
            is_known = self._hops_of(one.batch.log).is_behind(hop, one.t)
            if not is_known and now is not None and now - one.t <= HELD_S:
                self._held.append(one)
                continue
            if not is_known:
                self._direct.add(hop)
            self._count(one.batch, one.t)

    def _count(self, batch: ReadBatch, t: float | None = None) -> JudgedRequests:
        """Count what was read in a batch; ``t`` is when it was read, if that is long ago."""
        events: list[tuple[int, Request | ErrorText]] = []
        others: Counter[str] = Counter()
        hops = self._hops_of(batch.log)
        for part in batch.parts:
            read = part.lines
            behind = hops.is_behind(part.hop, t)
            if part.indices is None and not behind:
                events = read.events
            else:
                events += [
                    (part.place(at), event) for at, event in read.events if not behind or isinstance(event, ErrorText)
                ]
            if behind:
                self._behind[part.hop] = None
                for failed_at in read.server_errors:
                    self.tracker.causes.note_behind(failed_at)
                continue
            others.update(read.others)
            self._note(read, batch)
        if len(batch.parts) > 1:
            events.sort(key=_index)
        head = self._heads.get(batch.log)
        if head is None or head.is_open:
            self._begin(batch.log, [event for _, event in events if isinstance(event, Request)])
        return self.take_events(events, others)

    def _note(self, read: ReadLines, batch: ReadBatch) -> None:
        """Note the time that lines cover, their clients, and lines that were not understood."""
        for t in read.other_times:
            self.extend_span(t)
        if not batch.history and (read.others or any(isinstance(event, Request) for _, event in read.events)):
            self.extend_span(batch.arrived)
        self._clients.update(read.agents)
        self._unread += len(read.unread)
        self._first_unread = self._first_unread or next(iter(read.unread), "")

    def _begin(self, log: str, requests: Sequence[Request]) -> None:
        """Recognise a log whose first requests are the later attempts of a turn."""
        if not requests:
            return
        head = self._heads.get(log)
        if head is None:
            head = self._heads[log] = _Head(requests[0])
            self._note_cut(requests)
        head.take(requests)

    def _note_cut(self, requests: Sequence[Request]) -> None:
        step = first_step(requests)
        if step > 1:
            self.tracker.cut_heads[requests[0]] = step

    def _hops_of(self, log: str) -> Hops:
        return self._hops.setdefault("" if self._pairs_logs else log, Hops())

    def take_behind(self, batch: LogBatch) -> RequestsBehind:
        """Process lines of the server behind the proxy, whose requests are not counted, for the errors in them.

        Its requests are the proxy's requests once more, and the proxy's own retries.
        """
        asked, requests = 0, []
        for part in self._reader.parts(batch):
            read = part.reader.read(part.batch, part.bare, behind=True)
            self.take_errors([event for _, event in read.events if isinstance(event, ErrorText)])
            for t in read.server_errors:
                self.tracker.causes.note_behind(t)
            asked += read.asked
            requests += [event for _, event in read.events if isinstance(event, Request)]
        return RequestsBehind(asked, requests)

    @property
    def client_version(self) -> str:
        """Return the newest version of Claude Code among the user agents of access lines; empty if there is none."""
        return max(filter(None, map(client_version, self._clients)), key=_numbers, default="")

    @property
    def unread(self) -> str:
        """Return that lines with requests were not understood, if no request was; else an empty text."""
        if not self._unread or self.has_requests:
            return ""
        first = mask_text(clean(self._first_unread))[:LONGEST_UNREAD]
        return f"{plural(self._unread, 'line')} with HTTP/, none understood; the first: {first}"

    def report(self, now: float | None = None) -> Report:
        """Return the counts and storms so far. Without ``now``, in unix seconds, no storm is reported as live."""
        self._release(now)
        chains = {chain.requests[0]: chain.attempts for chain in self.tracker.chains}
        heads = [note for log, head in self._heads.items() if (note := head.note(log, chains))]
        return replace(
            super().report(now),
            clients=dict(self._clients.most_common(MOST_CLIENTS)),
            unread_lines=self._unread,
            first_unread=self._first_unread,
            notes=(*self._uncounted(), *heads),
        )

    def _uncounted(self) -> list[str]:
        """Return which server's requests were not counted."""
        if not self._behind:
            return []
        names = [" in ".join(reversed(hop.split("\n"))) for hop in self._behind]
        return [f"Not counted, since a server nearer to the client shows the same requests: {', '.join(names)}."]


class _Held(NamedTuple):
    """Lines of a server that are not counted yet: a nearer one may show the same requests a moment later."""

    batch: ReadBatch
    t: float
    """When its first request was, in unix seconds."""


HELD_S = 10.0
"""How long after a server's line that of the proxy before it is waited for: it may try twice before it answers."""
MOST_HELD = 500
"""Batches."""
MOST_CLIENTS = 20
LONGEST_UNREAD = 100


class _Head:
    """The failed requests with which a log begins."""

    def __init__(self, first: Request) -> None:
        self._first = first
        self._failed = 0
        self.is_open = first.t is None and first.failed and is_retryable(first.status)

    def take(self, requests: Iterable[Request]) -> None:
        """Count requests until one succeeds."""
        if self.is_open:
            for request in requests:
                if not request.failed:
                    self.is_open = False
                    break
                self._failed += 1

    def note(self, log: str, chains: Mapping[Request, int]) -> str:
        """Return what cannot be told of the log's beginning; empty if nothing is unclear."""
        if self._failed < STORM or chains.get(self._first, 1) >= self._failed:
            return ""
        return (
            f"{log} begins with {self._failed} failed requests and has no times, so it cannot be told which of them "
            "are retries. If its beginning was cut off, more of them are."
        )


def _index(event: tuple[int, object]) -> int:
    return event[0]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _request_times(read: ReadLines) -> list[float | None]:
    """Return the times of requests for tokens."""
    times: list[float | None] = [event.t for _, event in read.events if isinstance(event, Request)]
    return times or ([None] if read.asked else [])
