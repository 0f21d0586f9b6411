"""Judge how sure it is that a chain of attempts is one turn, by how many such chains chance alone would make.

For attempt k the client waits d(k) to 1.25 d(k). A request that belongs to another turn comes in that window with
p(k) = 1 - exp(-f w(k)): w is the width of the window with its tolerance, f the rate of other requests that could be
taken for the attempt. On the chain's own connection that rate is measured where no retry is due; elsewhere all other
failures count. The number of chains by chance is the number of failures times the product of all p(k).
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from math import exp

from stormdeck.model.retries.backoff import is_retryable, wait_bounds
from stormdeck.model.retries.chain import Chain, Request, is_unsure
from stormdeck.model.retries.odds.density import (
    FOLLOWS_S,
    SOONEST_S,
    Density,
    is_off_ladder,
    off_ladder_ms,
)
from stormdeck.model.retries.scoring import IDLE_LIMIT

QUARTER_S = 450.0
"""The odds are those of the quarter of an hour around the chain: this long before and after it."""
NEAR_S = 60.0
"""The same for a dense minute in a calm quarter of an hour."""
LEAST_S = 30.0
"""A log that is shorter than this says nothing about rates by itself."""
PRIOR = 0.1
"""Events that are assumed beside those that were seen, in ``PRIOR_S`` seconds."""
PRIOR_S = 180.0
MANY = 4
"""So many turns with a failure beside a chain's own are a rate, which spreads over the connections in use."""
UNTIMED_PRIOR = 10.0
"""Requests that are assumed beside those of a log without times."""
TOLERANCE_S = 0.3
ANSWER_S = 20.0
"""How long after its due time an attempt may be answered well."""
AT_ONCE_S = 0.3
"""The window of a request that is sent again without a wait."""
LIKELY_STORM = 0.0025
"""Below this number of storms by chance, a storm is likely."""
STRONG = 0.0005
"""Below this number, a storm shows that clients do retry at that time."""
LIKELY_AMONG_OTHERS = 0.02
"""The same as ``LIKELY_STORM`` where another storm is that strong: one outage hits several clients."""
ASKING = frozenset({429, 503})
"""Statuses with which a server may set the waits itself, all of them equal."""
LIKELY_RETRY = 0.3
"""The same for a single retry."""


class Confidence(StrEnum):
    """How sure it is that attempts belong to one turn."""

    SURE = "sure"
    """Seen on the wire, or counted by the client."""
    LIKELY = "likely"
    """Chance would hardly make it in this log's traffic."""
    UNSURE = "unsure"
    """In this log's traffic it may be chance."""


def expected_by_chance(chain: Chain, density: Density) -> float:
    """Return how many such chains chance makes in the quarter of an hour around a chain."""
    started, last = chain.started, chain.last
    if started is None or last is None:
        return _expected_by_order(chain, density)
    if started <= density.forgotten:
        return float("inf")
    return max(_expected(chain, density, started, last, margin) for margin in (NEAR_S, QUARTER_S))


def _expected(chain: Chain, density: Density, started: float, last: float, margin: float) -> float:
    first, end = started - margin, last + margin
    failures = density.failed(first, end)
    own_failed = sum(request.failed for request in chain.requests)
    others = max(0, failures - own_failed)
    span = max(LEAST_S, density.covered(first, end))
    own_off, own_watched = _own(chain)
    watched = max(0.0, density.watched(first, end) - own_watched)
    on_connection = (max(0, density.failed_off(first, end) - own_off) + PRIOR) / (watched + PRIOR_S)
    firsts = max(0, density.first_failed(first, end) - 1)
    if firsts >= MANY and margin <= NEAR_S:
        on_connection = max(on_connection, firsts / span / density.connections(first, end))
    answered_here = (density.answered_off(first, end) + PRIOR) / (min(watched, others * SOONEST_S) + PRIOR_S)
    failed_anywhere = others / span + PRIOR / PRIOR_S
    answered_anywhere = density.answered(first, end) / (span + FOLLOWS_S) + PRIOR / PRIOR_S
    if chain.is_storm:
        answered_here = max(answered_here, answered_anywhere)
    expected = float(failures)
    ports: set[int] = set()
    gap = None
    step = 1
    for index, (before, request) in enumerate(pairwise(chain.requests), start=1):
        ports.add(before.port)
        here = bool(request.port) and request.port in ports
        width = _width(chain, before, request, step, here=here)
        alone = here and index not in chain.interrupted
        if request.failed:
            # After a long time the connection is closed: that it is the same one proves nothing.
            soon = (request.t or 0.0) - (before.t or 0.0) < FOLLOWS_S
            near = alone and soon and wait_bounds(step)[0] < IDLE_LIMIT
            rate = on_connection if near else max(on_connection * here, failed_anywhere)
        else:
            rate = answered_here if alone else answered_anywhere
        waited, gap = gap, (request.t or 0.0) - (before.t or 0.0)
        # A gap that does not grow with the waits is no evidence: a load test has a beat.
        if not request.failed or waited is None or _grows(waited, gap, before, request, step):
            expected *= 1 - exp(-rate * width)
        step = step + 1 if is_retryable(before.status) else 1
    return expected


def _grows(waited: float, gap: float, before: Request, request: Request, step: int) -> bool:
    """Return whether a gap is longer than the one before by what the waits differ, if failures take equally long."""
    if before.status in ASKING or not is_retryable(before.status) or step == 1:
        return True
    inexact = TOLERANCE_S / 2 + before.early + before.late + request.early + request.late
    return gap - waited >= wait_bounds(step)[0] - wait_bounds(step - 1)[1] - inexact


def _expected_by_order(chain: Chain, density: Density) -> float:
    """Return the same for a log without times, by the share of requests that fail."""
    own_failed = sum(request.failed for request in chain.requests)
    failures = density.untimed_failed
    others = max(0, density.untimed - chain.attempts)
    share = (max(0, failures - own_failed) + PRIOR) / (others + UNTIMED_PRIOR)
    return failures * share ** max(0, own_failed - 1)


def _width(chain: Chain, before: Request, request: Request, step: int, *, here: bool) -> float:
    """Return how long the window is in which a request is taken for the next attempt."""
    inexact = before.late + request.early + request.late
    if is_unsure(before, request) or not is_retryable(before.status):
        return AT_ONCE_S + inexact
    low, high = wait_bounds(step)
    if not request.failed:
        return high - low + ANSWER_S + inexact
    tolerance = max(TOLERANCE_S, chain.slowest) if here else TOLERANCE_S + chain.slowest
    return high - low + tolerance + inexact


def _own(chain: Chain) -> tuple[int, float]:
    """Return how many of a chain's own failures come where no retry is due, and for how long that was watched."""
    found, watched, before = 0, 0, FOLLOWS_S
    for one, other in pairwise(chain.requests):
        gap = (other.t or 0.0) - (one.t or 0.0) if one.port and one.port == other.port else FOLLOWS_S
        gap = max(0.0, min(gap, FOLLOWS_S))
        inexact = other.early + other.late
        found += other.failed and gap < FOLLOWS_S and is_off_ladder(gap, before, inexact)
        watched += off_ladder_ms(gap)
        before = gap
    if chain.newest.failed:
        watched += off_ladder_ms(FOLLOWS_S)
    return found, watched / 1000
