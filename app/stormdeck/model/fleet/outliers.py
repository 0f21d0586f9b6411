"""Find the instance that is slower than its siblings, where that cannot be chance.

If the first tokens of an instance were like those of its siblings, one in twenty would be later than the siblings' 95th
percentile. That half or more of them are is then a matter of ``C(n, k) / 20**k``: with ten of twenty, 2 in 10 million.
Load, prompt lengths and caches are not compared: the sentence says that it is slow, not why.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import ceil, comb
from typing import NamedTuple

from stormdeck.model.fleet.snapshot import Replica

SURE = 1e-6
"""The odds below which it is stated, times the number of instances that are looked at."""
FACTOR = 2.0
"""How many times its siblings' a first token must be to matter."""
LEAST_S = 0.5
"""Seconds by which it must be later to matter."""
LEAST_SIBLINGS, LEAST_FIRST = 2, 20
"""Siblings, and first tokens of each, that show what is usual."""
COUNTED = 0.8
"""The share of the counted first tokens that is relied on: Prometheus extrapolates an increase to its whole span."""
_LATE = 0.05
BOUNDS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
    *(20.0, 40.0, 80.0, 160.0, 640.0, 2560.0),
)
"""The upper bounds of vLLM's buckets (measured, 0.32): a quantile is known only as far as its bucket."""


class Outlier(NamedTuple):
    """An instance whose first tokens are later than its siblings'."""

    row: Replica
    usual_s: float
    """The median of the siblings' medians."""
    siblings: int
    odds: float
    """How likely chance alone would make one of all instances look so."""


def outliers(rows: Sequence[Replica]) -> list[Outlier]:
    """Return the instances of one model that are provably slower than their siblings, the slowest first."""
    shown = [one for one in rows if one.up and (one.first_tokens or 0) >= LEAST_FIRST and one.first_token_p50_s]
    if len(shown) <= LEAST_SIBLINGS:
        return []
    middles, lates = _Sorted(one.first_token_p50_s for one in shown), _Sorted(one.first_token_p95_s for one in shown)
    found = []
    for row in shown:
        own = row.first_token_p50_s or 0.0
        usual, late = middles.median_without(own), lates.median_without(row.first_token_p95_s or 0.0)
        if own < FACTOR * usual or own - usual < LEAST_S or _lowest(own) < _highest(late):
            continue
        odds = len(shown) * odds_of(int(COUNTED * (row.first_tokens or 0)))
        if odds <= SURE:
            found.append(Outlier(row, usual, len(shown) - 1, odds))
    return sorted(found, key=lambda one: -(one.row.first_token_p50_s or 0.0))


class _Sorted:
    """Values in order, of which each can be left out."""

    def __init__(self, values: Iterable[float | None]) -> None:
        self._values = sorted(value or 0.0 for value in values)

    def median_without(self, value: float) -> float:
        """Return the median of all but one, the higher one of two middle values."""
        middle = (len(self._values) - 1) // 2
        return self._values[middle + (bisect_left(self._values, value) <= middle)]


def odds_of(count: int) -> float:
    """Return the odds that half or more of ``count`` first tokens are later than 95 % of the siblings', by chance.

    >>> odds_of(20) < 3e-8, odds_of(4) > 0.01
    (True, True)
    """
    count = min(count, 200)
    least = ceil(count / 2)
    return sum(comb(count, late) * _LATE**late * (1 - _LATE) ** (count - late) for late in range(least, count + 1))


def _highest(value: float) -> float:
    """Return the upper bound of the bucket that a value is in."""
    place = bisect_left(BOUNDS, value)
    return BOUNDS[place] if place < len(BOUNDS) else float("inf")


def _lowest(value: float) -> float:
    """Return the lower bound of the bucket that a value is in."""
    place = bisect_left(BOUNDS, value)
    return BOUNDS[place - 1] if place else 0.0
