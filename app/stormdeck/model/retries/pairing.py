"""Which turn of the log is which turn of a transcript, where the client wrote down its end only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stormdeck.model.retries.chain import Chain
from stormdeck.model.retries.claims import EARLY, LATE, UNSEEN
from stormdeck.model.retries.storm import Outcome, Storm
from stormdeck.model.retries.told import End, ToldTurn

AT_END_S = 1.5
"""Longest time from the last failing line to the error that the user is shown."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A turn of the log, and what a transcript says of it."""

    chain: Chain
    turn: ToldTurn | None = None

    def told_end(self, storm: Storm) -> Storm:
        """Return a storm with the session and the end that the transcript tells."""
        if self.turn is None:
            return storm
        outcome = Outcome.RECOVERED if self.turn.end is End.ANSWERED else Outcome.GAVE_UP
        return replace(
            storm,
            session=self.turn.session,
            outcome=outcome,
            next_at=None,
            gives_up_at=None,
            confidence=f"{storm.confidence}; its end as the client tells it",
        )


def pair_ends(turns: Sequence[ToldTurn], chains: Sequence[Chain], grain: float = 0.0) -> list[Pair]:
    """Return every chain, with the turn that it is where one ends as it does, at the same time.

    A session sends a turn after its prompt and before its end, and the requests of a turn fill that time.
    """
    by_chain: dict[int, ToldTurn] = {}
    ordered = sorted(range(len(chains)), key=lambda index: chains[index].started or 0.0)
    for turn in sorted(turns, key=lambda turn: turn.heard):
        candidates = [
            (_slack(turn, chains[index]), index)
            for index in ordered
            if index not in by_chain and _may_be(turn, chains[index], grain)
        ]
        if candidates:
            by_chain[min(candidates)[1]] = turn
    return [Pair(chain, by_chain.get(index)) for index, chain in enumerate(chains)]


def _may_be(turn: ToldTurn, chain: Chain, grain: float) -> bool:
    if chain.started is None or chain.last is None:
        return False
    if not (turn.begun - EARLY - grain <= chain.started and chain.last <= turn.heard + LATE):
        return False
    if turn.end is End.ANSWERED:
        return not chain.newest.failed
    if turn.end is not End.FAILED or turn.cause in UNSEEN or chain.last < turn.heard - AT_END_S - grain:
        return False
    return str(chain.newest.status) == turn.cause if turn.cause.isdigit() else chain.newest.failed


def _slack(turn: ToldTurn, chain: Chain) -> float:
    """Return the time of the turn that the chain leaves unexplained."""
    return ((chain.started or 0.0) - turn.begun) + (turn.heard - (chain.last or 0.0))
