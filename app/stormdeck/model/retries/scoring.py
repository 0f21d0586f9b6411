"""How well a request fits as the next attempt of a chain.

From 2.1.41 on, a retry after a wait below 4 s uses the same client port (274 of 295 measured) or another port of the
same session; after a longer wait its connection is almost always new, since servers close idle ones after 5 s
(facts/storms.md 2). An access line is written when the answer starts: the gap between two lines is the client's wait
and the server's own time.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from stormdeck.model.retries.backoff import DEFAULT_LIMIT, is_retryable, wait_bounds
from stormdeck.model.retries.chain import Chain, Request, is_unsure

EARLY = 0.15
"""A line may come this much sooner than the wait allows: both arrival times have their error."""
SLOWEST = 300.0
"""Longest time to the first byte that any client waits for (301 s, measured)."""
SLOW_SUCCESS = 20.0
"""On a new connection, a success this long after the due time is taken for another turn."""
SLOW_FAILURE = 1.0
"""The same for a failure, where the chain has not shown that its failures take longer."""
IDLE_LIMIT = 4.0
"""A wait from this on outlives the connection."""
OUTLIVED_FROM = next(attempt for attempt in range(1, DEFAULT_LIMIT) if wait_bounds(attempt)[0] >= IDLE_LIMIT)
"""The attempt after which the wait is that long."""
LONGEST_GAP = SLOWEST + wait_bounds(DEFAULT_LIMIT)[1] + 2.0
"""Seconds from one answer to the next, whole seconds of both included."""
SHORTEST_RETRY_AFTER = 1.0
AT_ONCE = 1.5
"""Longest gap to a request that follows without a wait, on the same connection (measured: 0.03 to 0.1 s)."""
AT_ONCE_ELSEWHERE = 0.25
"""The same on a new connection (measured: 0.03 s)."""

RESENT_ELSEWHERE = 404
"""The status after which the client may send again at once over another connection."""


class MatchScore(IntEnum):
    """Evidence that a request continues a chain; a higher one is stronger."""

    NONE = 0
    NEARBY = 1
    """The wait and the status fit, the connection is another one though the old one could have served."""
    ANSWERED = 2
    """A success on a new connection that the wait called for; it may as well be another turn."""
    BACKOFF = 3
    """A failure on a new connection that the wait called for, at its due time."""
    CONNECTION = 4
    """The chain's own connection, after the wait."""


def may_follow(chain: Chain, request: Request) -> bool:
    """Tell quickly whether a request can continue a chain at all: most cannot."""
    if not chain.open:
        return False
    newest = chain.newest
    if is_unsure(newest, request):
        return request.port in chain.ports or chain.backoff_step >= OUTLIVED_FROM
    shortest, longest = _gap(newest, request)
    if not is_retryable(newest.status):
        here = request.port in chain.ports or newest.status == request.status == RESENT_ELSEWHERE
        return here and shortest <= AT_ONCE + request.early
    soonest = 0.0 if request.port in chain.ports else wait_bounds(chain.backoff_step)[0]
    return soonest - EARLY - request.early <= longest and shortest <= LONGEST_GAP


def score(chain: Chain, request: Request, strange: bool) -> MatchScore:
    """Tell how well a request fits as the next attempt of a chain that has attempts left.

    ``strange``: its connection is known to serve others than the chain's own session.
    """
    if not chain.open or (chain.newest.log, chain.newest.host) != (request.log, request.host):
        return MatchScore.NONE
    if is_unsure(chain.newest, request):
        return _by_order(chain, request, strange)
    gap = _gap(chain.newest, request)
    if not is_retryable(chain.newest.status):
        return _at_once(chain, request, gap, strange)
    if gap.longest < wait_bounds(chain.backoff_step)[0] - EARLY - request.early:
        return MatchScore.CONNECTION if chain.owns(request) and _paced(chain, request, gap.longest) else MatchScore.NONE
    return _after_wait(chain, request, gap, strange)


class Gap(NamedTuple):
    """Seconds between the answers to two requests, at least and at most."""

    shortest: float
    longest: float


def _gap(one: Request, other: Request) -> Gap:
    gap = (other.t or 0.0) - (one.t or 0.0)
    return Gap(gap - other.late, gap + one.late)


def _by_order(chain: Chain, request: Request, strange: bool) -> MatchScore:
    """Judge without times: the chain's own connection, or a new one where the wait outlives the old."""
    if chain.owns(request):
        return MatchScore.CONNECTION
    outlived = is_retryable(chain.newest.status) and wait_bounds(chain.backoff_step)[0] >= IDLE_LIMIT
    expected = not request.failed or is_retryable(request.status)
    return MatchScore.ANSWERED if outlived and expected and not strange else MatchScore.NONE


def _at_once(chain: Chain, request: Request, gap: Gap, strange: bool) -> MatchScore:
    """Judge a request after a status that the client answers with a changed request, without a wait."""
    if gap.longest < -EARLY:
        return MatchScore.NONE
    if chain.owns(request):
        return MatchScore.CONNECTION if gap.shortest <= AT_ONCE + request.early else MatchScore.NONE
    second_404 = chain.newest.status == request.status == RESENT_ELSEWHERE and not strange
    return MatchScore.NEARBY if second_404 and gap.shortest <= AT_ONCE_ELSEWHERE + request.early else MatchScore.NONE


def _after_wait(chain: Chain, request: Request, gap: Gap, strange: bool) -> MatchScore:
    """Judge a request that comes no sooner than the wait allows."""
    low, high = wait_bounds(chain.backoff_step)
    late = gap.shortest - high - request.early
    if chain.owns(request):
        return MatchScore.CONNECTION if late <= SLOWEST else MatchScore.NONE
    outlived = not strange and (low >= IDLE_LIMIT or chain.reconnects or not request.port)
    if request.failed:
        return _failed_elsewhere(chain, request, gap, outlived)
    return MatchScore.ANSWERED if outlived and late <= max(SLOW_SUCCESS, 2 * chain.slowest) else MatchScore.NONE


def _failed_elsewhere(chain: Chain, request: Request, gap: Gap, outlived: bool) -> MatchScore:
    """Judge a failure on another connection: it must take as long as the chain's own failures did."""
    low, high = wait_bounds(chain.backoff_step)
    earliest = low - EARLY - request.early + 0.7 * (chain.quickest or 0.0)
    latest = high + max(SLOW_FAILURE if outlived else EARLY, 1.5 * chain.slowest) + request.early
    if not is_retryable(request.status) or gap.longest < earliest or gap.shortest > latest:
        return MatchScore.NONE
    if outlived:
        return MatchScore.BACKOFF
    return MatchScore.NEARBY if request.status == chain.newest.status else MatchScore.NONE


def _paced(chain: Chain, request: Request, gap: float) -> bool:
    """Tell whether the server's ``retry-after`` sets the pace, which may be faster than the ladder (up to 2.1.112)."""
    if chain.newest.status not in {429, 503} or chain.gap is None:
        return False
    return chain.gap >= SHORTEST_RETRY_AFTER and gap >= chain.gap - EARLY - request.early
