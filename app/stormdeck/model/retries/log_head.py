"""Recognise a log that begins in the middle of a turn's attempts, as after a rotation or ``docker logs --tail``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from stormdeck.model.retries.backoff import WAITS, is_retryable, wait_bounds
from stormdeck.model.retries.chain import STORM, Request, is_unsure

SERVICE_S = 1.0
"""How long a server may take to fail an attempt."""
EARLY_S = 0.05


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
    for step in range(1, len(WAITS) + 1):
        if all(_fits(step + after, one, other) for after, (one, other) in enumerate(pairwise(head))):
            return step
    return 1


def _fits(step: int, one: Request, other: Request) -> bool:
    low, high = wait_bounds(step)
    gap = (other.t or 0.0) - (one.t or 0.0)
    coarse = max(one.early, other.early)
    return low - EARLY_S - coarse <= gap <= high + SERVICE_S + coarse
