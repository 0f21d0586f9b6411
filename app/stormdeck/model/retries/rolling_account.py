"""Keep the account of a log and its transcripts up to date, in bounded memory and time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import chain, islice
from math import inf

from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.line_assignment import Watched
from stormdeck.model.retries.pairing import Pair, pair_by_order
from stormdeck.model.retries.reconcile import Account, reconcile
from stormdeck.model.retries.sessions import Sessions, TranscriptTurn
from stormdeck.model.retries.tracker import Tracker

COMPACT_FROM = 2000
"""With more recent requests than this, the older half is compacted, if the account is read repeatedly."""
REFUSALS = 100
"""How many spans of refused connections, and of an unread log, are kept."""
MOMENT_S = 1.0
"""The first line of a log may belong to an attempt that was sent this long before it, in seconds."""
LATE_S = 120.0
"""Requests younger than this are not compacted, since transcript entries for them may still come."""


class RollingAccount:
    """Keeps the newest requests, and an account of the older ones."""

    def __init__(self, recent: int, margin_s: float) -> None:
        self._recent: deque[Request] = deque(maxlen=recent)
        self._margin_s = margin_s
        self._untimed = False
        self._dropped = -inf
        """Requests up to this time are no longer kept."""
        self._compacted_to = -inf
        """Turns up to this time are in the account of the past."""
        self._past: Account | None = None
        self._account: Account | None = None
        self._was_read = False
        self._first, self._last = inf, -inf
        self._refusals: deque[tuple[float, float]] = deque(maxlen=REFUSALS)
        self._gaps: deque[tuple[float, float]] = deque(maxlen=REFUSALS)

    @property
    def recent(self) -> Sequence[Request]:
        """Return the newest main requests that have times."""
        return self._recent

    @property
    def settled(self) -> float:
        """Return the time up to which turns are in the account of the past."""
        return self._compacted_to

    def extend_span(self, t: float) -> None:
        """Note that the log covers a moment, with or without main requests."""
        if t < self._first:
            self._first = t
        if t > self._last:
            self._last = t

    def add(self, requests: Sequence[Request]) -> None:
        """Add the next main requests."""
        if not requests:
            return
        self._account = None
        timed = [request for request in requests if request.t is not None]
        self._untimed = self._untimed or len(timed) < len(requests)
        too_many = len(self._recent) + len(timed) - (self._recent.maxlen or 0)
        for gone in {request.t for request in islice(chain(self._recent, timed), max(0, too_many))}:
            self._dropped = max(self._dropped, gone or self._dropped)
        self._recent.extend(timed)
        for t in {request.t for request in timed if request.t is not None}:
            self.extend_span(t)

    def note_refusal(self, t: float, *, refuses: bool) -> None:
        """Note whether the hop nearest to the client refused connections at a moment."""
        refusals = self._refusals
        refusing = bool(refusals) and refusals[-1][1] == inf
        if refuses and not refusing:
            refusals.append((t, inf))
        elif refusing and not refuses:
            refusals[-1] = (refusals[-1][0], t)
        else:
            return
        self._account = None

    def note_gap(self, started: float, ended: float) -> None:
        """Note a time in which the log that counts was not read."""
        self._gaps.append((started, ended))
        self._account = None

    def invalidate(self) -> None:
        """Discard the cached account, since something else that it depends on has changed."""
        self._account = None

    def replace(self, requests: Sequence[Request]) -> None:
        """Replace the recent requests; the account of the past stays."""
        self._account = None
        self._recent = deque(requests, self._recent.maxlen)
        for request in requests:
            if request.t is not None:
                self.extend_span(request.t)

    def account(self, tracker: Tracker, sessions: Sessions, timeout_s: float | None) -> Account:
        """Return the account: all turns that have retries, or that a transcript records."""
        if self._account is None:
            self._account = self._reconcile(tracker, sessions, timeout_s)
            self._compact(self._account)
        return self._account

    def _reconcile(self, tracker: Tracker, sessions: Sessions, timeout_s: float | None) -> Account:
        chains, turns = tracker.chains, self._in_time(sessions.turns)
        by_log = Account(pairs=tuple(Pair(chain) for chain in chains), forgotten_retries=tracker.forgotten_retries)
        if not turns and self._past is None:
            return by_log
        gone = [chain for chain in chains if chain.last is None or self._compacted_to < chain.last <= self._dropped]
        timed = bool(self._recent) or not self._untimed
        new = [turn for turn in turns if timed and turn.last_seen > self._dropped]
        known = self._past.sessions if self._past is not None else frozenset()
        account = reconcile(self._recent, new, sessions.spans, tracker.limit, timeout_s, known, self._watched())
        old = [turn for turn in turns if not timed or turn.last_seen <= self._dropped]
        if old or gone:
            counted_turns, pairs = pair_by_order(old, gone, tracker.limit, timeout_s)
            local = frozenset(counted.turn.session for counted in counted_turns)
            account = Account(tuple(counted_turns), tuple(pairs), sessions=local).merged_with(account)
        if self._past is not None:
            account = self._past.merged_with(account)
        # Sessions that use other servers are no evidence about this log.
        return account if account.sessions else by_log

    def _watched(self) -> Watched:
        """Return what is known other than the lines."""
        since = self._first if self._first <= self._last else -inf if self._untimed else inf
        return Watched(since - MOMENT_S, tuple(self._refusals), tuple(self._gaps))

    def _in_time(self, turns: Sequence[TranscriptTurn]) -> list[TranscriptTurn]:
        """Return the turns in the time of the log; all turns if it has no times."""
        if self._first > self._last:
            return list(turns)
        first, last = max(self._compacted_to, self._first - self._margin_s), self._last + self._margin_s
        return [turn for turn in turns if first < turn.last_seen and turn.started <= last]

    def _compact(self, account: Account) -> None:
        """Move older requests into the account of the past, so that later calls cost no more than the first.

        Not at the first call: the transcripts may be read after the lines.
        """
        if not self._was_read or not account.sessions or len(self._recent) <= COMPACT_FROM:
            self._was_read = True
            return
        middle = sorted(line.t or 0.0 for line in self._recent)[len(self._recent) // 2]
        cut = account.quiet_before(min(middle, self._last - LATE_S))
        if cut > self._compacted_to:
            self._past, self._compacted_to = account.until(cut), cut
            self._recent = deque((line for line in self._recent if (line.t or 0.0) > cut), self._recent.maxlen)
            self._dropped = max(self._dropped, cut)
