"""Find turns, retries and storms in the main requests of a log."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from stormdeck.model.retries.backoff import DEFAULT_LIMIT
from stormdeck.model.retries.chain import STORM, Attempt, Chain, Request, first_attempt
from stormdeck.model.retries.matching import PendingTurn, PendingTurns, Reading, best_match
from stormdeck.model.retries.scoring import MatchScore
from stormdeck.model.retries.storms.from_chain import chain_storm
from stormdeck.model.retries.storms.storm import Storm

REMEMBERED = 512
BESIDE = 1.0
"""Longest time between an error record and the access line of the same request, in seconds."""
AHEAD = 10.0
"""How long before the proxy's answer the server behind it may fail: the proxy's retries take 4 to 5 s (measured)."""


class ErrorText(NamedTuple):
    """The text of an error record, shortened."""

    t: float | None
    """``None`` if only its order is known."""
    text: str
    is_cooldown: bool
    """The proxy refused the request itself, because of an earlier error."""
    from_server: bool = False
    """The error is the inference server's own, possibly passed on by a proxy."""
    served: str = ""
    """The model ids that it lists as served."""


class Causes:
    """The newest errors of all logs."""

    def __init__(self) -> None:
        self._errors: deque[tuple[float, ErrorText]] = deque(maxlen=REMEMBERED)
        self._untimed: ErrorText | None = None
        self._failed_behind: deque[float] = deque(maxlen=REMEMBERED)
        """When the server behind the proxy answered with a server error, by the server's own log."""

    def add(self, error: ErrorText) -> None:
        """Add an error."""
        if error.t is not None:
            self._errors.append((error.t, error))
        elif not error.is_cooldown or self._untimed is None:
            self._untimed = error

    @property
    def texts(self) -> tuple[str, ...]:
        """Return what the errors say, each text once, the first one first; without the proxy's cooldown."""
        errors = [error for _, error in self._errors] + ([self._untimed] if self._untimed is not None else [])
        return tuple(dict.fromkeys(error.text for error in errors if not error.is_cooldown))

    def note_behind(self, t: float) -> None:
        """Add the time of a server error in the log of the server behind the proxy."""
        self._failed_behind.append(t)

    def from_server(self, started: float | None, last: float | None) -> bool:
        """Return whether the errors in a span are the inference server's own."""
        if started is None or last is None:
            return self._untimed is not None and self._untimed.from_server
        first, end = started - AHEAD, last + BESIDE
        logged = any(error.from_server and first <= t <= end for t, error in self._errors)
        return logged or any(first <= t <= end for t in self._failed_behind)

    def of(self, started: float | None, last: float | None) -> ErrorText | None:
        """Return the first error of a span, or the latest error if the times are unknown.

        A cooldown follows from an earlier error; it is returned only if there is no other error.
        """
        if started is None or last is None:
            return self._untimed
        near = [(t, error) for t, error in self._errors if started - AHEAD <= t <= last + BESIDE]
        real = [(t, error) for t, error in near if not error.is_cooldown]
        beside = [(t, error) for t, error in real if t >= started - BESIDE]
        if beside:
            return min(beside)[1]
        if real:
            return max(real)[1]
        return near[0][1] if near else None


STORMS = 50
SWEEP = 16
"""Chains that are over are dropped once in this many requests."""
PORTS = 4096
"""How many connections are kept; at most twice as many."""
NEVER = float("-inf")
SAME_CONNECTION = 600.0
"""A port that is seen again after this time is another connection, since ports are reused."""


class Tracker:
    """Tracks the turns in one or more logs, in bounded memory. A request is compared with the few turns that fit.

    Requests must come in the order of their log. A result may be revised later: see ``Attempt.instead_of``.
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        causes: Causes | None = None,
        least: int = STORM,
        most: int = STORMS,
        may_be_chance: Callable[[Chain], bool] | None = None,
    ) -> None:
        """Keep the newest ``most`` chains that have at least ``least`` attempts.

        ``may_be_chance`` judges those that are dropped, once the traffic around them is known.
        """
        self.limit = limit
        """After how many attempts the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one. See ``change_limit``."""
        self._turns = 0
        self._taken = 0
        self._swept: float | None = None
        """When turns that are over were last dropped."""
        self._waiting = PendingTurns()
        self._ports: dict[tuple[str, str, int], float | None] = {}
        """When each connection was last seen."""
        self._older_ports = self._ports
        """The same for older connections, which are dropped all at once: one by one would cost more."""
        self._least = least
        self._most = most
        self._kept: OrderedDict[int, Chain] = OrderedDict()
        self._reasons: dict[int, ErrorText] = {}
        self.forgotten_retries = 0
        """The retries of chains that are no longer kept."""
        self.forgotten_unsure = 0
        """Those of them that may be chance."""
        self._may_be_chance = may_be_chance
        self.causes = Causes() if causes is None else causes
        """The errors of all logs; may be shared with another tracker."""
        self.cut_heads: dict[Request, int] = {}
        """Requests with which a log begins in the middle of a turn, and the back-off step after each."""

    def take(self, request: Request) -> Attempt:
        """Process the next main request. Returns which attempt of which turn it is."""
        return self.judge(request) or Attempt(self._turns, 1)

    def judge(self, request: Request) -> Attempt | None:
        """Process the next main request. Returns ``None`` for a first attempt that succeeded."""
        self._taken += 1
        last = self._last_seen(request)
        known = last != NEVER
        match = None
        if self._waiting:
            if not self._taken % SWEEP and (request.t is None or request.t != self._swept):
                self._waiting.forget(request.t, self._taken)
                self._swept = request.t
            match = best_match(self._waiting, request, self.limit, known)
        if match is None:
            if self._least == 1 or request.status >= 400:
                self._begin(request)
                return Attempt(self._turns, 1)
            self._turns += 1
            return None
        pending, wrong = match.turn, None
        if match.reading is not Reading.FOLLOWS and pending.before is not None:
            pending, wrong = self._revise(pending, pending.before, match.reading)
        weak = match.reading is not Reading.TWO_OF_ANOTHER and match.strength < MatchScore.CONNECTION
        before, strength = (pending.chain, match.strength) if weak else (None, MatchScore.CONNECTION)
        since = pending.chain.last
        interrupted = last is not None and since is not None and last > since and request.port in pending.chain.ports
        chain = pending.chain.with_attempt(request, interrupted=interrupted)
        self._waiting.revise(pending, chain, before, strength, self._taken)
        self._note(pending.chain)
        return Attempt(pending.chain.turn, pending.chain.attempts, wrong)

    def change_limit(self, limit: int) -> None:
        """Set a new limit; turns that have begun keep the old one."""
        if limit == self.limit:
            return
        for turn, chain in self._kept.items():
            if chain.open:
                self._kept[turn] = chain.with_limit(self.limit)
        self._waiting.keep_limit(self.limit)
        self.limit = limit

    def add_error(self, error: ErrorText) -> None:
        """Add an error, and use it as the reason of storms that have none."""
        self.causes.add(error)
        t = error.t
        for chain in reversed(self._kept.values()):
            # Older chains are over, or have a reason.
            if t is not None and chain.last is not None and chain.last < t - BESIDE:
                break
            if chain.is_storm and not self._find_reason(chain):
                break

    def storms(self, now: float) -> tuple[Storm, ...]:
        """Return the storms among the chains that are kept, newest first."""
        storms = (chain for chain in reversed(self._kept.values()) if chain.is_storm)
        return tuple(chain_storm(chain, self.limit, self.reason(chain), now) for chain in storms)

    @property
    def chains(self) -> tuple[Chain, ...]:
        """Return the chains that are kept, in the order of their newest attempts."""
        return tuple(self._kept.values())

    def reason(self, chain: Chain) -> str:
        """Return the text of the first error in a chain's time, empty if there is none."""
        known = self._reasons.get(chain.turn) or self.causes.of(chain.started, chain.last)
        return known.text if known is not None else ""

    def _last_seen(self, request: Request) -> float | None:
        """Return when a request's connection carried a request before, else ``NEVER``, and store the connection.

        ``None`` if the log has no times.
        """
        log, host, port, t = request.log, request.host, request.port, request.t
        key = (log, host, port)
        last = self._ports.get(key, NEVER)
        if last == NEVER:
            last = self._older_ports.get(key, NEVER)
            if len(self._ports) >= PORTS:
                self._older_ports, self._ports = self._ports, {}
        self._ports[key] = t
        if not port or (last is not None and t is not None and t - last > SAME_CONNECTION):
            return NEVER
        return last

    def _begin(self, request: Request) -> PendingTurn:
        """Begin a turn; if the request failed, the turn waits for its next attempt."""
        self._turns += 1
        chain = first_attempt(self._turns, request)
        if self.cut_heads and (step := self.cut_heads.pop(request, 0)):
            chain = replace(chain, backoff_step=step)
        pending = PendingTurn(chain, at=self._taken)
        if self._least == 1:
            self._note(pending.chain)
        if request.failed:
            self._waiting.add(pending)
        return pending

    def _revise(self, pending: PendingTurn, before: Chain, reading: Reading) -> tuple[PendingTurn, Request]:
        """Make a chain's newest attempt its own turn. Returns the turn that the request continues, and that attempt."""
        wrong = pending.chain.newest
        self._waiting.revise(pending, before, None, MatchScore.CONNECTION, pending.at)
        self._note(pending.chain)
        own = self._begin(wrong)
        return (pending if reading is Reading.TAKES_ITS_PLACE else own), wrong

    def _note(self, chain: Chain) -> None:
        """Store a chain, or drop it if it has too few attempts."""
        if chain.attempts < self._least:
            self._kept.pop(chain.turn, None)
            self._reasons.pop(chain.turn, None)
            return
        self._kept[chain.turn] = chain
        self._kept.move_to_end(chain.turn)
        if chain.is_storm:
            self._find_reason(chain)
        if len(self._kept) > self._most:
            turn, forgotten = self._kept.popitem(last=False)
            self._reasons.pop(turn, None)
            self.forgotten_retries += forgotten.attempts - 1
            if self._may_be_chance is not None and self._may_be_chance(forgotten):
                self.forgotten_unsure += forgotten.attempts - 1

    def _find_reason(self, chain: Chain) -> bool:
        """Store the first error of a storm, unless one is known that is no cooldown. Returns whether none was known."""
        known = self._reasons.get(chain.turn)
        if known is None or known.is_cooldown:
            found = self.causes.of(chain.started, chain.last)
            if found is not None:
                self._reasons[chain.turn] = found
            return True
        return False
