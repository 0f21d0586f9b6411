"""Find requests that were sent again without streaming, after their stream was cut off.

The client asks without streaming only as this fallback (measured up to 2.1.112). Then the access line comes at the end
of the answer, 4 ms before the transcript's entry. A streamed answer's line comes at its first token, 150 to 650 ms
before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stormdeck.model.retries.chain import chain_of
from stormdeck.model.retries.line_assignment import EARLY
from stormdeck.model.retries.pairing import Pair
from stormdeck.model.retries.sessions import End, TranscriptTurn

LEAST_WORDS = 5
"""A shorter answer may arrive in one piece."""
WORDS_PER_S = 1000.0
"""More than a server streams to one client: words that came faster were not streamed."""
AT_END_S = 0.02
"""How long before the transcript's entry the line of a whole answer is written at most, in seconds."""


def join_cut_attempts(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs with each cut stream joined to the answer that the client then got without streaming.

    Either of the two may be the one that was paired with the turn.
    """
    joined = list(pairs)
    for pair in pairs:
        turn = pair.turn
        if turn is None or turn.end is not End.ANSWERED:
            continue
        around = [pair, *_loose(joined, pair, turn)]
        answers = [one for one in around if _came_whole(turn, one.chain.newest.earliest)]
        cut = [one for one in around if answers and (one.chain.last or 0.0) < (answers[0].chain.started or 0.0)]
        if len(answers) != 1 or not cut or not (pair is answers[0] or pair in cut):
            continue
        first = pair if pair in cut else cut[-1]
        whole = chain_of(first.chain.turn, (*first.chain.requests, *answers[0].chain.requests))
        joined[joined.index(pair)] = replace(pair, chain=whole)
        joined.remove(answers[0] if first is pair else first)
    return joined


def _loose(pairs: Sequence[Pair], pair: Pair, turn: TranscriptTurn) -> Iterator[Pair]:
    """Yield the answered requests to the same host, in the time of a turn, that no turn explains."""
    host, first, last = pair.chain.newest.host, turn.started - EARLY, turn.last_seen
    for other in pairs:
        request = other.chain.newest
        is_loose = other.turn is None and other.chain.attempts == 1 and not request.failed and request.host == host
        if is_loose and request.t is not None and first <= request.t <= last:
            yield other


def _came_whole(turn: TranscriptTurn, line_at: float | None) -> bool:
    """Return whether a line came so shortly before the answer's entry that the answer was not streamed after it."""
    if line_at is None or turn.words < LEAST_WORDS:
        return False
    return 0 <= turn.last_seen - line_at < min(AT_END_S, turn.words / WORDS_PER_S)
