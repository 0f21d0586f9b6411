"""The account of everything that logs and transcripts tell: requests, turns, retries and storms."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple

from stormdeck.model.logs.access import Access, LocalTime, RequestKind
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.account import Account, settle
from stormdeck.model.retries.coarse import pair_chains
from stormdeck.model.retries.intake import Intake, when
from stormdeck.model.retries.ladder import DEFAULT_LIMIT
from stormdeck.model.retries.pairing import Pair
from stormdeck.model.retries.report import Report
from stormdeck.model.retries.request import Attempt, Request
from stormdeck.model.retries.storm import Storm
from stormdeck.model.retries.told import Sessions, ToldTurn
from stormdeck.model.retries.tracker import Tracker
from stormdeck.model.retries.transcript import Entry

RECENT = 50_000
"""Main requests that transcripts are compared with line by line; older ones are compared turn by turn."""
CHAINS = 10_000
"""Turns with retries that are remembered."""
MARGIN_S = 5.0
"""A turn this far outside of the log's own time still belongs to it."""
CLIENT_CHECKS = frozenset({"/", "/api/hello"})
"""What the client itself asks for with HEAD, to see whether the address answers (measured, 2.1.112 and 2.1.329)."""


class Taken(NamedTuple):
    """A main request, and what the log alone makes of it."""

    index: int
    """Of its line in the batch."""
    request: Request
    attempt: Attempt


class Ledger:
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
        self._margin_s = margin_s
        self._intakes: dict[str, Intake] = {}
        self._kinds: Counter[RequestKind] = Counter()
        self._statuses: Counter[int] = Counter()
        self._checks = 0
        self._retries = 0
        self._recent: deque[Request] = deque(maxlen=recent)
        self._dropped = -inf
        self._first, self._last = inf, -inf

    @property
    def limit(self) -> int:
        """Return the attempts after which the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one."""
        return self.tracker.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self.tracker.limit = limit

    @property
    def recent(self) -> Sequence[Request]:
        """Return the newest main requests that have times."""
        return self._recent

    def take(self, batch: LogBatch) -> list[Taken]:
        """Take lines; return the main requests among them."""
        intake = self._intake(batch.log)
        taken: list[Taken] = []
        for index, line in enumerate(batch.lines):
            if " HTTP/" in line or '"reqId":' in line:
                access = intake.access(line)
                if access is not None:
                    request = self._count(access, batch)
                    if request is not None:
                        taken.append(Taken(index, request, self._follow(request)))
                    continue
            if "ERROR" in line or "CRITICAL" in line:
                self._explain(intake, line, batch)
        return taken

    def take_errors(self, batch: LogBatch) -> None:
        """Take only the errors of a log whose requests are counted elsewhere: the next hop's."""
        intake = self._intake(batch.log)
        for line in batch.lines:
            if "ERROR" in line or "CRITICAL" in line:
                self._explain(intake, line, batch)

    def take_entry(self, entry: Entry) -> None:
        """Take what one line of a transcript tells."""
        self.sessions.take(entry)

    def forget_lines(self) -> None:
        """Forget the recent requests: those of another log count from now on. Storms stay."""
        self._recent.clear()
        self._first, self._last = inf, -inf

    def account(self) -> Account:
        """Return the account of all turns that have retries, or a transcript's word."""
        chains = self.tracker.chains
        turns = self._turns()
        if not turns:
            return Account(pairs=tuple(Pair(chain) for chain in chains))
        timed = bool(self._recent) or not chains
        new = [turn for turn in turns if timed and turn.heard > self._dropped]
        account = settle(self._recent, new, self.limit, self.timeout_s)
        if len(new) == len(turns) and not any(chain.last is None or chain.last <= self._dropped for chain in chains):
            return account
        old = [turn for turn in turns if not timed or turn.heard <= self._dropped]
        gone = [chain for chain in chains if chain.last is None or chain.last <= self._dropped]
        witnesses, pairs = pair_chains(old, gone, self.limit, self.timeout_s)
        return Account((*witnesses, *account.witnesses), (*pairs, *account.pairs))

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

        return account.storms(self.limit, reason, now)

    def report(self, now: float | None = None) -> Report:
        """Return the account so far; ``now``: unix seconds, to tell a storm that goes on from one given up."""
        account = self.account()
        told = bool(account.witnesses) or any(pair.turn for pair in account.pairs)
        lines, unseen = self._kinds[RequestKind.MAIN], account.unseen
        retries = account.retries if told else self._retries
        main = lines + unseen - (account.auxiliary or 0)
        report = Report(
            http_requests=self._kinds.total() + unseen,
            probes=self._kinds[RequestKind.PROBE] - self._checks,
            main_requests=main,
            auxiliary=account.auxiliary,
            count_tokens=self._kinds[RequestKind.COUNT_TOKENS],
            retries=retries,
            turns=main - (account.main_retries if told else retries),
            by_status={str(status): count for status, count in self._statuses.items()},
        )
        return replace(report, storms=tuple(reversed(self.storms(account, inf if now is None else now))))

    def _turns(self) -> list[ToldTurn]:
        """Return the turns that fall into the time of the log; all of them where it has no times."""
        turns = self.sessions.turns
        if self._first > self._last:
            return list(turns)
        first, last = self._first - self._margin_s, self._last + self._margin_s
        return [turn for turn in turns if first <= turn.heard and turn.begun <= last]

    def _intake(self, log: str) -> Intake:
        intake = self._intakes.get(log)
        if intake is None:
            intake = self._intakes[log] = Intake(self._local_time)
        return intake

    def _count(self, access: Access, batch: LogBatch) -> Request | None:
        """Count a request by its kind, and return it where it is a main one."""
        self._kinds[access.kind] += 1
        t, grain = when(access.time, batch)
        if t is not None:
            self._first, self._last = min(self._first, t), max(self._last, t)
        if access.kind is not RequestKind.MAIN:
            self._checks += access.method == "HEAD" and access.path in CLIENT_CHECKS
            return None
        self._statuses[access.status] += 1
        return Request(batch.log, access.status, access.host, access.port, t, grain)

    def _follow(self, request: Request) -> Attempt:
        if request.t is not None:
            if len(self._recent) == self._recent.maxlen and self._recent[0].t is not None:
                self._dropped = max(self._dropped, self._recent[0].t)
            self._recent.append(request)
        attempt = self.tracker.take(request)
        self._retries += (attempt.number > 1) - (attempt.instead_of is not None)
        return attempt

    def _explain(self, intake: Intake, line: str, batch: LogBatch) -> None:
        error = intake.error(line, batch)
        if error is not None:
            self.tracker.explain(*error)
