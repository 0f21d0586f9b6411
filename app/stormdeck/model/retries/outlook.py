"""How a turn stands at a moment, and what comes next: its storm, as far as the log tells."""

from __future__ import annotations

from stormdeck.model.retries.chain import Chain
from stormdeck.model.retries.evidence import AT_ONCE, SLOW_SUCCESS
from stormdeck.model.retries.ladder import allowance, climbs, gives_up_at, next_due, wait_bounds
from stormdeck.model.retries.storm import Outcome, Storm

PACE_DIFFERS = 0.3
"""Seconds by which two equal waits may differ: the server's own time is in both."""
BY_CONNECTION = "by waits and connection"
BY_WAITS = "by waits alone"
BY_ORDER = "by order alone: the log has no times"


def chain_storm(chain: Chain, limit: int, reason: str, now: float) -> Storm:
    """Return the storm that a chain is, as it stands ``now``."""
    limit = chain.limit or limit
    outcome = chain_outcome(chain, limit, now)
    next_at = end = None
    if outcome is Outcome.LIVE and chain.last is not None:
        next_at = next_due(chain.rung, chain.last, pace(chain))
        end = gives_up_at(chain.rung, chain.last, limit, chain.quickest or 0.0)
    return Storm(
        started=chain.started or 0.0,
        last=chain.last or 0.0,
        attempts=chain.attempts,
        limit=max(_allowance(chain, limit), chain.attempts),
        cause=chain.cause,
        reason=reason,
        outcome=outcome,
        next_at=next_at,
        gives_up_at=end,
        log=chain.newest.log,
        timed=chain.started is not None and chain.last is not None,
        confidence=_confidence(chain),
    )


def chain_outcome(chain: Chain, limit: int, now: float) -> Outcome:
    """Tell how a chain stands: it has given up once its next attempt is long overdue."""
    if not chain.open:
        return Outcome.RECOVERED
    if chain.last is None or chain.gives_up(limit):
        return Outcome.GAVE_UP
    if climbs(chain.newest.status):
        patience = wait_bounds(chain.rung)[1] + max(SLOW_SUCCESS, 2 * chain.slowest)
    else:
        patience = AT_ONCE
    return Outcome.LIVE if now <= chain.last + patience + chain.newest.grain else Outcome.GAVE_UP


def pace(chain: Chain) -> float | None:
    """Return the wait that the server asks for with ``retry-after``, told by equal waits longer than the ladder's.

    Access lines do not hold the header. Only 429 and 503 carry it.
    """
    times = [request.t for request in chain.requests[-3:]]
    if len(times) < 3 or chain.newest.status not in {429, 503} or chain.gap is None:
        return None
    first, second, _ = times
    if first is None or second is None or abs(chain.gap - (second - first)) > PACE_DIFFERS:
        return None
    return chain.gap if chain.gap > wait_bounds(chain.rung - 1)[1] else None


def _allowance(chain: Chain, limit: int) -> int:
    """Return how many attempts there are at most, those counted that were sent again at once."""
    last = next(request.status for request in reversed(chain.requests) if request.failed)
    extra = chain.attempts - chain.rung if climbs(last) and chain.open else 0
    return allowance(last, limit) + extra


def _confidence(chain: Chain) -> str:
    if chain.last is None:
        return BY_ORDER
    return BY_CONNECTION if chain.ports and not chain.reconnects else BY_WAITS
