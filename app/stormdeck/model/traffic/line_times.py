"""Tell when a line was written: by its own clock, or by its arrival where that cannot be."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch

CLOCK_DRIFT = 5.0
"""A time further ahead of the line's arrival than this comes from another zone or a wrong clock: use the arrival."""
ZONE_STEP_S = 900.0
"""Zones differ by multiples of this. A clock that is off by one has the zone of another machine or container."""
WIDEST_ZONE_S = 14 * 3600.0


class Moment(NamedTuple):
    """When a line was written."""

    t: float | None
    """``None`` for history without a time of its own."""
    early: float = 0.0
    """Seconds by which ``t`` may be early."""
    late: float = 0.0
    """Seconds by which ``t`` may be late."""


def when(own: float | None, batch: LogBatch) -> Moment:
    """Return when a line was written: its own time, or else between the two reads of its log around it.

    Whole seconds are too coarse to compare with the client's waits: for a line that has just arrived, use the arrival.
    A line of a followed log whose clock is off by whole quarters of an hour was written with another zone.
    """
    late = max(0.0, batch.arrived - batch.since) if batch.since is not None else 0.0
    if own is not None and batch.since is not None and not batch.history:
        own += _zone_error(batch.arrived - own)
    if own is None or own > batch.arrived + CLOCK_DRIFT:
        return Moment(None) if batch.history else Moment(batch.arrived, late=late)
    whole = own == floor(own)
    if whole and not batch.history and batch.arrived - own < CLOCK_DRIFT:
        return Moment(batch.arrived, late=min(late, batch.arrived - own))
    return Moment(own, early=1.0 if whole else 0.0)


def _zone_error(age: float) -> float:
    """Return by how many seconds a clock is behind because of its zone; 0 if that does not explain its age."""
    steps = round(age / ZONE_STEP_S) * ZONE_STEP_S
    return steps if abs(steps) <= WIDEST_ZONE_S and abs(age - steps) <= CLOCK_DRIFT else 0.0
