"""Log and transcripts together where lines have no times, or are gone: by order and by count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stormdeck.model.retries.chain import Chain, Request, chain_of
from stormdeck.model.retries.counted_turn import CountedTurn
from stormdeck.model.retries.line_assignment import EARLY, LATE, UNSEEN
from stormdeck.model.retries.pairing import Pair
from stormdeck.model.retries.sessions import End, TranscriptTurn

QUIET = UNSEEN | {"cut", ""}
"""Causes that leave no line with a status of 400 or above, and what is not told."""


def pair_chains(
    turns: Sequence[TranscriptTurn], chains: Sequence[Chain], limit: int, timeout_s: float | None = None
) -> tuple[list[CountedTurn], list[Pair]]:
    """Return the turns that the transcripts tell, and the chains that none of them explains.

    A counted turn takes chains of its statuses, in order, until its attempts are found; one that must have left lines
    and finds none went to another server, and is left out.
    """
    free = list(chains)
    witnesses: list[CountedTurn] = []
    for turn in sorted(turns, key=lambda turn: turn.begun):
        if not turn.counted:
            witness = CountedTurn.estimated(turn, limit, timeout_s, seen=True) if turn.end is End.FAILED else None
            witnesses += [witness] if witness is not None else []
        elif turn.attempts > 1:
            requests = tuple(_taken(turn, free))
            if requests or all(cause in QUIET for cause in turn.causes):
                witnesses.append(CountedTurn(turn, requests, by_order=True))
    return witnesses, [Pair(chain) for chain in free]


def _taken(turn: TranscriptTurn, free: list[Chain]) -> Iterator[Request]:
    """Take chains out of those that are free, the last one in part, and yield their requests."""
    missing = turn.attempts
    for chain in tuple(free):
        if missing and _could_be(turn, chain):
            at = free.index(chain)
            rest = chain.requests[missing:]
            free[at : at + 1] = [chain_of(chain.turn, rest)] if rest else []
            yield from chain.requests[:missing]
            missing = max(0, missing - chain.attempts)


def _could_be(turn: TranscriptTurn, chain: Chain) -> bool:
    timed = chain.started is not None and chain.last is not None
    if timed and not (turn.begun - EARLY <= (chain.started or 0.0) and (chain.last or 0.0) <= turn.heard + LATE):
        return False
    return all(str(request.status) in turn.causes or not any(turn.causes) for request in chain.requests[:-1])
