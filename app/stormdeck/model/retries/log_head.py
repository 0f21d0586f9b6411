"""Recognise a log that begins in the middle of a turn's attempts, as after a rotation or ``docker logs --tail``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from stormdeck.model.retries.backoff import WAITS, is_retryable, wait_bounds
from stormdeck.model.retries.chain import STORM, Request, is_unsure

SERVICE_S = 1.0
"""How long a server may take to fail an attempt, in seconds."""
SLACK_S = 0.1


def first_step(requests: Sequence[Request]) -> int:
    """Return the back-off step after a log's first request, by the waits between its first three, else 1.

    All must have failed, and the waits must be two that follow each other in the back-off.

    >>> first_step([Request("vllm.log", 500, "127.0.0.1", port, t) for port, t in ((1, 0.0), (2, 4.9), (3, 13.6))])
    4
    """
    head = requests[:STORM]
    if len(head) < STORM or not all(request.failed and is_retryable(request.status) for request in head):
        return 1
    if any(is_unsure(one, other) or one.host != other.host for one, other in pairwise(head)):
        return 1
    gaps = [(other.t or 0.0) - (one.t or 0.0) for one, other in pairwise(head)]
    coarse = max(request.early for request in head) + SLACK_S
    return next((step for step in range(1, len(WAITS) + 1) if _fits(step, gaps, coarse)), 1)


def _fits(step: int, gaps: Sequence[float], coarse: float) -> bool:
    """Return whether the gaps are these waits in the back-off, and the server took as long for one as for another."""
    bounds = [wait_bounds(step + after) for after in range(len(gaps))]
    least = max(gap - high for gap, (_, high) in zip(gaps, bounds, strict=True))
    most = min(gap - low for gap, (low, _) in zip(gaps, bounds, strict=True))
    return max(least, 0.0) <= min(most, SERVICE_S) + coarse
