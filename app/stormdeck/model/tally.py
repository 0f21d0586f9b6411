"""Counts by slice of time, as many slices as are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stormdeck.model.retries.account import Account
from stormdeck.model.retries.chain import Chain
from stormdeck.model.retries.request import Request
from stormdeck.model.traffic import Bucket

RETRY = 2
"""The column of attempts beyond the first."""


class Shift(NamedTuple):
    """A number to add to a column at a moment, since the transcripts know better."""

    t: float
    column: int
    number: int


class Tally:
    """Counts in three columns, those of ``Bucket``, for the newest slices."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._slices: dict[int, list[int]] = {}

    def add(self, index: int, column: int, number: int) -> None:
        """Add to a column of a slice; beyond twice as many as are shown, the one that came first is dropped."""
        self._slices.setdefault(index, [0, 0, 0])[column] += number
        if len(self._slices) > 2 * self._size:
            del self._slices[next(iter(self._slices))]

    def last(self, index: int, size: int, changes: Sequence[tuple[int, int, int]] = ()) -> tuple[Bucket, ...]:
        """Return ``size`` slices that end with this one, oldest first.

        ``changes`` are numbers to add to a column of a slice, for this look alone; no count falls below zero.
        """
        first = index - size + 1
        counts = [list(self._slices.get(at, (0, 0, 0))) for at in range(first, index + 1)]
        for at, column, number in changes:
            if first <= at <= index:
                counts[at - first][column] += number
        return tuple(Bucket(*(max(0, number) for number in column)) for column in counts)


def shifts(account: Account, chains: Sequence[Chain]) -> list[Shift]:
    """Return by what an account differs from the log's own chains: requests of another kind, and those without a line.

    Both hold the same requests.
    """
    shown = {id(request): request for chain in chains for request in chain.requests[1:]}
    real: dict[int, Request] = {}
    found: list[Shift] = []
    for witness in account.witnesses:
        real |= {id(line): line for line in witness.lines[1:] if line is not None}
        found += [Shift(t, RETRY if attempt else 1, 1) for attempt, t in witness.unseen]
    for pair in account.pairs:
        real |= {id(request): request for request in pair.chain.requests[1:]}
    found += [shift for key in real.keys() - shown.keys() for shift in _moved(real[key], 1)]
    found += [shift for key in shown.keys() - real.keys() for shift in _moved(shown[key], -1)]
    return found


def _moved(request: Request, number: int) -> list[Shift]:
    """Move a request to the retries, or with -1 from them."""
    if request.t is None:
        return []
    return [Shift(request.t, RETRY, number), Shift(request.t, int(request.failed), -number)]
