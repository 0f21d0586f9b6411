"""Counts by slice of time, as many slices as are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stormdeck.model.retries.chain import UNSURE_S, Attempt, Chain, Request
from stormdeck.model.retries.reconcile import Account
from stormdeck.model.snapshots.traffic import Bucket

RETRY = 2
"""The column of attempts beyond the first."""


class Correction(NamedTuple):
    """A number to add to a column at a moment, since the transcripts know better."""

    t: float
    column: int
    number: int


class TimeBuckets:
    """Counts in three columns, those of ``Bucket``, for the newest slices."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._slices: dict[int, list[int]] = {}

    def add(self, index: int, column: int, number: int) -> None:
        """Add to a column of a slice; beyond twice as many as are shown, the one that came first is dropped."""
        self._slices.setdefault(index, [0, 0, 0])[column] += number
        if len(self._slices) > 2 * self._size:
            del self._slices[next(iter(self._slices))]

    def clear_from(self, index: int) -> None:
        """Forget this slice and all after it."""
        self._slices = {at: counts for at, counts in self._slices.items() if at < index}

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


def corrections(account: Account, chains: Sequence[Chain]) -> list[Correction]:
    """Return by what an account differs from the log's own chains.

    Both hold the same requests. Differences are requests of another kind, those without a line, and the times of lines
    that were read long after they were written.
    """
    shown = {id(request): request for chain in chains for request in chain.requests[1:]}
    real: dict[int, Request] = {}
    found: list[Correction] = []
    for counted in account.counted_turns:
        real |= {id(line): line for line in counted.lines[1:] if line is not None}
        found += [Correction(t, RETRY if attempt else 1, 1) for attempt, t in counted.unseen_attempts]
        found += _moved_in_time(counted.lines, counted.sent_at)
    for pair in account.pairs:
        real |= {id(request): request for request in pair.chain.requests[1:]}
        if pair.turn is not None:
            found += _moved_in_time(pair.chain.requests, [pair.turn.last_seen] * pair.chain.attempts)
    found += [one for key in real.keys() - shown.keys() for one in _moved(real[key], 1)]
    found += [one for key in shown.keys() - real.keys() for one in _moved(shown[key], -1)]
    return found


def _moved_in_time(requests: Sequence[Request | None], times: Sequence[float]) -> list[Correction]:
    """Move requests whose lines tell no close time to where a transcript puts them, by attempt."""
    found = []
    for attempt, (request, t) in enumerate(zip(requests, times, strict=False)):
        if request is not None and request.t is not None and request.late > UNSURE_S and t < request.t:
            column = RETRY if attempt else int(request.failed)
            found += [Correction(request.t, column, -1), Correction(t, column, 1)]
    return found


def _moved(request: Request, number: int) -> list[Correction]:
    """Move a request to the retries, or with -1 from them."""
    if request.t is None:
        return []
    return [Correction(request.t, RETRY, number), Correction(request.t, int(request.failed), -number)]


REMEMBERED = 256
"""Lines that may still be told again: the tracker follows 32 turns, and revises the newest attempt of each."""


class Labels:
    """Remembers the newest lines that were told to be retries."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[Request, int]] = {}
        """By identity: equal requests of two lines are two. The request is kept so that its identity stays its own."""

    def add(self, numbers: dict[int, int], request: Request, attempt: Attempt, line: int) -> None:
        """Add what follows from a line: its own attempt number, and that of one that is no retry after all."""
        numbers[line] = attempt.number
        if attempt.instead_of is not None:
            earlier = self._lines.pop(id(attempt.instead_of), None)
            if earlier is not None:
                numbers[earlier[1]] = 1
        if attempt.number > 1:
            self._lines[id(request)] = (request, line)
            if len(self._lines) > REMEMBERED:
                del self._lines[next(iter(self._lines))]
