"""Which chain a request continues, among all that wait for one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum

from stormdeck.model.retries.chain import Chain, first_attempt
from stormdeck.model.retries.evidence import Fit, fit, may_follow
from stormdeck.model.retries.ladder import wait_bounds
from stormdeck.model.retries.request import Request
from stormdeck.model.retries.waiting import Track, Waiting

Rank = tuple[int, int, bool, float]
"""Orders matches: by evidence, by what they change, by equal status, by what must be sent first."""
_LEAST: Rank = (Fit.NONE, 0, False, float("-inf"))


class Reading(IntEnum):
    """What a match says about the newest attempt that the chain had; a higher one changes less."""

    TWO_OF_ANOTHER = 0
    """It was the first attempt of another turn, and the request is that one's second."""
    TAKES_ITS_PLACE = 1
    """It was the first attempt of another turn, and the request is the chain's real one."""
    FOLLOWS = 2
    """It stands, and the request comes after it."""


@dataclass(frozen=True, slots=True)
class Match:
    """A request as the next attempt of a chain."""

    track: Track
    chain: Chain
    """What the request is added to: the track's chain, or what it becomes by the reading."""
    request: Request
    reading: Reading
    strength: Fit

    @property
    def rank(self) -> Rank:
        """Return its place among others."""
        deadline = (self.chain.last or 0.0) + wait_bounds(self.chain.rung)[1]
        # Two failures on one connection speak for a turn of their own, unless a chain waits for just this request.
        strength = self.strength if self.reading else Fit.LADDER
        return strength, self.reading, self.chain.newest.status == self.request.status, -deadline


def best_match(waiting: Waiting, request: Request, limit: int, known_port: bool) -> Match | None:
    """Return the best way to read a request as a retry, ``None`` when it begins a turn.

    ``known_port``: its connection served a request before.
    """
    owners, tracks = waiting.concerned(request, known_port)
    if not tracks:
        return None
    best: Match | None = None
    best_rank: Rank = _LEAST
    for track in tracks:
        if track.before is None:
            if not may_follow(track.chain, request):
                continue
            if best_rank[0] is Fit.CONNECTION and request.port not in track.chain.ports:
                continue
        for match in _matches(track, request, limit, owners if known_port else None):
            rank = match.rank
            if rank > best_rank:
                best, best_rank = match, rank
    return best


def _matches(track: Track, request: Request, limit: int, owners: Collection[Track] | None) -> Iterator[Match]:
    """Yield the readings of a request as an attempt of one track; ``owners``: whose connection it is known to be."""
    for reading, chain in _readings(track, request):
        if chain.gives_up(limit):
            continue
        strange = owners is not None and not any(_siblings(chain, owner.chain) for owner in owners)
        strength = fit(chain, request, strange)
        if strength > _needed(reading, track):
            yield Match(track, chain, request, reading, strength)


def _readings(track: Track, request: Request) -> Iterator[tuple[Reading, Chain]]:
    yield Reading.FOLLOWS, track.chain
    if track.before is not None:
        yield Reading.TAKES_ITS_PLACE, track.before
        if track.chain.newest.port == request.port:
            yield Reading.TWO_OF_ANOTHER, first_attempt(track.chain.turn, track.chain.newest)


def _needed(reading: Reading, track: Track) -> Fit:
    """Return the evidence that a match must exceed."""
    if reading is Reading.FOLLOWS:
        return Fit.NONE
    return track.strength if reading is Reading.TAKES_ITS_PLACE else Fit.LADDER


def _siblings(one: Chain, other: Chain) -> bool:
    """Tell whether two turns share connections: they are of one session then."""
    return one.turn != other.turn and not one.ports.isdisjoint(other.ports)
