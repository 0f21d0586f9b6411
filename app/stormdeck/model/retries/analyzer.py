"""Analyse the requests of an access log and the entries of transcripts: count turns and retries, find storms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from stormdeck.model.retries.backoff import DEFAULT_LIMIT, LEFT
from stormdeck.model.retries.chain import Attempt, Request
from stormdeck.model.retries.odds.judge import Judge
from stormdeck.model.retries.odds.unclear import Unclear, unclear
from stormdeck.model.retries.reconcile import Account
from stormdeck.model.retries.rolling_account import RollingAccount
from stormdeck.model.retries.sessions import Sessions
from stormdeck.model.retries.storms.report import Report
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.retries.tracker import ErrorText, Tracker
from stormdeck.model.retries.transcript import Entry

RECENT = 50_000
"""How many main requests are compared with transcripts line by line; older ones are compared turn by turn."""
CHAINS = 10_000
"""How many turns with retries are kept."""
MARGIN_S = 5.0
"""How far outside of the log's time a turn may lie and still belong to it, in seconds."""
CLIENT_LEFT = "the client left before it had an answer"
NO_OTHERS: Mapping[str, int] = MappingProxyType({})

_status = attrgetter("status")


class JudgedRequest(NamedTuple):
    """A main request that failed or is a retry."""

    line: int
    """The index of its line in the batch."""
    request: Request
    attempt: Attempt
    """Which attempt it is by the log alone."""


class JudgedRequests(NamedTuple):
    """The main requests of some lines. Each request is in one of the two."""

    passed: dict[int, Request]
    """First attempts that were answered well, by the indices of their lines: most requests are no more than that."""
    judged: list[JudgedRequest]

    def __len__(self) -> int:
        return len(self.passed) + len(self.judged)


class RetryAnalyzer:
    """Finds turns, retries and storms in requests and transcript entries, which may come in any order between them.

    Every attempt is counted once, by the best evidence there is: the client's own count, or else the lines of the log,
    the waits between them and their connections. Where requests have no times, transcripts are compared by order and
    status, turn by turn. Memory is bounded.

    >>> analyzer = RetryAnalyzer()
    >>> failed = [Request("vllm.log", 500, "127.0.0.1", 5000, t) for t in (0.0, 0.6, 1.8)]
    >>> judged = analyzer.take_events(enumerate(failed))
    >>> analyzer.account().retries
    2
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        api_timeout_ms: int | None = None,
        recent: int = RECENT,
        margin_s: float = MARGIN_S,
    ) -> None:
        self.timeout_s = None if api_timeout_ms is None else api_timeout_ms / 1000
        """The client's ``API_TIMEOUT_MS`` in seconds, where it is known."""
        self.sessions = Sessions()
        """Turns by the transcripts alone."""
        self._judge = Judge()
        self.tracker = Tracker(limit, least=2, most=CHAINS, may_be_chance=self._judge.is_unsure)
        """Turns by the log alone."""
        self._others: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._limit_is_set = False
        self._rolling = RollingAccount(recent, margin_s)
        self._unsure: tuple[Account, frozenset[int]] | None = None
        """The chains of the newest account that may be chance."""

    @property
    def limit(self) -> int:
        """Return after how many attempts the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one."""
        return self.tracker.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        """Set the limit. The first call replaces the default; later ones leave turns that have started as they are."""
        if self._limit_is_set:
            self.tracker.change_limit(limit)
        else:
            self.tracker.limit, self._limit_is_set = limit, True
        self._rolling.invalidate()

    @property
    def recent(self) -> Sequence[Request]:
        """Return the newest main requests that have times."""
        return self._rolling.recent

    @property
    def settled(self) -> float:
        """Return the time up to which requests are no longer compared with transcripts."""
        return self._rolling.settled

    def take_events(
        self, events: Iterable[tuple[int, Request | ErrorText]], others: Mapping[str, int] = NO_OTHERS
    ) -> JudgedRequests:
        """Process main requests and errors, each with the index of its line, in the order of their log.

        ``others`` is how many requests of other kinds came with them, by kind: ``probe``, ``count_tokens``, ``other``.
        """
        passed: dict[int, Request] = {}
        judged: list[JudgedRequest] = []
        events = list(events)
        requests = [event for _, event in events if isinstance(event, Request)]
        # Before the chains: those that are no longer kept are judged at once.
        self._judge.density.add(requests)
        for line, event in events:
            if isinstance(event, ErrorText):
                self.tracker.add_error(event)
                continue
            attempt = self.tracker.judge(event)
            if attempt is None:
                passed[line] = event
            else:
                judged.append(JudgedRequest(line, event, attempt))
                if attempt.number == 1 and event.t is not None:
                    self._judge.density.add_first(event.t)
        self._rolling.add(requests)
        self._others.update(others)
        self._statuses.update(map(_status, requests))
        return JudgedRequests(passed, judged)

    def take_errors(self, errors: Iterable[ErrorText]) -> None:
        """Process errors from a log whose requests are not counted."""
        for error in errors:
            self.tracker.add_error(error)

    def take_entry(self, entry: Entry) -> None:
        """Process an entry of a transcript."""
        self.sessions.take(entry)
        self._rolling.invalidate()

    def extend_span(self, t: float) -> None:
        """Note that the log covers a moment, even if it has no main request there."""
        self._rolling.extend_span(t)

    def note_refusal(self, t: float, *, refuses: bool) -> None:
        """Note whether the hop nearest to the client refused connections at a moment."""
        self._rolling.note_refusal(t, refuses=refuses)

    def note_gap(self, started: float, ended: float) -> None:
        """Note a time in which the log that counts was not read."""
        self._rolling.note_gap(started, ended)

    def recount(self, requests: Sequence[Request]) -> JudgedRequests:
        """Replace the recent requests by these, in their order. All must have times."""
        self.tracker = Tracker(
            self.limit, self.tracker.causes, least=2, most=CHAINS, may_be_chance=self._judge.is_unsure
        )
        self._rolling.replace(requests)
        self._judge.density.replace(requests)
        attempts = [(index, request, self.tracker.judge(request)) for index, request in enumerate(requests)]
        return JudgedRequests(
            {index: request for index, request, attempt in attempts if attempt is None},
            [JudgedRequest(index, request, attempt) for index, request, attempt in attempts if attempt is not None],
        )

    def end_client(self, folder: str) -> None:
        """Note that no client runs in a folder any more."""
        self.sessions.end_folder(folder)
        self._rolling.invalidate()

    @property
    def has_requests(self) -> bool:
        """Return whether the logs have shown a request of any kind."""
        return bool(self._statuses or self._others)

    def account(self) -> Account:
        """Return the account: all turns that have retries, or that a transcript records."""
        return self._rolling.account(self.tracker, self.sessions, self.timeout_s)

    def unsure(self, account: Account) -> frozenset[int]:
        """Return the ``id()`` of each chain of an account that may be chance, by the log's traffic around it.

        What a transcript records as one turn is none.
        """
        if self._unsure is None or self._unsure[0] is not account:
            loose = [pair.chain for pair in account.pairs if pair.turn is None and pair.chain.attempts > 1]
            self._unsure = account, self._judge.unsure(loose)
        return self._unsure[1]

    def retries_unsure(self, account: Account) -> int:
        """Return how many retries of an account may be chance."""
        unsure = self.unsure(account)
        chains = (pair.chain for pair in account.pairs)
        forgotten = min(account.forgotten_retries, self.tracker.forgotten_unsure)
        return forgotten + sum(chain.attempts - 1 for chain in chains if id(chain) in unsure)

    def storms(self, account: Account, now: float) -> list[Storm]:
        """Return the storms of an account as of ``now``, newest first."""
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
            if error is None and all(request.status == LEFT for request in requests if request.failed):
                return CLIENT_LEFT
            return error.text if error is not None else ""

        return [self._with_origin(storm) for storm in account.storms(self.limit, reason, now, self.unsure(account))]

    def origin(self, started: float | None, last: float | None) -> tuple[bool, str]:
        """Return whether the inference server itself failed in a span, and the ids that a 404 listed as served."""
        causes = self.tracker.causes
        error = causes.of(started, last)
        return causes.from_server(started, last), error.served if error is not None else ""

    def _with_origin(self, storm: Storm) -> Storm:
        from_server, served = self.origin(storm.started, storm.last) if storm.timed else self.origin(None, None)
        return replace(storm, from_server=from_server, served=served) if from_server or served else storm

    def unclear(self, account: Account, since: float = -inf) -> Unclear | None:
        """Return the traffic in which attempts cannot be told apart; ``None`` if there is none, or it has no times.

        ``since``: only chains count whose newest attempt is younger.
        """
        unsure = self.unsure(account)
        chains = [pair.chain for pair in account.pairs if pair.chain.is_storm and id(pair.chain) in unsure]
        spans = [
            (one.started, one.last)
            for one in chains
            if one.started is not None and one.last is not None and one.last > since
        ]
        if not spans:
            return None
        return unclear(self._rolling.recent, min(first for first, _ in spans), max(last for _, last in spans))

    def report(self, now: float | None = None) -> Report:
        """Return the counts and storms so far. Without ``now``, in unix seconds, no storm is reported as live."""
        account = self.account()
        unsure = self.retries_unsure(account)
        lines = self._statuses.total()
        main = lines + account.attempts_without_line - (account.auxiliary or 0)
        return Report(
            http_requests=lines + self._others.total() + account.attempts_without_line,
            probes=self._others["probe"],
            main_requests=main,
            auxiliary=account.auxiliary,
            count_tokens=self._others["count_tokens"],
            retries=account.retries - unsure,
            retries_unsure=unsure,
            turns=main - (account.main_retries - (unsure if account.auxiliary is None else 0)),
            by_status={str(status): count for status, count in self._statuses.items()},
            storms=tuple(reversed(self.storms(account, inf if now is None else now))),
            errors=self.tracker.causes.texts,
            unclear=self.unclear(account),
        )
