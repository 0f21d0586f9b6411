"""Which turn of the log is which turn of a transcript, where the client wrote down its end only."""

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
"""Longest time from a prompt to the answer that its first, failing request gets."""
UNSURE_S = 0.3
"""A chain that was not claimed for an answer must explain this many seconds more of its turn than the one that was."""
AT_END_S = 1.5
"""Longest time from the last failing line to the error that the user is shown."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A turn of the log, and what a transcript says of it."""

    chain: Chain
    turn: TranscriptTurn | None = None

    @property
    def started(self) -> float:
        """Return when it began; the prompt before it counts."""
        started = self.chain.started or 0.0
        return started if self.turn is None else min(started, self.turn.started)

    @property
    def ended(self) -> float:
        """Return the last that is known of it."""
        last = self.chain.last or 0.0
        return last if self.turn is None else max(last, self.turn.last_seen)

    def with_end(self, storm: Storm) -> Storm:
        """Return a storm with the session and the end that the transcript tells."""
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
            confidence=f"{storm.confidence}; its end as the client tells it",
        )


def pair_by_end(
    turns: Sequence[tuple[TranscriptTurn, Request | None]], chains: Sequence[Chain], early: float = 0.0
) -> list[Pair]:
    """Return every chain, with the turn that it is where one ends as it does, at the same time.

    A session sends a turn after its prompt and before its end, and the requests of a turn fill that time. Each turn
    comes with the line of its answer, where one was found.
    """
    chains = _ended([turn for turn, _ in turns], chains)
    by_chain: dict[int, TranscriptTurn] = {}
    by_answer = {id(chain.newest): index for index, chain in enumerate(chains)}
    ordered = sorted(range(len(chains)), key=lambda index: chains[index].last or 0.0)
    ends = [chains[index].last or 0.0 for index in ordered]
    late = max((chain.newest.late for chain in chains), default=0.0)
    for turn, answer in sorted(turns, key=lambda told: told[0].last_seen):
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
    """Take off each chain what came after its turn had ended with an error: it was another turn's."""
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
    """Put the first attempts of a turn before the rest, where the ladder alone saw no link between them.

    They began with the turn, failed, and were tried again by nobody else: an answer may take longer than any ladder
    allows for, and come over a new connection; so may the second request after a 404, on a busy machine.
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
    """Return the failed attempts that a turn began with, ``None`` where it is whole."""
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
    """Return the time of the turn that the chain leaves unexplained."""
    return ((chain.started or 0.0) - turn.started) + (turn.last_seen - (chain.last or 0.0))


QUIET = UNSEEN | {"cut", ""}
"""Causes that leave no line with a status of 400 or above, and what is not told."""


def pair_by_order(
    turns: Sequence[TranscriptTurn], chains: Sequence[Chain], limit: int, timeout_s: float | None = None
) -> tuple[list[CountedTurn], list[Pair]]:
    """Return the turns that the transcripts tell, and the chains that none of them explains.

    A counted turn takes chains of its statuses, in order, until its attempts are found; one that must have left lines
    and finds none went to another server, and is left out.
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
    if timed and not (turn.started - EARLY <= (chain.started or 0.0) and (chain.last or 0.0) <= turn.last_seen + LATE):
        return False
    return all(str(request.status) in turn.causes or not any(turn.causes) for request in chain.requests[:-1])
