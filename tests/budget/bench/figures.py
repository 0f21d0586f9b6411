"""What a run of the benchmark has found: tables of programs and their samples, and budgets to hold them against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Measure:
    """One column: what is measured, smaller is better."""

    key: str
    words: str
    unit: str
    digits: int = 2
    ceiling: float | None = None
    """What a sample shows that was given up on; no sample is larger."""


@dataclass(frozen=True, slots=True)
class Row:
    """One program: its samples by measure, or why there are none."""

    program: str
    version: str = ""
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)
    skipped: str = ""

    def middle(self, key: str) -> float | None:
        """Return the median of a measure, ``None`` where it was not taken."""
        samples = self.samples.get(key)
        return median(samples) if samples else None


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a measure of ours may come to."""

    measure: str
    limit: float
    words: str
    """How the limit comes about."""


@dataclass(frozen=True, slots=True)
class Table:
    """One question, answered for several programs."""

    key: str
    title: str
    how: str
    measures: tuple[Measure, ...]
    rows: tuple[Row, ...]
    ours: tuple[str, ...]
    """The rows that are stormdeck; the slowest of them counts."""
    base: str = ""
    """The row that is minimal Textual, if there is one."""
    budgets: tuple[Budget, ...] = ()

    def row(self, program: str) -> Row | None:
        """Return a program's row."""
        return next((row for row in self.rows if row.program == program), None)

    def worst(self, key: str) -> float | None:
        """Return the largest median of our rows."""
        found = [row.middle(key) for row in self.rows if row.program in self.ours]
        return max((value for value in found if value is not None), default=None)

    def best_peer(self, key: str) -> Row | None:
        """Return the row of the peer with the smallest median; minimal Textual is no peer."""
        peers = [row for row in self.rows if row.program not in {*self.ours, self.base}]
        measured = [row for row in peers if row.middle(key) is not None]
        return min(measured, key=lambda row: row.middle(key) or 0.0, default=None)

    def ratio(self, measure: Measure, other: Row | None) -> float | None:
        """Return how many times another row ours is; ``None`` where one is missing, or theirs is too small to show."""
        ours, theirs = self.worst(measure.key), other.middle(measure.key) if other else None
        return ours / theirs if ours is not None and theirs and round(theirs, measure.digits) else None
