"""The account of everything that logs and transcripts tell: requests, turns, retries and storms."""

from __future__ import annotations

from collections import Counter, deque
from math import inf
from typing import NamedTuple

from stormdeck.model.logs.access import Access, LocalTime, RequestKind
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.account import Account, settle
from stormdeck.model.retries.chain import Chain
from stormdeck.model.retries.coarse import pair_chains
from stormdeck.model.retries.intake import Intake, when
from stormdeck.model.retries.ladder import DEFAULT_LIMIT
from stormdeck.model.retries.outlook import chain_storm
from stormdeck.model.retries.report import Report
from stormdeck.model.retries.request import Attempt, Request
from stormdeck.model.retries.storm import Storm
from stormdeck.model.retries.told import Sessions, ToldTurn
from stormdeck.model.retries.tracker import Tracker
from stormdeck.model.retries.transcript import Entry
from stormdeck.model.retries.witness import Witness, witness_storm

RECENT = 50_000
"""Main requests that transcripts are compared with one by one; older ones are compared by turn."""
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
    """Takes log lines and transcript entries, in any order between them; memory is bounded."""

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        api_timeout_ms: int | None = None,
        local_time: LocalTime | None = None,
        recent: int = RECENT,
    ) -> None:
        self.limit = limit
        """Attempts after which the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one."""
        self.timeout_s = None if api_timeout_ms is None else api_timeout_ms / 1000
        """The client's ``API_TIMEOUT_MS``, where it is known."""
        self.sessions = Sessions()
        self._local_time = local_time
        self._tracker = Tracker(limit, least=2, most=CHAINS)
        self._intakes: dict[str, Intake] = {}
        self._only: str | None = None
        self._kinds: Counter[RequestKind] = Counter()
        self._checks = 0
        self._statuses: Counter[int] = Counter()
        self._retries = 0
        self._recent: deque[tuple[Request, bool]] = deque(maxlen=recent)
        self._settled = -inf
        """Lines up to here are no longer among the recent ones."""
        self._span = (inf, -inf)

    def take(self, batch: LogBatch) -> list[Taken]:
        """Take lines; return the main requests among them."""
        intake = self._intakes.get(batch.log)
        if intake is None:
            intake = self._intakes[batch.log] = Intake(self._local_time)
        taken: list[Taken] = []
        for index, line in enumerate(batch.lines):
            if " HTTP/" in line or '"reqId":' in line:
                access = intake.access(line)
                if access is not None:
                    if access.kind is RequestKind.MAIN:
                        taken.append(self._count(index, access, batch))
                    else:
                        self._pass(access, batch)
                    continue
            if "ERROR" in line or "CRITICAL" in line:
                error = intake.error(line, batch)
                if error is not None:
                    self._tracker.explain(*error)
        return taken

    def take_entry(self, entry: Entry) -> None:
        """Take what one line of a transcript tells."""
        self.sessions.take(entry)

    def report(self, now: float | None = None) -> Report:
        """Return the account so far; ``now``: unix seconds, to tell a storm that goes on from one given up."""
        moment = inf if now is None else now
        account = self.account()
        witnesses, chains = self._settled_part()
        lines = self._kinds[RequestKind.MAIN]
        unseen = account.unseen + sum(max(0, witness.attempts - len(witness.lines)) for witness in witnesses)
        retries = account.retries + self._settled_retries(witnesses, chains)
        auxiliary = None if witnesses or self._is_partial else account.auxiliary
        main = lines + unseen - (auxiliary or 0)
        storms = account.storms(moment) + [
            *(witness_storm(witness, self.limit, "", moment) for witness in witnesses if witness.attempts > 2),
            *(self._chain_storm(chain, moment) for chain in chains if chain.is_storm),
        ]
        return Report(
            http_requests=self._kinds.total() + unseen,
            probes=self._kinds[RequestKind.PROBE] - self._checks,
            main_requests=main,
            auxiliary=auxiliary,
            count_tokens=self._kinds[RequestKind.COUNT_TOKENS],
            retries=retries,
            turns=max(0, main - (retries if auxiliary is None else account.main_retries)),
            by_status={str(status): count for status, count in self._statuses.items()},
            storms=tuple(sorted(storms, key=lambda storm: (storm.timed, storm.started))),
        )
