"""Find the turn that a request continues, among all that wait for an attempt."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum

from stormdeck.model.retries.backoff import wait_bounds
from stormdeck.model.retries.chain import Chain, Request, first_attempt
from stormdeck.model.retries.scoring import LONGEST_GAP, OUTLIVED_FROM, MatchScore, may_follow, score

WAITING = 32
"""How many turns can wait at once."""
FAR_BEHIND = 500
"""In a log without times, a chain no longer waits after this many requests."""


@dataclass(slots=True)
class PendingTurn:
    """A chain that waits for an attempt, with what is needed to revise its newest attempt."""

    chain: Chain
    before: Chain | None = None
    """The chain without its newest attempt, if the evidence for that is weaker than the chain's own connection."""
    strength: MatchScore = MatchScore.CONNECTION
    """The evidence for the newest attempt."""
    at: int = 0
    """The number of requests that the tracker had processed at its newest attempt."""


class PendingTurns:
    """The turns that wait for an attempt, indexed so that the few that a request can continue are found fast."""

    def __init__(self) -> None:
        self._pending: dict[int, PendingTurn] = {}
        """All that wait, by turn, in order; the other mappings are parts of this one."""
        self._owners: dict[int, dict[int, PendingTurn]] = {}
        """Those whose next attempt may come, by the ports of their connections and by turn."""
        self._revisable: dict[int, PendingTurn] = {}
        self._patient: dict[int, PendingTurn] = {}
        """Those whose next attempt may come over a new connection."""

    def __bool__(self) -> bool:
        return bool(self._pending)

    def add(self, turn: PendingTurn) -> None:
        """Add a turn. If there are too many, the oldest is dropped."""
        if len(self._pending) == WAITING:
            self._drop(self._pending[next(iter(self._pending))])
        self._pending[turn.chain.turn] = turn
        self._file(turn)

    def revise(self, turn: PendingTurn, chain: Chain, before: Chain | None, strength: MatchScore, at: int) -> None:
        """Replace the chain of a turn, which may have stopped waiting."""
        waits = chain.turn in self._pending
        if waits:
            self._unfile(turn)
        turn.chain, turn.before, turn.strength, turn.at = chain, before, strength, at
        if waits:
            self._file(turn)

    def keep_limit(self, limit: int) -> None:
        """Keep this limit for all turns that wait, since the client's limit changes."""
        for turn in self._pending.values():
            turn.chain = turn.chain.with_limit(limit)
            turn.before = turn.before and turn.before.with_limit(limit)

    def forget(self, t: float | None, taken: int) -> None:
        """Drop the chains that no request can continue any more; without times, those that are far behind."""
        oldest = float("-inf") if t is None else t - LONGEST_GAP
        behind = taken - FAR_BEHIND
        for turn in [turn for turn in self._pending.values() if not _waits(turn, oldest, behind)]:
            self._drop(turn)

    def candidates(self, request: Request, known_port: bool) -> tuple[Collection[PendingTurn], Collection[PendingTurn]]:
        """Return the turns that own a request's connection, and the turns that it may continue or revise, in order.

        ``known_port``: the connection has carried a request before, so the request can continue only turns of the
        session that it belongs to.
        """
        port = request.port
        here = self._owners.get(port)
        owners = here.values() if here else ()
        if request.t is not None and (not port or request.status >= 400):
            return owners, self._pending.values()
        if here is None and not self._revisable and (known_port or not self._patient):
            return (), ()
        near = self._siblings(owners) if known_port else self._patient
        some = {**near, **self._revisable, **(here or {})}
        return owners, [some[turn] for turn in sorted(some)]

    def _siblings(self, owners: Collection[PendingTurn]) -> dict[int, PendingTurn]:
        """Return the turns that share connections with these, including these."""
        return {
            number: turn
            for owner in owners
            for port in owner.chain.ports
            for number, turn in self._owners[port].items()
        }

    def _file(self, turn: PendingTurn) -> None:
        chain = turn.chain
        if turn.before is not None:
            self._revisable[chain.turn] = turn
        if chain.open:
            if chain.backoff_step >= OUTLIVED_FROM or chain.reconnects:
                self._patient[chain.turn] = turn
            for port in chain.ports:
                self._owners.setdefault(port, {})[chain.turn] = turn

    def _unfile(self, turn: PendingTurn) -> None:
        chain = turn.chain
        self._revisable.pop(chain.turn, None)
        self._patient.pop(chain.turn, None)
        for port in chain.ports if chain.open else ():
            owners = self._owners[port]
            del owners[chain.turn]
            if not owners:
                del self._owners[port]

    def _drop(self, turn: PendingTurn) -> None:
        self._unfile(turn)
        del self._pending[turn.chain.turn]


def _waits(turn: PendingTurn, oldest: float, behind: int) -> bool:
    """Return whether a chain waits for an attempt, or for a request that may revise its newest attempt."""
    newest = turn.chain.newest
    if newest.status < 400 and turn.before is None:
        return False
    return turn.at >= behind if newest.t is None else newest.t >= oldest


Rank = tuple[int, int, bool, float]
"""The order of matches: by evidence, by how little they change, by equal status, by the earliest deadline."""
_LEAST: Rank = (MatchScore.NONE, 0, False, float("-inf"))


class Reading(IntEnum):
    """How a match explains the chain's newest attempt; a higher value changes less."""

    TWO_OF_ANOTHER = 0
    """That was the first attempt of another turn, and the request is the second attempt of that turn."""
    TAKES_ITS_PLACE = 1
    """That was the first attempt of another turn, and the request takes its place in the chain."""
    FOLLOWS = 2
    """That stays, and the request is the next attempt."""


@dataclass(frozen=True, slots=True)
class Match:
    """A request as the next attempt of a chain."""

    turn: PendingTurn
    chain: Chain
    """The chain that the request is added to: the turn's chain, or what the reading makes of it."""
    request: Request
    reading: Reading
    strength: MatchScore

    @property
    def rank(self) -> Rank:
        """Return the sort key of this match."""
        deadline = (self.chain.last or 0.0) + wait_bounds(self.chain.backoff_step)[1]
        # Two failures on one connection are likely a turn of their own, unless a chain waits for just this request.
        strength = self.strength if self.reading else MatchScore.BACKOFF
        return strength, self.reading, self.chain.newest.status == self.request.status, -deadline


def best_match(waiting: PendingTurns, request: Request, limit: int, known_port: bool) -> Match | None:
    """Return the best match of a request as a retry, ``None`` if it begins a turn.

    ``known_port``: its connection has carried a request before.
    """
    owners, pending = waiting.candidates(request, known_port)
    if not pending:
        return None
    best: Match | None = None
    best_rank: Rank = _LEAST
    for turn in pending:
        if turn.before is None:
            if not may_follow(turn.chain, request):
                continue
            if best_rank[0] is MatchScore.CONNECTION and request.port not in turn.chain.ports:
                continue
        for match in _matches(turn, request, limit, owners if known_port else None):
            rank = match.rank
            if rank > best_rank:
                best, best_rank = match, rank
    return best


def _matches(
    turn: PendingTurn, request: Request, limit: int, owners: Collection[PendingTurn] | None
) -> Iterator[Match]:
    """Yield the matches of a request with one turn. ``owners``: turns that own the connection, if it is known."""
    for reading, chain in _readings(turn, request):
        if chain.gives_up(limit):
            continue
        other_session = owners is not None and not any(_siblings(chain, owner.chain) for owner in owners)
        strength = score(chain, request, other_session)
        if strength > _needed(reading, turn):
            yield Match(turn, chain, request, reading, strength)


def _readings(turn: PendingTurn, request: Request) -> Iterator[tuple[Reading, Chain]]:
    yield Reading.FOLLOWS, turn.chain
    if turn.before is not None:
        yield Reading.TAKES_ITS_PLACE, turn.before
        if turn.chain.newest.port == request.port:
            yield Reading.TWO_OF_ANOTHER, first_attempt(turn.chain.turn, turn.chain.newest)


def _needed(reading: Reading, turn: PendingTurn) -> MatchScore:
    """Return the strength of evidence that a match must exceed."""
    if reading is Reading.FOLLOWS:
        return MatchScore.NONE
    return turn.strength if reading is Reading.TAKES_ITS_PLACE else MatchScore.BACKOFF


def _siblings(one: Chain, other: Chain) -> bool:
    """Return whether two turns share connections, which means that they belong to one session."""
    return one.turn != other.turn and not one.ports.isdisjoint(other.ports)
