"""Fit the history into the columns of a graph: choose the length of a column, and what stands in it."""

from __future__ import annotations

from collections import defaultdict

from stormdeck.model.history.figures import Sample, combined
from stormdeck.model.history.ring import MINUTE_S, HistorySnapshot

SPANS_S = (120, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""How much time a graph may show, in seconds."""
_STEPS_S = (5, 10, 15, 20, 30, 60, 90, 120, 150, 180, 240, 300, 450, 600, 900, 1200, 1800, 3600)
_LONGEST_FIRST_S = 3 * 3600
"""The longest span that is chosen without the user."""

Columns = tuple[Sample | None, ...]
"""One sample for each column, oldest first; ``None``: nothing was watched then."""


def usual_span(history: HistorySnapshot, now: float) -> int:
    """Return the shortest span that shows all that is known, three hours at most."""
    known = now - history.since if history.since is not None else 0.0
    return next((span for span in SPANS_S if span >= known or span >= _LONGEST_FIRST_S), SPANS_S[-1])


def step_for(span_s: int, columns: int) -> int:
    """Return the length of a column in seconds, so that a span fits into that many.

    >>> step_for(600, 100), step_for(3600, 40)
    (10, 90)
    """
    return next((step for step in _STEPS_S if step * max(1, columns) >= span_s), _STEPS_S[-1])


def fit_columns(history: HistorySnapshot, step_s: int, count: int, end: float) -> Columns:
    """Return the last ``count`` columns up to a moment.

    Columns begin at multiples of their length, so that the values in them do not change as time goes on.
    """
    last = int(end // step_s)
    first = last - count + 1
    found: dict[int, list[Sample]] = defaultdict(list)
    for sample in history.steps:
        if first <= sample.at // step_s <= last:
            found[sample.at // step_s].append(sample)
    if step_s >= MINUTE_S:
        fine = set(found)
        for sample in history.minutes:
            place = sample.at // step_s
            if first <= place <= last and place not in fine:
                found[place].append(sample)
    return tuple(combined(found[at], at * step_s) if at in found else None for at in range(first, last + 1))
