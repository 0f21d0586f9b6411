"""Find whether a figure has lately been far from usual, and how likely chance alone would make it look so.

The test is exact and assumes nothing about the shape of the values: if nothing had changed, each order of all minutes
would be equally likely. The chance that the ``k`` newest of ``n`` minutes are all among the ``k + e`` highest is
``C(k + e, k) / C(n, k)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb
from typing import NamedTuple

SURE = 1e-6
"""The chance below which a shift is stated: once in two years of independent minutes."""
RARE = 0.05
"""The share of earlier minutes that may have been as far off: slow phases that come again and again are usual."""
LEAST_RUN, LEAST_BEFORE = 3, 20
"""The least minutes that are off, and the least before them that show what is usual."""
RECENT_S = 180.0
"""How old the newest minute may be."""
PAUSE_S = 900
"""A longer pause without a value ends a run."""

Values = Sequence[tuple[int, float]]
"""Pairs of a minute's beginning in unix seconds and its value, oldest first."""


class Shift(NamedTuple):
    """A figure that has been off for some minutes."""

    now: float
    """The median of the newest minutes."""
    usual: float
    """The median of the minutes before."""
    since: int
    """When the first minute that is off began, in unix seconds."""
    before: int
    """How many minutes show what is usual."""
    chance: float
    """How likely it would be if nothing had changed."""


def median(values: Iterable[float]) -> float:
    """Return the median of at least one value. The module ``statistics`` takes too long to import.

    >>> median([3, 1, 2]), median([4, 1])
    (2.0, 2.5)
    """
    known = sorted(values)
    middle = len(known) // 2
    return float(known[middle]) if len(known) % 2 else (known[middle - 1] + known[middle]) / 2


def chance_of(run: int, above: int, before: int) -> float:
    """Return the chance of a run of highest values, of which ``above`` of the values before are no lower.

    >>> chance_of(3, 0, 20) == 1 / 1771
    True
    """
    return comb(run + above, run) / comb(before + run, run)


def shift(values: Values, now: float, factor: float) -> Shift | None:
    """Return how far the newest minutes are off: at least ``factor`` times the usual, or at most if it is below 1.

    ``None`` if they are not, if too few minutes are known, or if it may be chance.
    """
    if len(values) < LEAST_RUN + LEAST_BEFORE or not 0 <= now - values[-1][0] <= RECENT_S:
        return None
    sign = 1 if factor > 1 else -1
    middle = median(value for _, value in values)
    run = _run(values, middle * factor, sign)
    before = [value for _, value in values[: len(values) - run]]
    if run < LEAST_RUN or len(before) < LEAST_BEFORE:
        return None
    usual, newest = median(before), [value for _, value in values[-run:]]
    mildest = min(newest, key=lambda value: sign * value)
    above = sum(sign * value >= sign * mildest for value in before)
    chance = chance_of(run, above, len(before))
    if chance > SURE or above > RARE * len(before) or sign * mildest < sign * usual * factor:
        return None
    return Shift(median(newest[-LEAST_RUN:]), usual, values[-run][0], len(before), chance)


def _run(values: Values, limit: float, sign: int) -> int:
    """Return how many of the newest minutes are beyond a limit, one after the other."""
    if sign * values[-1][1] < sign * limit:
        return 0
    run = 1
    for index in range(len(values) - 2, -1, -1):
        if sign * values[index][1] < sign * limit or values[index + 1][0] - values[index][0] > PAUSE_S:
            break
        run += 1
    return run
