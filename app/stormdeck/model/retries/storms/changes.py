"""Compare two lists of storms: which started, continued or ended in between.

A storm that may be chance is not announced; once announced, it stays so, and each change has its confidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.storms.identity import same_storms
from stormdeck.model.retries.storms.storm import Outcome, Storm


class ChangeKind(StrEnum):
    """What happened to a storm."""

    STARTED = "started"
    """It got its third attempt."""
    ATTEMPT = "attempt"
    RECOVERED = "recovered"
    GAVE_UP = "gave up"
    WITHDRAWN = "withdrawn"
    """Later requests showed that its attempts belong to separate turns."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one storm."""

    kind: ChangeKind
    number: int
    """The number of the storm, counted from 1 over the life of a ``StormWatch``."""
    storm: Storm
    """The storm as it is now; a withdrawn storm as it was before."""


class StormWatch:
    """Compares each list of storms with the one before."""

    def __init__(self) -> None:
        self._known: list[tuple[int, Storm]] = []
        self._last = 0

    def take(self, storms: Sequence[Storm]) -> list[Change]:
        """Return the changes, storm by storm. A storm that is over when it first appears both starts and ends."""
        changes: list[Change] = []
        known: list[tuple[int, Storm]] = []
        pairs = same_storms([storm for _, storm in self._known], storms)
        for storm, index in zip(storms, pairs, strict=True):
            if index is None:
                if storm.confidence is Confidence.UNSURE:
                    continue
                self._last += 1
                number, before = self._last, None
            else:
                number, before = self._known[index]
            known.append((number, storm))
            changes += [Change(kind, number, storm) for kind in _steps(before, storm)]
        gone = set(range(len(self._known))) - set(pairs)
        for index in sorted(gone):
            number, storm = self._known[index]
            # A storm that is over was only dropped to limit memory.
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
