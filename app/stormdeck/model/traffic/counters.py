"""Count requests by slice of time, and number the attempts of log lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stormdeck.model.retries.chain import UNSURE_S, Attempt, Chain, Request
from stormdeck.model.retries.reconcile import Account
from stormdeck.model.snapshots.traffic import Bucket

_EMPTY = Bucket(0, 0, 0)
RETRY = 2
"""The column of retries."""


class Correction(NamedTuple):
    """A number to add to a column at a moment, because a transcript corrects what the log shows."""

    t: float
    column: int
    number: int


class TimeBuckets:
    """Counts in the three columns of ``Bucket`` for the newest slices of time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._slices: dict[int, list[int]] = {}

    def add(self, index: int, column: int, number: int) -> None:
        """Add to a column of a slice. At most twice as many slices as are shown are kept."""
        self._slices.setdefault(index, [0, 0, 0])[column] += number
        if len(self._slices) > 2 * self._size:
            del self._slices[next(iter(self._slices))]

    def clear_from(self, index: int) -> None:
        """Drop this slice and all later ones."""
        self._slices = {at: counts for at, counts in self._slices.items() if at < index}

    def total(self, index: int, size: int, column: int) -> int:
        """Return the sum of a column in the ``size`` slices up to this one."""
        return sum(max(0, counts[column]) for at, counts in self._slices.items() if index - size < at <= index)

    def last(self, index: int, size: int, changes: Sequence[tuple[int, int, int]] = ()) -> tuple[Bucket, ...]:
        """Return the ``size`` slices up to this one, oldest first.

        ``changes`` are numbers to add to a column of a slice in the result only. No count falls below zero.
        """
        first = index - size + 1
        changed: dict[int, list[int]] = {}
        for at, column, number in changes:
            if first <= at <= index:
                changed.setdefault(at, [*self._slices.get(at, (0, 0, 0))])[column] += number
        counts = self._slices | changed
        return tuple(
            Bucket(*(max(0, number) for number in counts[at])) if at in counts else _EMPTY
            for at in range(first, index + 1)
        )


def corrections(account: Account, chains: Sequence[Chain], unsure: frozenset[int] = frozenset()) -> list[Correction]:
    """Return the differences between an account and the chains by the log alone.

    Both have the same requests. They differ in which requests are retries, in requests without a line, and in the times
    of lines that were read long after they were written. ``unsure`` has the ``id()`` of the chains that may
    be chance: their requests begin turns of their own.
    """
    shown = {id(request): request for chain in chains for request in chain.requests[1:]}
    real: dict[int, Request] = {}
    found: list[Correction] = []
    for counted in account.counted_turns:
        real |= {id(line): line for line in counted.lines[1:] if line is not None}
        found += [Correction(t, RETRY if attempt else 1, 1) for attempt, t in counted.unseen_attempts]
        found += _moved_in_time(counted.lines, counted.sent_at)
    for pair in account.pairs:
        if id(pair.chain) not in unsure:
            real |= {id(request): request for request in pair.chain.requests[1:]}
        if pair.turn is not None:
            found += _moved_in_time(pair.chain.requests, [pair.turn.last_seen] * pair.chain.attempts)
    found += [one for key in real.keys() - shown.keys() for one in _moved(real[key], 1)]
    found += [one for key in shown.keys() - real.keys() for one in _moved(shown[key], -1)]
    return found


def _moved_in_time(requests: Sequence[Request | None], times: Sequence[float]) -> list[Correction]:
    """Move requests whose lines have no exact time to the times in a transcript, by attempt."""
    found = []
    for attempt, (request, t) in enumerate(zip(requests, times, strict=False)):
        if request is not None and request.t is not None and request.late > UNSURE_S and t < request.t:
            column = RETRY if attempt else int(request.failed)
            found += [Correction(request.t, column, -1), Correction(t, column, 1)]
    return found


def _moved(request: Request, number: int) -> list[Correction]:
    """Move a request to the retries, or with ``number`` -1 away from them."""
    if request.t is None:
        return []
    return [Correction(request.t, RETRY, number), Correction(request.t, int(request.failed), -number)]


REMEMBERED = 256
"""Lines that may be renumbered: the tracker keeps 32 pending turns, and may revise the newest attempt of each."""


class Labels:
    """The attempt numbers of log lines; keeps the newest retries, which may be revised."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[Request, int]] = {}
        """By ``id()``: equal requests of two lines are distinct. The request is kept so that its id is not reused."""

    def add(self, numbers: dict[int, int], request: Request, attempt: Attempt, line: int) -> None:
        """Add the attempt number of a line, and that of an earlier line that turns out not to be a retry."""
        numbers[line] = attempt.number
        if attempt.instead_of is not None:
            earlier = self._lines.pop(id(attempt.instead_of), None)
            if earlier is not None:
                numbers[earlier[1]] = 1
        if attempt.number > 1:
            self._lines[id(request)] = (request, line)
            if len(self._lines) > REMEMBERED:
                del self._lines[next(iter(self._lines))]
