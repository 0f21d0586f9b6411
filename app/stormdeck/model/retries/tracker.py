"""From main requests to turns, retries and storms."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple

from stormdeck.model.retries.backoff import DEFAULT_LIMIT
from stormdeck.model.retries.chain import STORM, Attempt, Chain, Request, first_attempt
from stormdeck.model.retries.matching import Match, PendingTurn, PendingTurns, Reading, best_match
from stormdeck.model.retries.scoring import MatchScore
from stormdeck.model.retries.storms.from_chain import chain_storm
from stormdeck.model.retries.storms.storm import Storm

REMEMBERED = 512
BESIDE = 1.0
"""Seconds by which an error record and the access line of the same request may lie apart."""
AHEAD = 10.0
"""Seconds that a server behind a proxy may fail before the proxy answers: its own retries take 4 to 5 s (measured)."""


class ErrorText(NamedTuple):
    """What an error record says, in a few words."""

    t: float | None
    """``None`` where only its order is known."""
    text: str
    is_cooldown: bool
    """A proxy refused by itself, as a consequence of an error before."""
    from_server: bool = False
    """The inference server's own answer or record, which a proxy may have passed on."""
    served: str = ""
    """The ids that it names as served."""


class Causes:
    """The last error texts of all logs."""

    def __init__(self) -> None:
        self._errors: deque[tuple[float, ErrorText]] = deque(maxlen=REMEMBERED)
        self._untimed: ErrorText | None = None
        self._failed_behind: deque[float] = deque(maxlen=REMEMBERED)
        """When the server behind the proxy answered with a server error, by its own log."""

    def add(self, error: ErrorText) -> None:
        """Remember an error."""
        if error.t is not None:
            self._errors.append((error.t, error))
        elif not error.is_cooldown or self._untimed is None:
            self._untimed = error

    def note_behind(self, t: float) -> None:
        """Remember that the server behind the proxy answered with a server error."""
        self._failed_behind.append(t)

    def from_server(self, started: float | None, last: float | None) -> bool:
        """Return whether the inference server itself answered with the error of a burst."""
        if started is None or last is None:
            return self._untimed is not None and self._untimed.from_server
        first, end = started - AHEAD, last + BESIDE
        told = any(error.from_server and first <= t <= end for t, error in self._errors)
        return told or any(first <= t <= end for t in self._failed_behind)

    def of(self, started: float | None, last: float | None) -> ErrorText | None:
        """Return the first error of a burst; without times the latest.

        A cooldown is a consequence of the error before it, and the cause only where nothing else is known.
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
"""Requests between two looks for chains that are over."""
PORTS = 4096
"""Connections that are remembered; twice as many at most."""
NEVER = float("-inf")
SAME_CONNECTION = 600.0
"""Seconds after which a port that is seen again is taken for another connection: ports are used anew."""


class Tracker:
    """Follows the turns in one or more logs; memory is bounded, a request costs some fits to waiting chains.

    Requests must come in the order of their log. What is told once may be revised: see ``Attempt.instead_of``.
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        causes: Causes | None = None,
        least: int = STORM,
        most: int = STORMS,
    ) -> None:
        """Remember the newest ``most`` chains of ``least`` attempts or more."""
        self.limit = limit
        """Attempts after which the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one. See ``change_limit``."""
        self._turns = 0
        self._taken = 0
        self._swept: float | None = None
        """When turns that are over were looked for last."""
        self._waiting = PendingTurns()
        self._ports: dict[tuple[str, str, int], float | None] = {}
        """When each connection was seen last."""
        self._older_ports = self._ports
        """The same of those before; they are forgotten as many as they are, one by one would cost more."""
        self._least = least
        self._most = most
        self._kept: OrderedDict[int, Chain] = OrderedDict()
        self._reasons: dict[int, ErrorText] = {}
        self.forgotten_retries = 0
        """The retries of chains that are no longer kept."""
        self.causes = Causes() if causes is None else causes
        """What the error records say; may be shared."""

    def take(self, request: Request) -> Attempt:
        """Take the next main request and tell which attempt of which turn it is."""
        return self.judge(request) or Attempt(self._turns, 1)

    def judge(self, request: Request) -> Attempt | None:
        """Take the next main request; ``None``: the first attempt of a turn, and answered well."""
        self._taken += 1
        known = self._seen(request)
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
        track, wrong = match.track, None
        if match.reading is not Reading.FOLLOWS:
            track, wrong = self._revise(match)
        weak = match.reading is not Reading.TWO_OF_ANOTHER and match.strength < MatchScore.CONNECTION
        before, strength = (track.chain, match.strength) if weak else (None, MatchScore.CONNECTION)
        self._waiting.revise(track, track.chain.with_attempt(request), before, strength, self._taken)
        self._note(track.chain)
        return Attempt(track.chain.turn, track.chain.attempts, wrong)

    def change_limit(self, limit: int) -> None:
        """Take a limit that the client's settings have now; the turns so far keep theirs."""
        if limit == self.limit:
            return
        for turn, chain in self._kept.items():
            if chain.open:
                self._kept[turn] = chain.with_limit(self.limit)
        self._waiting.keep_limit(self.limit)
        self.limit = limit

    def add_error(self, error: ErrorText) -> None:
        """Take what an error record says."""
        self.causes.add(error)
        t = error.t
        for chain in reversed(self._kept.values()):
            # Older ones are over, or have found theirs.
            if t is not None and chain.last is not None and chain.last < t - BESIDE:
                break
            if chain.is_storm and not self._find_reason(chain):
                break

    def storms(self, now: float) -> tuple[Storm, ...]:
        """Return the storms among the chains that are remembered, newest first."""
        storms = (chain for chain in reversed(self._kept.values()) if chain.is_storm)
        return tuple(chain_storm(chain, self.limit, self.reason(chain), now) for chain in storms)

    @property
    def chains(self) -> tuple[Chain, ...]:
        """Return the chains that are remembered, in the order of their newest attempts."""
        return tuple(self._kept.values())

    def reason(self, chain: Chain) -> str:
        """Return the first error beside a chain in a few words, empty where there is none."""
        known = self._reasons.get(chain.turn) or self.causes.of(chain.started, chain.last)
        return known.text if known is not None else ""

    def _seen(self, request: Request) -> bool:
        """Tell whether a request's connection served one before, and remember it."""
        log, host, port, t = request.log, request.host, request.port, request.t
        key = (log, host, port)
        last = self._ports.get(key, NEVER)
        if last == NEVER:
            last = self._older_ports.get(key, NEVER)
            if len(self._ports) >= PORTS:
                self._older_ports, self._ports = self._ports, {}
        self._ports[key] = t
        if last == NEVER:
            return False
        return bool(port) and (last is None or t is None or t - last <= SAME_CONNECTION)

    def _begin(self, request: Request) -> PendingTurn:
        """Begin a turn; it waits for its next attempt where it failed."""
        self._turns += 1
        track = PendingTurn(first_attempt(self._turns, request), at=self._taken)
        if self._least == 1:
            self._note(track.chain)
        if request.failed:
            self._waiting.add(track)
        return track

    def _revise(self, match: Match) -> tuple[PendingTurn, Request | None]:
        """Give a chain's newest attempt a turn of its own; return what the request is added to, and that attempt."""
        track, wrong = match.track, match.track.chain.newest
        if track.before is None:
            return track, None
        self._waiting.revise(track, track.before, None, MatchScore.CONNECTION, track.at)
        self._note(track.chain)
        own = self._begin(wrong)
        return (track if match.reading is Reading.TAKES_ITS_PLACE else own), wrong

    def _note(self, chain: Chain) -> None:
        """Remember a chain, or no longer."""
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

    def _find_reason(self, chain: Chain) -> bool:
        """Look for the first error of a storm; it is kept once it is found, a cooldown only until then."""
        known = self._reasons.get(chain.turn)
        if known is None or known.is_cooldown:
            found = self.causes.of(chain.started, chain.last)
            if found is not None:
                self._reasons[chain.turn] = found
            return True
        return False
