"""Count storms over the life of the program, from successive lists of the newest ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stormdeck.model.exporter.labels import OUTCOMES, cause_label
from stormdeck.model.retries.storms.changes import Change, ChangeKind, StormWatch
from stormdeck.model.retries.storms.storm import Outcome, Storm

WITHDRAWN = "withdrawn"
_REMEMBERED = 500
"""Storms whose attempts are remembered; a list has fewer."""
Labels = tuple[str, ...]


class StormTotals:
    """Totals of storms that never fall."""

    def __init__(self, since: float | None = None) -> None:
        """Leave out storms whose last attempt was before ``since``: an earlier run may have counted them."""
        self.begun: Counter[Labels] = Counter()
        """By cause and confidence, like the retries."""
        self.retries: Counter[Labels] = Counter()
        self.ended: Counter[Labels] = Counter()
        """By outcome, cause and confidence. A storm that went on after it seemed to be over may end twice."""
        self.gave_up = 0
        self.active = 0
        self._since = since
        self._watch = StormWatch()
        self._attempts: dict[int, int] = {}
        """By the number of the storm."""
        self._outcomes: dict[int, set[str]] = {}

    def restart(self) -> None:
        """Note that the clock was set back, so that times before the start are new ones."""
        self._since = None

    def take(self, storms: Sequence[Storm]) -> None:
        """Take the next list of storms."""
        for change in self._watch.take(storms):
            self._count(change)
        self.active = sum(not storm.over for storm in storms)

    def _count(self, change: Change) -> None:
        storm, number = change.storm, change.number
        if change.kind is ChangeKind.STARTED and self._since is not None and storm.last < self._since:
            return
        labels = (cause_label(storm.cause), storm.confidence.value)
        if change.kind is ChangeKind.STARTED:
            self.begun[labels] += 1
            self._remember(number)
        elif number not in self._attempts:
            return
        self.retries[labels] += max(0, storm.attempts - self._attempts[number])
        self._attempts[number] = max(self._attempts[number], storm.attempts)
        outcome = WITHDRAWN if change.kind is ChangeKind.WITHDRAWN else OUTCOMES.get(storm.outcome, "")
        if outcome and outcome not in self._outcomes[number]:
            self._outcomes[number].add(outcome)
            self.ended[outcome, *labels] += 1
            self.gave_up += outcome == OUTCOMES[Outcome.GAVE_UP]

    def _remember(self, number: int) -> None:
        # The first attempt is no retry.
        self._attempts[number], self._outcomes[number] = 1, set()
        if len(self._attempts) > _REMEMBERED:
            oldest = next(iter(self._attempts))
            del self._attempts[oldest], self._outcomes[oldest]
