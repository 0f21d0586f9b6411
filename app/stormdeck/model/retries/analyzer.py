"""The account of everything that logs and transcripts tell: requests, turns, retries and storms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from operator import attrgetter
from typing import NamedTuple

from stormdeck.model.finding import HopKind
from stormdeck.model.logs.access import LocalTime, RequestKind
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.backoff import DEFAULT_LIMIT
from stormdeck.model.retries.chain import Attempt, Request
from stormdeck.model.retries.intake import Intake, when
from stormdeck.model.retries.reconcile import Account
from stormdeck.model.retries.rolling_account import Balance
from stormdeck.model.retries.sessions import Sessions
from stormdeck.model.retries.storms.report import Report
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.retries.tracker import Tracker
from stormdeck.model.retries.transcript import Entry
from stormdeck.model.traffic.upstream import asks_for_tokens

RECENT = 50_000
"""Main requests that transcripts are compared with line by line; older ones are compared turn by turn."""
CHAINS = 10_000
"""Turns with retries that are remembered."""
MARGIN_S = 5.0
"""A turn this far outside of the log's own time still belongs to it."""

_status = attrgetter("status")


class Judged(NamedTuple):
    """A main request that is more than a turn's first attempt which was answered well."""

    line: int
    """Its index in the batch."""
    request: Request
    attempt: Attempt
    """What the log alone makes of it."""


class Taken(NamedTuple):
    """The main requests among some lines, each in one of the two."""

    passed: dict[int, Request]
    """First attempts that were answered well, by their indices in the batch: most requests are no more than that."""
    judged: list[Judged]

    def __len__(self) -> int:
        return len(self.passed) + len(self.judged)


class Behind(NamedTuple):
    """What a log shows that does not count."""

    asked: int
    """Requests for tokens, whatever API they speak."""
    requests: list[Request]
    """Main requests."""


class RetryAnalyzer:
    """Takes log lines and transcript entries, in any order between them; memory is bounded.

    Every attempt is counted once, by the best evidence: what the client counted, then what the log's lines, waits and
    connections tell. Where lines have no times, transcripts are compared by order and status, turn by turn.
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        api_timeout_ms: int | None = None,
        local_time: LocalTime | None = None,
        recent: int = RECENT,
        margin_s: float = MARGIN_S,
    ) -> None:
        self.timeout_s = None if api_timeout_ms is None else api_timeout_ms / 1000
        """The client's ``API_TIMEOUT_MS``, where it is known."""
        self.sessions = Sessions()
        self.tracker = Tracker(limit, least=2, most=CHAINS)
        """What the log alone tells."""
        self._local_time = local_time
        self._intakes: dict[str, Intake] = {}
        self._kinds: Counter[RequestKind] = Counter()
        self._statuses: Counter[int] = Counter()
        self._retries = 0
        self._limit_is_told = False
        self._balance = Balance(recent, margin_s)

    @property
    def limit(self) -> int:
        """Return the attempts after which the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one."""
        return self.tracker.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        """Set it; the first time it takes the place of what was assumed, later on turns keep what they began with."""
        if self._limit_is_told:
            self.tracker.change_limit(limit)
        else:
            self.tracker.limit, self._limit_is_told = limit, True
        self._balance.stir()

    @property
    def recent(self) -> Sequence[Request]:
        """Return the newest main requests that have times."""
        return self._balance.recent

    def take(self, batch: LogBatch) -> Taken:
        """Take lines; return the main requests among them."""
        intake = self._intake(batch.log)
        passed: dict[int, Request] = {}
        judged: list[Judged] = []
        requests: list[Request] = []
        others = Counter[RequestKind]()
        untold = when(None, batch)
        rest, known = intake.sift(batch.lines)
        for index, head, tail in rest:
            line = batch.lines[index]
            if " HTTP/" in line or '"reqId":' in line:
                found = intake.access(line, head, tail)
                if found is not None:
                    access, port = found
                    if access.kind is RequestKind.MAIN:
                        moment = untold if access.time is None else when(access.time, batch)
                        request = Request(batch.log, access.status, access.host, port, *moment)
                        requests.append(request)
                        attempt = self.tracker.judge(request)
                        if attempt is None:
                            passed[index] = request
                        else:
                            judged.append(Judged(index, request, attempt))
                    else:
                        others[access.kind] += 1
                        if access.time is not None:
                            self._balance.reach(access.time)
                    continue
            if "ERROR" in line or "CRITICAL" in line:
                self._explain(intake, line, batch)
        self._balance.add(requests)
        if (requests or others or known) and not batch.history:
            self._balance.reach(batch.arrived)
        self._kinds.update(known)
        self._kinds.update(others)
        self._count(requests, judged)
        return Taken(passed, judged)

    def take_behind(self, batch: LogBatch) -> Behind:
        """Take the errors of a log that does not count, and return its requests.

        They are those of the first log once more, and the proxy's own retries.
        """
        intake, asked = self._intake(batch.log), 0
        requests: list[Request] = []
        for index, head, tail in intake.sift(batch.lines).rest:
            line = batch.lines[index]
            if " HTTP/" in line:
                found = intake.access(line, head, tail)
                if found is None:
                    continue
                access, port = found
                moment = when(access.time, batch)
                if access.kind is RequestKind.MAIN:
                    requests.append(Request(batch.log, access.status, access.host, port, *moment))
                if asks_for_tokens(access):
                    asked += 1
                    if access.status >= 500 and moment.t is not None:
                        self.tracker.causes.note_behind(moment.t)
            elif "ERROR" in line or "CRITICAL" in line:
                self._explain(intake, line, batch, behind=True)
        return Behind(asked, requests)

    def take_entry(self, entry: Entry) -> None:
        """Take what one line of a transcript tells."""
        self.sessions.take(entry)
        self._balance.stir()

    def refuse(self, t: float, *, refuses: bool) -> None:
        """Note whether the hop nearest to the client refused a connection at a moment."""
        self._balance.refuse(t, refuses=refuses)

    def miss(self, begun: float, ended: float) -> None:
        """Note that the log which counts was not read in a time."""
        self._balance.miss(begun, ended)

    @property
    def settled(self) -> float:
        """Return the time up to which requests are no longer compared with transcripts."""
        return self._balance.settled

    def recount(self, requests: Sequence[Request]) -> Taken:
        """Let these be the recent requests, in their order, in the place of those so far; all have times."""
        self.tracker = Tracker(self.limit, self.tracker.causes, least=2, most=CHAINS)
        self._balance.replace(requests)
        attempts = [(index, request, self.tracker.judge(request)) for index, request in enumerate(requests)]
        return Taken(
            {index: request for index, request, attempt in attempts if attempt is None},
            [Judged(index, request, attempt) for index, request, attempt in attempts if attempt is not None],
        )

    def end_client(self, folder: str) -> None:
        """Take that no client runs in a folder any more."""
        self.sessions.end_folder(folder)
        self._balance.stir()

    def account(self) -> Account:
        """Return the account of all turns that have retries, or a transcript's word."""
        return self._balance.account(self.tracker, self.sessions, self.timeout_s)

    def storms(self, account: Account, now: float) -> list[Storm]:
        """Return the storms of an account as they stand now, newest first."""
        reasons = {
            request: self.tracker.reason(chain)
            for chain in self.tracker.chains
            if chain.is_storm
            for request in chain.requests
        }

        def reason(requests: Sequence[Request]) -> str:
            known = next((reasons[request] for request in requests if reasons.get(request)), "")
            if known or not requests:
                return known
            error = self.tracker.causes.of(requests[0].t, requests[-1].t)
            return error.text if error is not None else ""

        return [self._placed(storm) for storm in account.storms(self.limit, reason, now)]

    def origin(self, started: float | None, last: float | None) -> tuple[HopKind | None, str]:
        """Return whose answers the failures of a span were, and the ids that a 404 among them named as served."""
        causes = self.tracker.causes
        error = causes.of(started, last)
        hop = HopKind.SERVER if causes.from_server(started, last) else None
        return hop, error.served if error is not None else ""

    def _placed(self, storm: Storm) -> Storm:
        hop, served = self.origin(storm.started, storm.last) if storm.timed else self.origin(None, None)
        return replace(storm, hop=hop, served=served) if hop is not None or served else storm

    def report(self, now: float | None = None) -> Report:
        """Return the account so far; ``now``: unix seconds, to tell a storm that goes on from one given up."""
        account = self.account()
        told = bool(account.here)
        lines, unseen = self._kinds[RequestKind.MAIN], account.unseen
        retries = account.retries if told else self._retries
        main = lines + unseen - (account.auxiliary or 0)
        report = Report(
            http_requests=self._kinds.total() + unseen,
            probes=self._kinds[RequestKind.PROBE],
            main_requests=main,
            auxiliary=account.auxiliary,
            count_tokens=self._kinds[RequestKind.COUNT_TOKENS],
            retries=retries,
            turns=main - (account.main_retries if told else retries),
            by_status={str(status): count for status, count in self._statuses.items()},
        )
        return replace(report, storms=tuple(reversed(self.storms(account, inf if now is None else now))))

    def _intake(self, log: str) -> Intake:
        intake = self._intakes.get(log)
        if intake is None:
            intake = self._intakes[log] = Intake(self._local_time)
        return intake

    def _count(self, requests: list[Request], judged: list[Judged]) -> None:
        self._kinds[RequestKind.MAIN] += len(requests)
        self._statuses.update(map(_status, requests))
        self._retries += sum(line.attempt.number > 1 for line in judged)
        self._retries -= sum(line.attempt.instead_of is not None for line in judged)

    def _explain(self, intake: Intake, line: str, batch: LogBatch, *, behind: bool = False) -> None:
        error = intake.error(line, batch, behind=behind)
        if error is not None:
            self.tracker.explain_by(error)
