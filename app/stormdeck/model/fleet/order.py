"""Sort the rows: models together, within each and among them what is wrong first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stormdeck.model.fleet.snapshot import FleetStatement, ProxyRow, Replica
from stormdeck.model.fleet.statements import by_model

Wrong = tuple[int, float, float, int]


def in_order(rows: Iterable[Replica], stated: Iterable[FleetStatement]) -> tuple[Replica, ...]:
    """Return the rows grouped by model, what is wrong first."""
    grave = _grave(stated)
    groups = [sorted(rows, key=lambda one: _wrong(one, grave)) for rows in by_model(rows).values()]
    groups.sort(key=lambda group: (_wrong(group[0], grave)[:2], group[0].model))
    return tuple(one for group in groups for one in group)


def proxies_in_order(rows: Iterable[ProxyRow], stated: Iterable[FleetStatement]) -> tuple[ProxyRow, ...]:
    """Return the proxies, what is wrong first."""
    grave = _grave(stated)
    return tuple(sorted(rows, key=lambda one: (grave.get(one.key, 2), -sum(one.failures_per_s.values()), one.name)))


def _grave(stated: Iterable[FleetStatement]) -> Mapping[str, int]:
    """Return 0 for the rows that an error is about, 1 for those of a warning."""
    found: dict[str, int] = {}
    for one in stated:
        for key in one.keys:
            found[key] = min(found.get(key, 2), 0 if one.error else 1)
    return found


def _wrong(row: Replica, grave: Mapping[str, int]) -> Wrong:
    return (grave.get(row.key, 2), -(row.waiting or 0.0), -(row.kv_cache or 0.0), row.number)
