"""What became of the storms between two looks: begun, gone on, over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.retries.storm import Outcome, Storm

NEAR_S = 2.0
"""Two accounts of one storm differ by no more in its start: a line is read some time after it was written."""


class ChangeKind(StrEnum):
    """What happened to a storm."""

    STARTED = "started"
    """Its third attempt was seen."""
    ATTEMPT = "attempt"
    RECOVERED = "recovered"
    GAVE_UP = "gave up"
    WITHDRAWN = "withdrawn"
    """What came after showed that its attempts were turns of their own."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one storm."""

    kind: ChangeKind
    number: int
    """Of the storm, counted from 1 over the life of a watch."""
    storm: Storm
    """As it stands now; a withdrawn one as it stood before."""


class StormWatch:
    """Compares the storms of each look with those of the one before."""

    def __init__(self) -> None:
        self._known: list[tuple[int, Storm]] = []
        self._last = 0

    def take(self, storms: Sequence[Storm]) -> list[Change]:
        """Return what changed, storm by storm; a storm that was over when it was first seen starts and ends at once."""
        changes: list[Change] = []
        known: list[tuple[int, Storm]] = []
        pairs = same_storms([storm for _, storm in self._known], storms)
        for storm, index in zip(storms, pairs, strict=True):
            if index is None:
                self._last += 1
                number, before = self._last, None
            else:
                number, before = self._known[index]
            known.append((number, storm))
            changes += [Change(kind, number, storm) for kind in _steps(before, storm)]
        gone = set(range(len(self._known))) - set(pairs)
        for index in sorted(gone):
            number, storm = self._known[index]
            # An old storm that is over is only forgotten, to make room.
            if storm.outcome is Outcome.LIVE:
                changes.append(Change(ChangeKind.WITHDRAWN, number, storm))
        self._known = known
        return changes


def same_storms(old: Sequence[Storm], new: Sequence[Storm]) -> list[int | None]:
    """Return for each new storm the index of the old one that it is, ``None`` for one that was not there.

    Storms that began at once in several sessions stay apart: each is paired once, the closest in time first.
    """
    near = sorted(
        (abs(one.started - other.started), at, index)
        for index, one in enumerate(new)
        for at, other in enumerate(old)
        if _may_be(one, other)
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, at, index in near:
        if at not in taken and index not in pairs:
            taken.add(at)
            pairs[index] = at
    return [pairs.get(index) for index in range(len(new))]


def _may_be(one: Storm, other: Storm) -> bool:
    """Tell whether two accounts can be of one storm: the same start in one log, or one session at the same time."""
    if one.timed != other.timed:
        return False
    if one.session is not None and one.session == other.session:
        return one.started <= other.last + NEAR_S and other.started <= one.last + NEAR_S
    return one.log == other.log and abs(one.started - other.started) <= NEAR_S


def _steps(before: Storm | None, storm: Storm) -> Iterable[ChangeKind]:
    if before is None:
        yield ChangeKind.STARTED
    elif storm.attempts > before.attempts and storm.outcome is not Outcome.RECOVERED:
        yield ChangeKind.ATTEMPT
    if storm.outcome is not Outcome.LIVE and (before is None or storm.outcome is not before.outcome):
        yield ChangeKind.RECOVERED if storm.outcome is Outcome.RECOVERED else ChangeKind.GAVE_UP
