"""Integrate the power of the GPUs over the time that a panel watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from stormdeck.model.history.figures import Sample
from stormdeck.model.history.ring import MINUTE_S

_JOULES_PER_KWH = 3_600_000
_DIFFERENCE = 0.1
"""Two panels that differ by more than this share do not watch the same GPUs, or not the whole minute."""


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of the GPUs, and of how much time it is."""

    joules: float = 0.0
    watched_s: int = 0

    @property
    def kwh(self) -> float:
        """Kilowatt-hours."""
        return self.joules / _JOULES_PER_KWH

    def __add__(self, other: Energy) -> Energy:
        return Energy(self.joules + other.joules, self.watched_s + other.watched_s)


def energy_by_day(
    samples: Iterable[tuple[int, Sample]], day_of: Callable[[float], date], since: float, until: float
) -> dict[date, Energy]:
    """Return the energy of each day with a watched minute, of whole minutes from ``since`` to ``until``.

    Panels that watch different servers store the same GPUs twice: a minute counts once, and not at all if they differ.
    """
    by_minute: dict[int, list[float]] = {}
    for length, sample in samples:
        power = sample.of("gpu_power_w")
        if length == MINUTE_S and power is not None and since <= sample.at <= until - MINUTE_S:
            by_minute.setdefault(sample.at, []).append(power)
    days: dict[date, Energy] = {}
    for at, powers in by_minute.items():
        if max(powers) - min(powers) <= _DIFFERENCE * max(powers):
            day = day_of(at)
            mean = sum(powers) / len(powers)
            days[day] = days.get(day, Energy()) + Energy(mean * MINUTE_S, MINUTE_S)
    return days
