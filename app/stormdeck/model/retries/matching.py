"""Which chain a request continues, among all that wait for one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum

from stormdeck.model.retries.backoff import wait_bounds
from stormdeck.model.retries.chain import Chain, Request, first_attempt
from stormdeck.model.retries.scoring import LONGEST_GAP, OUTLIVED_FROM, MatchScore, may_follow, score

WAITING = 32
"""Turns that may wait at once."""
FAR_BEHIND = 500
"""Requests after which no attempt of a chain is awaited any more in a log without times."""


@dataclass(slots=True)
class PendingTurn:
    """A chain, with what it takes to revise its newest attempt."""

    chain: Chain
    before: Chain | None = None
    """The chain without its newest attempt, where that rests on less than the chain's own connection."""
    strength: MatchScore = MatchScore.CONNECTION
    """The evidence for the newest attempt."""
    at: int = 0
    """How many requests the tracker had taken by its newest attempt."""


class PendingTurns:
    """Finds the few turns that matter to a request without a look at all that wait; most requests concern none."""

    def __init__(self) -> None:
        self._tracks: dict[int, PendingTurn] = {}
        """By their turns, in the order of these; the others are parts of it."""
        self._owners: dict[int, dict[int, PendingTurn]] = {}
        """Those whose next attempt may come, by the ports of their connections."""
        self._revisable: dict[int, PendingTurn] = {}
        self._patient: dict[int, PendingTurn] = {}
        """Those whose next attempt may well come over another connection."""

    def __bool__(self) -> bool:
        return bool(self._tracks)

    def add(self, track: PendingTurn) -> None:
        """Let another one wait, in the place of the oldest where they are too many."""
        if len(self._tracks) == WAITING:
            self._drop(self._tracks[next(iter(self._tracks))])
        self._tracks[track.chain.turn] = track
        self._file(track)

    def revise(self, track: PendingTurn, chain: Chain, before: Chain | None, strength: MatchScore, at: int) -> None:
        """Give a track, whether it still waits or not, another chain of the same turn."""
        waits = chain.turn in self._tracks
        if waits:
            self._unfile(track)
        track.chain, track.before, track.strength, track.at = chain, before, strength, at
        if waits:
            self._file(track)

    def keep_limit(self, limit: int) -> None:
        """Give all that wait a limit of their own: the client's changes."""
        for track in self._tracks.values():
            track.chain = track.chain.with_limit(limit)
            track.before = track.before and track.before.with_limit(limit)

    def forget(self, t: float | None, taken: int) -> None:
        """Drop the chains that no request can continue any more; without times those that are far behind."""
        oldest = float("-inf") if t is None else t - LONGEST_GAP
        behind = taken - FAR_BEHIND
        for track in [track for track in self._tracks.values() if not _waits(track, oldest, behind)]:
            self._drop(track)

    def candidates(self, request: Request, known_port: bool) -> tuple[Collection[PendingTurn], Collection[PendingTurn]]:
        """Return whose next attempt may come over a request's connection, and which turns it may continue or revise.

        The latter are in their order. ``known_port``: its connection served a request before, so that it can continue
        only turns of the session that it belongs to.
        """
        port = request.port
        here = self._owners.get(port)
        owners = here.values() if here else ()
        if request.t is not None and (not port or request.status >= 400):
            return owners, self._tracks.values()
        if here is None and not self._revisable and (known_port or not self._patient):
            return (), ()
        near = self._siblings(owners) if known_port else self._patient
        some = {**near, **self._revisable, **(here or {})}
        return owners, [some[turn] for turn in sorted(some)]

    def _siblings(self, owners: Collection[PendingTurn]) -> dict[int, PendingTurn]:
        """Return the turns that share connections with these, themselves included."""
        return {
            turn: track for owner in owners for port in owner.chain.ports for turn, track in self._owners[port].items()
        }

    def _file(self, track: PendingTurn) -> None:
        chain = track.chain
        if track.before is not None:
            self._revisable[chain.turn] = track
        if chain.open:
            if chain.backoff_step >= OUTLIVED_FROM or chain.reconnects:
                self._patient[chain.turn] = track
            for port in chain.ports:
                self._owners.setdefault(port, {})[chain.turn] = track

    def _unfile(self, track: PendingTurn) -> None:
        chain = track.chain
        self._revisable.pop(chain.turn, None)
        self._patient.pop(chain.turn, None)
        for port in chain.ports if chain.open else ():
            owners = self._owners[port]
            del owners[chain.turn]
            if not owners:
                del self._owners[port]

    def _drop(self, track: PendingTurn) -> None:
        self._unfile(track)
        del self._tracks[track.chain.turn]


def _waits(track: PendingTurn, oldest: float, behind: int) -> bool:
    """Tell whether a chain waits for an attempt, or for a request that shows its newest one to be another's."""
    newest = track.chain.newest
    if newest.status < 400 and track.before is None:
        return False
    return track.at >= behind if newest.t is None else newest.t >= oldest


Rank = tuple[int, int, bool, float]
"""Orders matches: by evidence, by what they change, by equal status, by what must be sent first."""
_LEAST: Rank = (MatchScore.NONE, 0, False, float("-inf"))


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

    track: PendingTurn
    chain: Chain
    """What the request is added to: the track's chain, or what it becomes by the reading."""
    request: Request
    reading: Reading
    strength: MatchScore

    @property
    def rank(self) -> Rank:
        """Return its place among others."""
        deadline = (self.chain.last or 0.0) + wait_bounds(self.chain.backoff_step)[1]
        # Two failures on one connection speak for a turn of their own, unless a chain waits for just this request.
        strength = self.strength if self.reading else MatchScore.BACKOFF
        return strength, self.reading, self.chain.newest.status == self.request.status, -deadline


def best_match(waiting: PendingTurns, request: Request, limit: int, known_port: bool) -> Match | None:
    """Return the best way to read a request as a retry, ``None`` when it begins a turn.

    ``known_port``: its connection served a request before.
    """
    owners, tracks = waiting.candidates(request, known_port)
    if not tracks:
        return None
    best: Match | None = None
    best_rank: Rank = _LEAST
    for track in tracks:
        if track.before is None:
            if not may_follow(track.chain, request):
                continue
            if best_rank[0] is MatchScore.CONNECTION and request.port not in track.chain.ports:
                continue
        for match in _matches(track, request, limit, owners if known_port else None):
            rank = match.rank
            if rank > best_rank:
                best, best_rank = match, rank
    return best


def _matches(
    track: PendingTurn, request: Request, limit: int, owners: Collection[PendingTurn] | None
) -> Iterator[Match]:
    """Yield the readings of a request as an attempt of one track; ``owners``: whose connection it is known to be."""
    for reading, chain in _readings(track, request):
        if chain.gives_up(limit):
            continue
        strange = owners is not None and not any(_siblings(chain, owner.chain) for owner in owners)
        strength = score(chain, request, strange)
        if strength > _needed(reading, track):
            yield Match(track, chain, request, reading, strength)


def _readings(track: PendingTurn, request: Request) -> Iterator[tuple[Reading, Chain]]:
    yield Reading.FOLLOWS, track.chain
    if track.before is not None:
        yield Reading.TAKES_ITS_PLACE, track.before
        if track.chain.newest.port == request.port:
            yield Reading.TWO_OF_ANOTHER, first_attempt(track.chain.turn, track.chain.newest)


def _needed(reading: Reading, track: PendingTurn) -> MatchScore:
    """Return the evidence that a match must exceed."""
    if reading is Reading.FOLLOWS:
        return MatchScore.NONE
    return track.strength if reading is Reading.TAKES_ITS_PLACE else MatchScore.BACKOFF


def _siblings(one: Chain, other: Chain) -> bool:
    """Tell whether two turns share connections: they are of one session then."""
    return one.turn != other.turn and not one.ports.isdisjoint(other.ports)
