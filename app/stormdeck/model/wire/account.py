"""Count requests, turns, retries and storms of recorded exchanges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.request import Kind

STORM_ATTEMPTS = 3
"""A request sent this often, the first try included, is a storm."""


@dataclass(frozen=True, slots=True)
class Turn:
    """All attempts of one request, in order."""

    attempts: tuple[Exchange, ...]

    @property
    def last(self) -> Exchange:
        """Return the newest attempt."""
        return self.attempts[-1]

    @property
    def causes(self) -> tuple[str, ...]:
        """Return why each failed attempt failed, in order."""
        return tuple(one.cause for one in self.attempts if one.cause)

    @property
    def cause(self) -> str:
        """Return the most frequent cause, of equals the first; empty if none failed."""
        causes = self.causes
        return Counter(causes).most_common(1)[0][0] if causes else ""

    @property
    def is_storm(self) -> bool:
        """Return whether it was sent three times or more."""
        return len(self.attempts) >= STORM_ATTEMPTS

    @property
    def is_recovered(self) -> bool:
        """Return whether the newest attempt was answered."""
        return self.last.is_delivered


@dataclass(frozen=True, slots=True)
class WireAccount:
    """What a recorder saw: every request, and the turns of messages."""

    exchanges: tuple[Exchange, ...]
    turns: tuple[Turn, ...]

    @property
    def retries(self) -> int:
        """Return the attempts beyond the first, of main and auxiliary requests."""
        return sum(len(turn.attempts) - 1 for turn in self.turns)

    @property
    def storms(self) -> tuple[Turn, ...]:
        """Return the turns that were sent three times or more."""
        return tuple(turn for turn in self.turns if turn.is_storm)

    @property
    def in_flight(self) -> tuple[Exchange, ...]:
        """Return what the client waits for, oldest first."""
        return tuple(one for one in self.exchanges if one.is_running and one.kind is not Kind.OTHER)


def newest(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Return the newest line of each exchange, by start."""
    latest = {one.id: one for one in exchanges}
    return tuple(sorted(latest.values(), key=lambda one: one.started))


def account(exchanges: Iterable[Exchange]) -> WireAccount:
    """Return the account of recorded lines, several for each exchange."""
    known = newest(exchanges)
    turns: dict[str, list[Exchange]] = {}
    for one in known:
        if one.turn:
            turns.setdefault(one.turn, []).append(one)
    return WireAccount(known, tuple(Turn(tuple(turn)) for turn in turns.values()))
