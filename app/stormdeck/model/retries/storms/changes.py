"""What became of the storms between two looks: started, gone on, over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.retries.storms.identity import same_storms
from stormdeck.model.retries.storms.storm import Outcome, Storm


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


def _steps(before: Storm | None, storm: Storm) -> Iterable[ChangeKind]:
    if before is None:
        yield ChangeKind.STARTED
    elif storm.attempts > before.attempts and storm.outcome is not Outcome.RECOVERED:
        yield ChangeKind.ATTEMPT
    if storm.outcome is not Outcome.LIVE and (before is None or storm.outcome is not before.outcome):
        yield ChangeKind.RECOVERED if storm.outcome is Outcome.RECOVERED else ChangeKind.GAVE_UP
