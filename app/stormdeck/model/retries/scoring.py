"""Score how well a request fits as the next attempt of a chain.

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
"""How much sooner than the wait a line may come: both arrival times are inexact."""
SLOWEST = 300.0
"""Longest time that any client waits for the first byte (301 s, measured)."""
SLOW_SUCCESS = 20.0
"""A success on a new connection this long after the due time belongs to another turn."""
SLOW_FAILURE = 1.0
"""The same for a failure, unless the chain's failures take longer."""
IDLE_LIMIT = 4.0
"""The connection does not survive a wait this long."""
OUTLIVED_FROM = next(attempt for attempt in range(1, DEFAULT_LIMIT) if wait_bounds(attempt)[0] >= IDLE_LIMIT)
"""The first back-off step whose wait is that long."""
LONGEST_GAP = SLOWEST + wait_bounds(DEFAULT_LIMIT)[1] + 2.0
"""Longest time from one answer to the next, including the error of whole seconds."""
SHORTEST_RETRY_AFTER = 1.0
AT_ONCE = 1.5
"""Longest gap before a request that is sent without a wait on the same connection (measured: 0.03 to 0.1 s)."""
AT_ONCE_ELSEWHERE = 0.25
"""The same on a new connection (measured: 0.03 s)."""

RESENT_ELSEWHERE = 404
"""The status after which the client may send again at once over another connection."""


class MatchScore(IntEnum):
    """The evidence that a request continues a chain; a higher value is stronger."""

    NONE = 0
    NEARBY = 1
    """The wait and the status fit, but the connection is new although the old one could have been used."""
    ANSWERED = 2
    """A success on a new connection after a wait that needs one; it may also be another turn."""
    BACKOFF = 3
    """A failure at its due time, on a new connection after a wait that needs one."""
    CONNECTION = 4
    """The chain's own connection, after the wait."""


def may_follow(chain: Chain, request: Request) -> bool:
    """Return whether a request can continue a chain at all. A quick check, since most cannot."""
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


def score(chain: Chain, request: Request, other_session: bool) -> MatchScore:
    """Return how well a request fits as the next attempt of a chain that has attempts left.

    ``other_session``: its connection is known to belong to another session.
    """
    if not chain.open or (chain.newest.log, chain.newest.host) != (request.log, request.host):
        return MatchScore.NONE
    if is_unsure(chain.newest, request):
        return _by_order(chain, request, other_session)
    gap = _gap(chain.newest, request)
    if not is_retryable(chain.newest.status):
        return _at_once(chain, request, gap, other_session)
    if gap.longest < wait_bounds(chain.backoff_step)[0] - EARLY - request.early:
        return MatchScore.CONNECTION if chain.owns(request) and _paced(chain, request, gap.longest) else MatchScore.NONE
    return _after_wait(chain, request, gap, other_session)


class Gap(NamedTuple):
    """The shortest and the longest possible time between the answers to two requests, in seconds."""

    shortest: float
    longest: float


def _gap(one: Request, other: Request) -> Gap:
    gap = (other.t or 0.0) - (one.t or 0.0)
    return Gap(gap - other.late, gap + one.late)


def _by_order(chain: Chain, request: Request, other_session: bool) -> MatchScore:
    """Score without times: by the chain's own connection, or by a new one after a wait that needs one."""
    if chain.owns(request):
        return MatchScore.CONNECTION
    outlived = is_retryable(chain.newest.status) and wait_bounds(chain.backoff_step)[0] >= IDLE_LIMIT
    expected = not request.failed or is_retryable(request.status)
    return MatchScore.ANSWERED if outlived and expected and not other_session else MatchScore.NONE


def _at_once(chain: Chain, request: Request, gap: Gap, other_session: bool) -> MatchScore:
    """Score a request after a status that the client answers with a changed request, without a wait."""
    if gap.longest < -EARLY:
        return MatchScore.NONE
    if chain.owns(request):
        return MatchScore.CONNECTION if gap.shortest <= AT_ONCE + request.early else MatchScore.NONE
    second_404 = chain.newest.status == request.status == RESENT_ELSEWHERE and not other_session
    return MatchScore.NEARBY if second_404 and gap.shortest <= AT_ONCE_ELSEWHERE + request.early else MatchScore.NONE


def _after_wait(chain: Chain, request: Request, gap: Gap, other_session: bool) -> MatchScore:
    """Score a request that comes after the wait."""
    low, high = wait_bounds(chain.backoff_step)
    late = gap.shortest - high - request.early
    if chain.owns(request):
        return MatchScore.CONNECTION if late <= SLOWEST else MatchScore.NONE
    outlived = not other_session and (low >= IDLE_LIMIT or chain.reconnects or not request.port)
    if request.failed:
        return _failed_elsewhere(chain, request, gap, outlived)
    return MatchScore.ANSWERED if outlived and late <= max(SLOW_SUCCESS, 2 * chain.slowest) else MatchScore.NONE


def _failed_elsewhere(chain: Chain, request: Request, gap: Gap, outlived: bool) -> MatchScore:
    """Score a failure on another connection, which must take about as long as the chain's own failures."""
    low, high = wait_bounds(chain.backoff_step)
    earliest = low - EARLY - request.early + 0.7 * (chain.quickest or 0.0)
    latest = high + max(SLOW_FAILURE if outlived else EARLY, 1.5 * chain.slowest) + request.early
    if not is_retryable(request.status) or gap.longest < earliest or gap.shortest > latest:
        return MatchScore.NONE
    if outlived:
        return MatchScore.BACKOFF
    return MatchScore.NEARBY if request.status == chain.newest.status else MatchScore.NONE


def _paced(chain: Chain, request: Request, gap: float) -> bool:
    """Return whether ``retry-after`` sets the waits, which may be shorter than the back-off (up to 2.1.112)."""
    if chain.newest.status not in {429, 503} or chain.gap is None:
        return False
    return chain.gap >= SHORTEST_RETRY_AFTER and gap >= chain.gap - EARLY - request.early
