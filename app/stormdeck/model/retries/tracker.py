"""From main requests to turns, retries and storms."""

from __future__ import annotations

from collections import OrderedDict

from stormdeck.model.retries.causes import Causes, ErrorText
from stormdeck.model.retries.chain import Chain, first_attempt
from stormdeck.model.retries.evidence import AT_ONCE, SLOW_SUCCESS, SLOWEST, Fit
from stormdeck.model.retries.ladder import (
    DEFAULT_LIMIT,
    allowance,
    climbs,
    gives_up,
    gives_up_at,
    next_due,
    wait_bounds,
)
from stormdeck.model.retries.matching import Match, Reading, Track, best_match
from stormdeck.model.retries.request import Attempt, Request
from stormdeck.model.retries.storm import Outcome, Storm

STORMS = 50
WAITING = 32
"""Failed turns that may wait for their next attempt at once."""
PORTS = 4096
SAME_CONNECTION = 600.0
"""Seconds after which a port that is seen again is taken for another connection: ports are used anew."""


class Tracker:
    """Follows the turns in one or more logs; memory is bounded, a request costs some fits to waiting chains.

    Requests must come in the order of their log. What is told once may be revised: see ``Attempt.instead_of``.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        """Attempts after which the client gives up: ``CLAUDE_CODE_MAX_RETRIES`` and one."""
        self._turns = 0
        self._tracks: list[Track] = []
        self._ports: OrderedDict[tuple[str, str, int], float | None] = OrderedDict()
        self._storms: OrderedDict[int, Chain] = OrderedDict()
        self._reasons: dict[int, ErrorText] = {}
        self._causes = Causes()

    def take(self, request: Request) -> Attempt:
        """Take the next main request and tell which attempt of which turn it is."""
        match = best_match(self._tracks, request, self.limit, self._seen(request))
        if match is None:
            return Attempt(self._begin(request).chain.turn, 1)
        track, wrong = match.track, None
        if match.reading is not Reading.FOLLOWS:
            track, wrong = self._revise(match)
        if match.reading is not Reading.TWO_OF_ANOTHER and match.strength < Fit.CONNECTION:
            track.before, track.strength = track.chain, match.strength
        else:
            track.before, track.strength = None, Fit.CONNECTION
        track.chain = track.chain.then(request)
        self._note(track.chain)
        return Attempt(track.chain.turn, track.chain.attempts, wrong)

    def explain(self, t: float | None, text: str, is_cooldown: bool = False) -> None:
        """Take an error record's text in a few words; ``is_cooldown``: a proxy refused by itself, after an error."""
        self._causes.add(ErrorText(t, text, is_cooldown))
        for chain in self._storms.values():
            self._find_reason(chain)

    def storms(self, now: float) -> tuple[Storm, ...]:
        """Return the storms that are remembered, at most 50, newest first."""
        return tuple(self._storm(chain, now) for chain in reversed(self._storms.values()))

    def _seen(self, request: Request) -> bool:
        """Tell whether a request's connection served one before, and remember it."""
        key = (request.log, request.host, request.port)
        known = key in self._ports and bool(request.port)
        seen = self._ports.get(key)
        if seen is not None and request.t is not None:
            known = known and request.t - seen <= SAME_CONNECTION
        self._ports[key] = request.t
        self._ports.move_to_end(key)
        if len(self._ports) > PORTS:
            self._ports.popitem(last=False)
        return known

    def _begin(self, request: Request) -> Track:
        """Begin a turn; it waits for its next attempt where it failed."""
        self._turns += 1
        track = Track(first_attempt(self._turns, request))
        if request.failed:
            self._forget(request.t)
            self._tracks.append(track)
        return track

    def _forget(self, t: float | None) -> None:
        """Drop the chains that no request can continue any more."""
        oldest = float("-inf") if t is None else t - SLOWEST - wait_bounds(self.limit)[1]
        kept = [track for track in self._tracks if track.chain.last is None or track.chain.last >= oldest]
        self._tracks = [track for track in kept if track.chain.open or track.before is not None][1 - WAITING :]

    def _revise(self, match: Match) -> tuple[Track, Request | None]:
        """Give a chain's newest attempt a turn of its own; return what the request is added to, and that attempt."""
        track, wrong = match.track, match.track.chain.newest
        if track.before is None:
            return track, None
        track.chain = track.before
        self._note(track.chain)
        own = self._begin(wrong)
        if match.reading is Reading.TAKES_ITS_PLACE:
            return track, wrong
        track.before, track.strength = None, Fit.CONNECTION
        return own, wrong

    def _note(self, chain: Chain) -> None:
        """Remember a chain as a storm, or no longer."""
        if not chain.is_storm:
            self._storms.pop(chain.turn, None)
            self._reasons.pop(chain.turn, None)
            return
        self._storms[chain.turn] = chain
        self._find_reason(chain)
        if len(self._storms) > STORMS:
            turn, _ = self._storms.popitem(last=False)
            self._reasons.pop(turn, None)

    def _find_reason(self, chain: Chain) -> None:
        """Look for the first error of a storm; it is kept once it is found, a cooldown only until then."""
        known = self._reasons.get(chain.turn)
        if known is not None and not known.is_cooldown:
            return
        found = self._causes.of(chain.started, chain.last)
        if found is not None:
            self._reasons[chain.turn] = found

    def _storm(self, chain: Chain, now: float) -> Storm:
        outcome = self._outcome(chain, now)
        reason = self._reasons.get(chain.turn)
        next_at = end = None
        if outcome is Outcome.LIVE and chain.last is not None:
            next_at = next_due(chain.attempts, chain.last)
            end = gives_up_at(chain.attempts, chain.last, self.limit, chain.quickest or 0.0)
        return Storm(
            started=chain.started or 0.0,
            last=chain.last or 0.0,
            attempts=chain.attempts,
            limit=max(allowance(chain.failures[-1], self.limit), chain.attempts),
            cause=chain.cause,
            reason=reason.text if reason is not None else "",
            outcome=outcome,
            next_at=next_at,
            gives_up_at=end,
            log=chain.newest.log,
            timed=chain.started is not None and chain.last is not None,
        )

    def _outcome(self, chain: Chain, now: float) -> Outcome:
        if not chain.open:
            return Outcome.RECOVERED
        if chain.last is None or gives_up(chain.attempts, chain.newest.status, self.limit):
            return Outcome.GAVE_UP
        if climbs(chain.newest.status):
            patience = wait_bounds(chain.attempts)[1] + max(SLOW_SUCCESS, 2 * chain.slowest)
        else:
            patience = AT_ONCE
        return Outcome.LIVE if now <= chain.last + patience + chain.newest.grain else Outcome.GAVE_UP
