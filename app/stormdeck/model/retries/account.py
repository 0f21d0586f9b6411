"""Log and transcripts together: each attempt counted once, by the best evidence there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stormdeck.model.retries.causes import Causes
from stormdeck.model.retries.chain import STORM
from stormdeck.model.retries.claims import LATE, Claims, claim
from stormdeck.model.retries.outlook import chain_storm
from stormdeck.model.retries.pairing import Pair, pair_ends
from stormdeck.model.retries.request import Request
from stormdeck.model.retries.storm import Storm
from stormdeck.model.retries.told import End, ToldTurn
from stormdeck.model.retries.tracker import Tracker
from stormdeck.model.retries.witness import Witness, witness_storm

IDLE_S = 5.0
"""Auxiliary requests may come this long after the last that a transcript tells of its session."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a stretch of a log and the transcripts beside it amount to."""

    witnesses: tuple[Witness, ...] = ()
    """Turns whose attempts the client counted, or whose length tells them."""
    pairs: tuple[Pair, ...] = ()
    """The other turns of the log, each with the transcript's word on how it ended, where there is one."""
    causes: Causes | None = None
    limit: int = 0
    auxiliary: int | None = None
    """Requests that no turn of any transcript explains; ``None`` where others may have sent them."""

    @property
    def retries(self) -> int:
        """Return the attempts beyond the first."""
        told = sum(witness.attempts - 1 for witness in self.witnesses)
        return told + sum(pair.chain.attempts - 1 for pair in self.pairs)

    @property
    def unseen(self) -> int:
        """Return the attempts that left no line."""
        return sum(witness.attempts - len(witness.lines) for witness in self.witnesses)

    def storms(self, now: float) -> list[Storm]:
        """Return the storms as they stand now, in no particular order."""
        found = [witness_storm(witness, self.limit, self._reason(witness.lines), now) for witness in self._stormy()]
        for pair in self.pairs:
            if pair.chain.is_storm:
                storm = chain_storm(pair.chain, self.limit, self._reason(pair.chain.requests), now)
                found.append(pair.told_end(storm))
        return found

    def _stormy(self) -> list[Witness]:
        return [witness for witness in self.witnesses if witness.attempts >= STORM]

    def _reason(self, requests: Sequence[Request]) -> str:
        if self.causes is None or not requests:
            return ""
        error = self.causes.of(requests[0].t, requests[-1].t)
        return error.text if error is not None else ""


def settle(
    lines: Sequence[Request], turns: Sequence[ToldTurn], limit: int, causes: Causes, timeout_s: float | None = None
) -> Account:
    """Return the account of a stretch of one log; ``lines`` are its main requests, with times.

    Attempts that the client counted take their lines first, the ladder judges the rest. Turns of a session that has
    no line where it must have one went to another server, and are left out.
    """
    lines = sorted(lines, key=lambda line: line.t or 0.0)
    grain = max((line.grain for line in lines), default=0.0)
    claims = claim(turns, lines, grain)
    rest = Tracker(limit, causes, least=1, most=len(lines) + 1)
    for index, line in enumerate(lines):
        if index not in claims.taken:
            rest.take(line)
    ends = [turn for turn in turns if not turn.counted]
    pairs = pair_ends(ends, rest.chains, grain)
    here = _here(turns, claims, pairs, bool(lines))
    witnesses = [
        Witness(turn, tuple(lines[line] for line in claims.of(index, turn.attempts)))
        for index, turn in enumerate(turns)
        if turn.counted and turn.session in here
    ]
    explained = {id(pair.turn) for pair in pairs if pair.turn is not None}
    for turn in ends:
        if turn.session in here and id(turn) not in explained and turn.end is End.FAILED:
            witness = Witness.estimated(turn, limit, timeout_s, seen=bool(lines))
            if witness is not None:
                witnesses.append(witness)
    account = Account(tuple(witnesses), tuple(pairs), causes, limit)
    return replace(account, auxiliary=_auxiliary(account, [turn for turn in turns if turn.session in here], lines))


def _here(turns: Sequence[ToldTurn], claims: Claims, pairs: Sequence[Pair], has_lines: bool) -> set[str]:
    """Return the sessions whose requests went to this log's server, as far as anything tells."""
    found = {turns[turn].session for turn, _ in claims.lines}
    found |= {pair.turn.session for pair in pairs if pair.turn is not None}
    if not has_lines:
        return {turn.session for turn in turns}
    expected = {turn.session for turn in turns if _leaves_lines(turn)}
    return found | {turn.session for turn in turns if turn.session not in expected}


def _leaves_lines(turn: ToldTurn) -> bool:
    return turn.end is End.ANSWERED or any(cause.isdigit() or cause == "cut" for cause in turn.causes)


def _auxiliary(account: Account, turns: Sequence[ToldTurn], lines: Sequence[Request]) -> int | None:
    """Count the requests that belong to no turn, when all fall into the time and come from the host of a session."""
    if not turns:
        return None
    loose = [request for pair in account.pairs if pair.turn is None for request in pair.chain.requests]
    known = [request for witness in account.witnesses for request in witness.lines]
    known += [request for pair in account.pairs if pair.turn is not None for request in pair.chain.requests]
    hosts = {request.host for request in known}
    spans = _spans(turns)
    for request in loose:
        t = request.t or 0.0
        if request.host not in hosts or not any(begun - LATE <= t <= ended + IDLE_S for begun, ended in spans):
            return None
    return len(loose) if lines else None


def _spans(turns: Sequence[ToldTurn]) -> list[tuple[float, float]]:
    """Return from when to when each session was active."""
    spans: dict[str, tuple[float, float]] = {}
    for turn in turns:
        begun, ended = spans.get(turn.session, (turn.begun, turn.heard))
        spans[turn.session] = (min(begun, turn.begun), max(ended, turn.heard))
    return list(spans.values())
