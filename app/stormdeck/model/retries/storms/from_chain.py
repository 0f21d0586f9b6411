"""Make a storm from a chain of attempts in a log: its state now, and its next attempt."""

from __future__ import annotations

from stormdeck.model.retries.backoff import allowance, is_retryable, wait_bounds
from stormdeck.model.retries.chain import Chain
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.scoring import AT_ONCE, SLOW_SUCCESS
from stormdeck.model.retries.storms.next_attempt import Due, Wait, asked_wait, due_after
from stormdeck.model.retries.storms.storm import Outcome, Storm

BY_CONNECTION = "by waits and connection"
BY_WAITS = "by waits alone"
BY_ORDER = "by order alone: the log has no times"


def chain_storm(chain: Chain, limit: int, reason: str, now: float, confidence: Confidence = Confidence.LIKELY) -> Storm:
    """Return the storm that a chain is, as of ``now``."""
    limit = chain.limit or limit
    outcome = chain_outcome(chain, limit, now)
    due = end = None
    if outcome is Outcome.LIVE and chain.last is not None:
        due = next_attempt(chain)
        end = _gives_up(chain, limit, due, chain.last)
    awaited = due is not None and now <= due.overdue + _service(chain) + chain.newest.early
    return Storm(
        started=chain.started or 0.0,
        last=chain.last or 0.0,
        attempts=chain.attempts,
        limit=max(_allowance(chain, limit), chain.attempts),
        cause=chain.cause,
        reason=reason,
        outcome=outcome,
        next_at=due.at if due is not None and awaited else None,
        next_by=due.by if due is not None and awaited else None,
        gives_up_at=end if awaited else None,
        log=chain.newest.log,
        timed=chain.started is not None and chain.last is not None,
        confidence=confidence,
        basis=_basis(chain),
    )


def chain_outcome(chain: Chain, limit: int, now: float) -> Outcome:
    """Return the outcome of a chain. No attempt is expected any more once the next one is long overdue.

    A line is written when the answer starts, so the line of a slow answer comes later than its request.
    """
    if not chain.open:
        return Outcome.RECOVERED
    if chain.gives_up(limit) or not is_retryable(chain.newest.status):
        patience = 0.0 if chain.gives_up(limit) else AT_ONCE
        live = chain.last is not None and patience and now <= chain.last + patience + chain.newest.early
        return Outcome.LIVE if live else Outcome.GAVE_UP
    if chain.last is None:
        return Outcome.QUIET
    end = max(
        next_attempt(chain).overdue,
        chain.last + wait_bounds(chain.backoff_step)[1] + max(SLOW_SUCCESS, 2 * chain.slowest),
    )
    return Outcome.LIVE if now <= end + chain.newest.early else Outcome.QUIET


def next_attempt(chain: Chain) -> Due:
    """Return when the attempt after the newest one is due."""
    return due_after(chain.backoff_step, chain.last or 0.0, str(chain.newest.status), _waits(chain))


def _waits(chain: Chain) -> list[Wait]:
    """Return the waits between its attempts, including the server's own time."""
    times = [request.t for request in chain.requests]
    first = chain.attempts - chain.backoff_step
    return [
        Wait(number - first, after - before, str(request.status))
        for number, (request, before, after) in enumerate(zip(chain.requests, times, times[1:], strict=False), start=1)
        if number > first and before is not None and after is not None
    ]


def _service(chain: Chain) -> float:
    """Return how long the server takes to fail an attempt at most; the line comes that much later."""
    return min(chain.slowest, SLOW_SUCCESS)


def _gives_up(chain: Chain, limit: int, due: Due, last: float) -> float:
    """Return when the last attempt will have failed: after the predicted next attempt, by the client's back-off."""
    quickest = chain.quickest or 0.0
    asked = asked_wait(_waits(chain))
    ahead = range(chain.backoff_step + 1, limit)
    least = asked[0] if asked is not None else 0.0
    later = sum(max(sum(wait_bounds(step)) / 2, least) + quickest for step in ahead)
    return due.at + quickest + later if chain.backoff_step < limit else last


def _allowance(chain: Chain, limit: int) -> int:
    """Return how many attempts there are at most, including those that were sent again without a wait."""
    last = next(request.status for request in reversed(chain.requests) if request.failed)
    extra = chain.attempts - chain.backoff_step if is_retryable(last) and chain.open else 0
    return allowance(last, limit) + extra


def _basis(chain: Chain) -> str:
    if chain.last is None:
        return BY_ORDER
    return BY_CONNECTION if chain.ports and not chain.reconnects else BY_WAITS
