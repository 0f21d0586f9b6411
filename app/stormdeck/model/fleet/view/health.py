"""Judge each instance and proxy of a fleet: down, named in a statement, fine, or unknown."""

from __future__ import annotations

from stormdeck.model.fleet.snapshot import FleetSnapshot, ProxyRow, Replica
from stormdeck.model.symbols import Health

DOWN = "down"
STATES = (DOWN, *(health.value for health in (Health.ERROR, Health.WARNING, Health.OK, Health.UNKNOWN)))
"""The words for what a row is, the worst first."""
_RANKS = {word: rank for rank, word in enumerate(STATES)}


class FleetHealth:
    """The health of every row of a snapshot.

    >>> from stormdeck.model.fleet.snapshot import FleetStatement
    >>> fleet = FleetSnapshot(statements=(FleetStatement("a: slow", keys=("a",)),))
    >>> health = FleetHealth(fleet)
    >>> [health.word(Replica(key, key, up=up)) for key, up in (("a", True), ("b", False), ("c", None))]
    ['look', 'down', 'unknown']
    """

    def __init__(self, fleet: FleetSnapshot) -> None:
        self._errors = {key for one in fleet.statements if one.error for key in one.keys}
        self._warnings = {key for one in fleet.statements if not one.error for key in one.keys}
        self._known: dict[str, Health] = {}

    def of(self, row: Replica | ProxyRow) -> Health:
        """Return the health of a row."""
        known = self._known.get(row.key)
        if known is None:
            known = self._known[row.key] = self._judged(row)
        return known

    def _judged(self, row: Replica | ProxyRow) -> Health:
        if row.up is False or row.key in self._errors:
            return Health.ERROR
        if row.key in self._warnings:
            return Health.WARNING
        return Health.UNKNOWN if row.up is None else Health.OK

    def word(self, row: Replica | ProxyRow) -> str:
        """Return what a row is in a word."""
        return DOWN if row.up is False else self.of(row).value

    def rank(self, row: Replica | ProxyRow) -> int:
        """Return the rank of a row by what is wrong, the worst first."""
        return _RANKS[self.word(row)]
