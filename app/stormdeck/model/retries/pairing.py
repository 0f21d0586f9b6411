"""Pair the turns of a log with the turns of transcripts: by their ends, or by order where there are no times."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from stormdeck.model.retries.backoff import is_retryable, wait_bounds
from stormdeck.model.retries.chain import Chain, Request, chain_of
from stormdeck.model.retries.counted_turn import OUTCOMES, CountedTurn
from stormdeck.model.retries.line_assignment import EARLY, LATE, UNSEEN
from stormdeck.model.retries.scoring import AT_ONCE
from stormdeck.model.retries.sessions import End, TranscriptTurn
from stormdeck.model.retries.storms.storm import Storm

START_S = 1.0
"""Longest time from a prompt to the answer to its first, failed request, in seconds."""
UNSURE_S = 0.3
"""Penalty, in seconds, for a chain that does not end with the line assigned to the turn's answer."""
AT_END_S = 1.5
"""Longest time from the last failed line to the error that the user is shown, in seconds."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A turn of the log, and the same turn in a transcript."""

    chain: Chain
    turn: TranscriptTurn | None = None

    @property
    def started(self) -> float:
        """Return when it started, including the prompt before it."""
        started = self.chain.started or 0.0
        return started if self.turn is None else min(started, self.turn.started)

    @property
    def ended(self) -> float:
        """Return the last time that is known of it."""
        last = self.chain.last or 0.0
        return last if self.turn is None else max(last, self.turn.last_seen)

    def with_end(self, storm: Storm) -> Storm:
        """Return a storm with the session and the outcome that the transcript records."""
        if self.turn is None:
            return storm
        storm = replace(storm, session=self.turn.session, folder=self.turn.folder, agent=self.turn.agent)
        if self.turn.end is End.OPEN:
            return storm
        return replace(
            storm,
            outcome=OUTCOMES[self.turn.end],
            next_at=None,
            next_by=None,
            gives_up_at=None,
            basis=f"{storm.basis}; its end by the transcript",
        )


def pair_by_end(
    turns: Sequence[tuple[TranscriptTurn, Request | None]], chains: Sequence[Chain], early: float = 0.0
) -> list[Pair]:
    """Return every chain, paired with the turn that ends at the same time and in the same way, if there is one.

    The requests of a turn fill the time between its prompt and its end. Each turn comes with the line of its answer,
    if one was found.
    """
    chains = _ended([turn for turn, _ in turns], chains)
    by_chain: dict[int, TranscriptTurn] = {}
    by_answer = {id(chain.newest): index for index, chain in enumerate(chains)}
    ordered = sorted(range(len(chains)), key=lambda index: chains[index].last or 0.0)
    ends = [chains[index].last or 0.0 for index in ordered]
    late = max((chain.newest.late for chain in chains), default=0.0)
    for turn, answer in sorted(turns, key=lambda one: one[0].last_seen):
        found = by_answer.get(id(answer)) if answer is not None else None
        near = ordered[
            bisect_left(ends, turn.started - EARLY - early) : bisect_right(ends, turn.last_seen + LATE + late)
        ]
        candidates = [
            (round(_slack(turn, chains[index]) + UNSURE_S * (index != found), 2), -(chains[index].last or 0.0), index)
            for index in near
            if index not in by_chain and _may_be(turn, chains[index], early)
        ]
        if candidates:
            by_chain[min(candidates)[2]] = turn
    return _joined([Pair(chain, by_chain.get(index)) for index, chain in enumerate(chains)])


def _ended(turns: Sequence[TranscriptTurn], chains: Sequence[Chain]) -> list[Chain]:
    """Split each chain after a request with which a turn ended in an error: the rest belongs to another turn."""
    failed = [turn for turn in turns if turn.end is End.FAILED and turn.cause.isdigit()]
    return [part for chain in chains for part in _parts(chain, failed)]


def _parts(chain: Chain, failed: Sequence[TranscriptTurn]) -> list[Chain]:
    for index, (request, after) in enumerate(pairwise(chain.requests), start=1):
        if any(_ends_at(turn, request, after.t) for turn in failed):
            return [chain_of(chain.turn, chain.requests[:index]), chain_of(chain.turn, chain.requests[index:])]
    return [chain]


def _ends_at(turn: TranscriptTurn, request: Request, after: float | None) -> bool:
    """Return whether a turn ended between two attempts, with the first one's error."""
    if request.t is None or after is None or str(request.status) != turn.cause:
        return False
    ended = request.t - request.late <= turn.last_seen + LATE and turn.last_seen - request.t <= AT_END_S
    return ended and after > turn.last_seen + LATE


def _joined(pairs: list[Pair]) -> list[Pair]:
    """Join the first attempts of a turn with the rest, where the waits alone did not show that they belong together.

    They started with the turn, failed, and no other turn continues them. An answer may take longer than the back-off
    allows for, and come over a new connection; so may the second request after a 404 on a busy machine.
    """
    loose = {index: pair.chain for index, pair in enumerate(pairs) if pair.turn is None and pair.chain.open}
    gone: set[int] = set()
    joined: list[Pair] = []
    for pair in pairs:
        head = _head_of(pair, loose, gone)
        if head is None:
            joined.append(pair)
            continue
        gone.add(head)
        whole = (*loose[head].requests, *pair.chain.requests)
        joined.append(replace(pair, chain=chain_of(loose[head].turn, whole)))
    heads = {id(loose[index]) for index in gone}
    return [pair for pair in joined if id(pair.chain) not in heads]


def _head_of(pair: Pair, loose: dict[int, Chain], gone: set[int]) -> int | None:
    """Return the chain of failed attempts that a turn began with, ``None`` if it is complete."""
    turn, rest = pair.turn, pair.chain
    if turn is None or rest.started is None:
        return None
    fitting = [
        ((head.started or 0.0) - turn.started, index)
        for index, head in loose.items()
        if index not in gone and _heads(turn, head, rest, rest.started)
    ]
    return min(fitting)[1] if fitting else None


def _heads(turn: TranscriptTurn, head: Chain, rest: Chain, started: float) -> bool:
    if head.started is None or head.last is None or head.newest.host != rest.newest.host:
        return False
    if turn.cause == "404":
        again = 0 <= started - head.last <= AT_ONCE and head.newest.status == rest.newest.status == 404
        return again and head.attempts == rest.attempts == 1 and head.started >= turn.started - EARLY
    prompt = -EARLY <= head.started - turn.started <= START_S
    return prompt and is_retryable(head.newest.status) and head.last + wait_bounds(head.backoff_step)[0] <= started


def _may_be(turn: TranscriptTurn, chain: Chain, early: float) -> bool:
    if chain.started is None or chain.last is None:
        return False
    if not (turn.started - EARLY - early <= chain.started and chain.last - chain.newest.late <= turn.last_seen + LATE):
        return False
    if turn.end is End.ANSWERED:
        return not chain.newest.failed
    if turn.end is not End.FAILED or turn.cause in UNSEEN or chain.last < turn.last_seen - AT_END_S - early:
        return False
    return str(chain.newest.status) == turn.cause if turn.cause.isdigit() else chain.newest.failed


def _slack(turn: TranscriptTurn, chain: Chain) -> float:
    """Return how much of the turn's time the chain does not cover."""
    return ((chain.started or 0.0) - turn.started) + (turn.last_seen - (chain.last or 0.0))


QUIET = UNSEEN | {"cut", ""}
"""Causes that leave no line with a status of 400 or above; empty is an unknown cause."""


def pair_by_order(
    turns: Sequence[TranscriptTurn], chains: Sequence[Chain], limit: int, timeout_s: float | None = None
) -> tuple[list[CountedTurn], list[Pair]]:
    """Return the turns of the transcripts, and the chains that belong to none of them.

    A counted turn takes chains with its statuses, in order, until it has all its attempts. A turn that must have left
    lines, but finds none, used another server and is left out.
    """
    free = list(chains)
    counted_turns: list[CountedTurn] = []
    for turn in sorted(turns, key=lambda turn: turn.started):
        if not turn.counted:
            counted = CountedTurn.estimated(turn, limit, timeout_s, seen=True) if turn.end is End.FAILED else None
            counted_turns += [counted] if counted is not None else []
        elif turn.attempts > 1:
            requests = tuple(_taken(turn, free))
            if requests or all(cause in QUIET for cause in turn.causes):
                counted_turns.append(CountedTurn(turn, requests, by_order=True))
    return counted_turns, [Pair(chain) for chain in free]


def _taken(turn: TranscriptTurn, free: list[Chain]) -> Iterator[Request]:
    """Remove chains from those that are free, the last one in part, and yield their requests."""
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
    if timed and not (turn.started - EARLY <= (chain.started or 0.0) and (chain.last or 0.0) <= turn.last_seen + LATE):
        return False
    return all(str(request.status) in turn.causes or not any(turn.causes) for request in chain.requests[:-1])
