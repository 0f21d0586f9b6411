"""Reconcile a log with transcripts: count each attempt once, by the best evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stormdeck.model.retries.backoff import is_retryable, wait_bounds
from stormdeck.model.retries.chain import STORM, Chain, Request
from stormdeck.model.retries.counted_turn import CountedTurn, counted_storm
from stormdeck.model.retries.fallback import join_cut_attempts
from stormdeck.model.retries.line_assignment import LATE, NOTHING_WATCHED, LineAssignment, Watched, assign_lines
from stormdeck.model.retries.odds.judge import of_log
from stormdeck.model.retries.pairing import Pair, pair_by_end
from stormdeck.model.retries.sessions import End, TranscriptTurn
from stormdeck.model.retries.storms.from_chain import chain_storm
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.retries.tracker import BESIDE, Tracker

IDLE_S = 5.0
"""How long after the last entry of its session an auxiliary request may come, in seconds."""
CATCH_UP_S = 5.0
"""How much later than the log a transcript is read at most, in seconds (0.4 measured)."""


@dataclass(frozen=True, slots=True)
class Account:
    """All turns of a log and its transcripts, and the counts of their attempts."""

    counted_turns: tuple[CountedTurn, ...] = ()
    """Turns whose attempts the client counted, or that were estimated from their length."""
    pairs: tuple[Pair, ...] = ()
    """The other turns of the log, each with its turn in a transcript, if there is one."""
    auxiliary: int | None = None
    """Requests that belong to no turn of a transcript; ``None`` if other clients may have sent them."""
    sessions: frozenset[str] = frozenset()
    """Sessions that are known to talk to this log's server."""
    forgotten_retries: int = 0
    """Retries of turns that are no longer kept one by one."""

    @property
    def retries(self) -> int:
        """Return the number of attempts beyond the first."""
        return self.forgotten_retries + self._counted_retries + sum(pair.chain.attempts - 1 for pair in self.pairs)

    @property
    def main_retries(self) -> int:
        """Return the retries of main requests, as far as they are distinguished from auxiliary ones."""
        if self.auxiliary is None:
            return self.retries
        return self._counted_retries + sum(pair.chain.attempts - 1 for pair in self.pairs if pair.turn is not None)

    @property
    def attempts_without_line(self) -> int:
        """Return how many attempts have no line."""
        return sum(counted.attempts_without_line for counted in self.counted_turns)

    def request_sessions(self) -> Iterator[tuple[Request, str]]:
        """Yield the requests whose session a transcript or a recorder names, each with that session."""
        for counted in self.counted_turns:
            yield from ((line, counted.turn.session) for line in counted.lines if line is not None)
        for pair in self.pairs:
            if pair.turn is not None:
                yield from ((request, pair.turn.session) for request in pair.chain.requests)

    def merged_with(self, later: Account) -> Account:
        """Return this account merged with a later one."""
        known = self.auxiliary is not None and later.auxiliary is not None
        return Account(
            (*self.counted_turns, *later.counted_turns),
            (*self.pairs, *later.pairs),
            (self.auxiliary or 0) + (later.auxiliary or 0) if known else None,
            self.sessions | later.sessions,
            self.forgotten_retries + later.forgotten_retries,
        )

    def until(self, t: float) -> Account:
        """Return the account of the turns that were over at ``t``. Turns without retries are kept as counts only."""
        loose = sum(pair.chain.attempts for pair in self.pairs if pair.turn is None and pair.ended <= t)
        return Account(
            tuple(
                one
                for one in self.counted_turns
                if one.turn.last_seen <= t and (one.attempts > 1 or one.attempts_without_line)
            ),
            tuple(pair for pair in self.pairs if pair.ended <= t and pair.chain.attempts > 1),
            None if self.auxiliary is None else loose,
            self.sessions,
            self.forgotten_retries,
        )

    def quiet_before(self, t: float) -> float:
        """Return the last moment up to ``t`` at which no turn was open."""
        spans = [(one.turn.started, one.turn.last_seen) for one in self.counted_turns]
        spans += [(pair.started, pair.ended) for pair in self.pairs]
        for started, ended in sorted(spans, key=lambda span: span[1], reverse=True):
            if started - BESIDE <= t <= ended + BESIDE:
                t = started - 2 * BESIDE
        return t

    @property
    def _counted_retries(self) -> int:
        return sum(counted.attempts - 1 for counted in self.counted_turns)

    def storms(
        self, limit: int, reason: Callable[[Sequence[Request]], str], now: float, unsure: frozenset[int]
    ) -> list[Storm]:
        """Return the storms as of ``now``, newest first; ``reason`` returns the error that belongs to some requests.

        ``unsure``: the ``id()`` of the chains that may be chance.
        """
        found = [
            counted_storm(counted, limit, reason(counted.requests), now)
            for counted in self.counted_turns
            if counted.attempts >= STORM
        ]
        found += [
            pair.with_end(chain_storm(pair.chain, limit, reason(pair.chain.requests), now, of_log(pair.chain, unsure)))
            for pair in self.pairs
            if pair.chain.is_storm
        ]
        return sorted(found, key=lambda storm: (storm.timed, storm.started), reverse=True)


def reconcile(
    lines: Sequence[Request],
    turns: Sequence[TranscriptTurn],
    spans: Mapping[str, tuple[float, float]],
    limit: int,
    timeout_s: float | None = None,
    known: frozenset[str] = frozenset(),
    watched: Watched = NOTHING_WATCHED,
) -> Account:
    """Return the account of a part of a log; ``lines`` are its main requests, which must have times.

    ``spans`` is the first and last time of each session, ``known`` the sessions that used this server before.

    Attempts that the client counted get their lines first; the other lines are joined by the client's back-off. A
    session without a line where it must have one used another server, and its turns are left out.
    """
    lines = sorted(lines, key=lambda line: line.t or 0.0)
    early = max((line.early for line in lines), default=0.0)
    assignment = assign_lines(turns, lines, early)
    rest = Tracker(limit, least=1, most=len(lines) + 1)
    for index, line in enumerate(lines):
        if index not in assignment.taken:
            rest.take(line)
    ends = [turn for turn in turns if not turn.counted]
    answers = {id(turns[turn]): lines[line] for turn, line in assignment.answers.items()}
    pairs = join_cut_attempts(pair_by_end([(turn, answers.get(id(turn))) for turn in ends], rest.chains, early))
    local = known | _local_sessions(turns, assignment, pairs, watched if lines else None)
    counted_turns = [
        CountedTurn(
            turn,
            tuple(None if line is None else lines[line] for line in assignment.of(index, turn.attempts)),
            watched=watched,
        )
        for index, turn in enumerate(turns)
        if turn.counted and turn.session in local
    ]
    counted_turns, pairs = _with_pending(counted_turns, pairs)
    explained = {id(pair.turn) for pair in pairs}
    for turn in ends:
        if turn.session in local and id(turn) not in explained and turn.end is End.FAILED:
            counted = CountedTurn.estimated(turn, limit, timeout_s, seen=bool(lines))
            counted_turns += [] if counted is None else [counted]
    auxiliary = _auxiliary(counted_turns, pairs, [span for session, span in spans.items() if session in local])
    return Account(tuple(counted_turns), tuple(pairs), auxiliary, local)


def _with_pending(counted_turns: Sequence[CountedTurn], pairs: Sequence[Pair]) -> tuple[list[CountedTurn], list[Pair]]:
    """Add to open turns the attempts that are not in their transcript yet: it is written after the log."""
    updated, rest = list(counted_turns), list(pairs)
    for index, counted in enumerate(updated):
        if counted.turn.end is not End.OPEN or not counted.requests:
            continue
        last = counted.requests[-1]
        tried = counted.attempts
        found = next((pair for pair in rest if pair.turn is None and _continues(last, tried, pair.chain)), None)
        if found is not None:
            updated[index] = counted.with_pending(found.chain.requests)
            rest.remove(found)
    return updated, rest


def _continues(last: Request, tried: int, chain: Chain) -> bool:
    """Return whether a chain continues a failed attempt: on its connection, after the wait, and soon enough."""
    gap = (chain.started or 0.0) - (last.t or 0.0)
    soonest = wait_bounds(tried)[0] - LATE if is_retryable(last.status) else -LATE
    return last.failed and last.port in chain.ports and soonest <= gap <= CATCH_UP_S


def _local_sessions(
    turns: Sequence[TranscriptTurn], assignment: LineAssignment, pairs: Sequence[Pair], watched: Watched | None
) -> frozenset[str]:
    """Return the sessions whose requests went to this log's server, as far as known.

    ``watched``: ``None`` if the log has no lines.
    """
    found = {turns[turn].session for turn, _ in assignment.lines}
    found |= {pair.turn.session for pair in pairs if pair.turn is not None}
    expected = {
        turn.session for turn in turns if _leaves_lines(turn) and watched is not None and watched.saw(turn.started)
    }
    return frozenset(found | {turn.session for turn in turns if turn.session not in expected})


def _leaves_lines(turn: TranscriptTurn) -> bool:
    return turn.end is End.ANSWERED or any(cause.isdigit() or cause == "cut" for cause in turn.causes)


def _auxiliary(
    counted_turns: Sequence[CountedTurn], pairs: Sequence[Pair], spans: Sequence[tuple[float, float]]
) -> int | None:
    """Return how many requests belong to no turn; ``None`` if one is outside the sessions' times or hosts."""
    known = [request for counted in counted_turns for request in counted.requests]
    known += [request for pair in pairs if pair.turn is not None for request in pair.chain.requests]
    loose = [request for pair in pairs if pair.turn is None for request in pair.chain.requests]
    hosts = {request.host for request in known}
    for request in loose:
        t = request.t or 0.0
        if request.host not in hosts or not any(started - LATE <= t <= ended + IDLE_S for started, ended in spans):
            return None
    return len(loose)
