"""Recognise two records of the same storm, and merge them.

A storm is identified by its session, or by when it began: not by its log, which may be renamed or replaced, nor by the
panel that recorded it. A cause, an outcome or a count is only replaced on better evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from stormdeck.model.retries.chain import UNKNOWN
from stormdeck.model.retries.estimate import waits_before
from stormdeck.model.retries.storms.storm import Outcome, Storm

NEAR_S = 2.0
"""Two records of one storm differ by no more than this in their start: lines are read after they were written."""
SHORT_S = 0.2
"""How much closer together than the client's waits attempts may seem to be, in seconds."""
_EVIDENCE = ("ladder", "body", "transcript", "wire")
"""The evidence that attempts belong to one turn, best last."""
_OUTCOMES = (Outcome.QUIET, Outcome.GAVE_UP, Outcome.STOPPED, Outcome.RECOVERED)
"""With equal evidence the later one is preferred: an answer was seen, silence can have any reason."""
_AT_ONCE = {"400", "404"}
"""Causes after which the client sends again without a wait."""
_PACED = {"429", "503"}
"""Causes after which the server's ``retry-after`` may be shorter than the client's back-off (up to 2.1.112)."""
_LEAST_PACE_S = 1.0


def same_storms(old: Sequence[Storm], new: Sequence[Storm]) -> list[int | None]:
    """Return for each new storm the index of the same old storm, ``None`` if there is none.

    Storms that began at the same time in several sessions stay separate: each is paired once, those of the same log
    first, then the closest in time.
    """
    near = sorted(
        (one.log != other.log, abs(one.started - other.started), at, index)
        for index, one in enumerate(new)
        for at, other in enumerate(old)
        if may_be_same(one, other)
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, at, index in near:
        if at not in taken and index not in pairs:
            taken.add(at)
            pairs[index] = at
    return [pairs.get(index) for index in range(len(new))]


def may_be_same(one: Storm, other: Storm) -> bool:
    """Return whether two records can be the same storm."""
    if one.timed != other.timed:
        return False
    if not one.timed:
        return one.log == other.log
    overlap = one.started <= other.last + NEAR_S and other.started <= one.last + NEAR_S
    if one.session is not None and other.session is not None:
        return overlap and (one.session, one.agent) == (other.session, other.agent)
    # A record that began in the middle of the storm has only its end in common.
    return overlap and (abs(one.started - other.started) <= NEAR_S or abs(one.last - other.last) <= NEAR_S)


def merged(old: Storm, new: Storm) -> Storm:
    """Return one record from two records of the same storm."""
    if new.outcome is Outcome.LIVE:
        best, other = new, old
    else:
        best, other = (old, new) if _evidence(old) > _evidence(new) else (new, old)
    equal = _evidence(old) == _evidence(new) and Outcome.LIVE not in {old.outcome, new.outcome}
    longer = other if equal and other.attempts > best.attempts else best
    cause, lesser = (old, new) if _certainty(old) > _certainty(new) else (new, old)
    return replace(
        best,
        started=min(old.started, new.started) if equal else best.started,
        last=max(old.last, new.last) if equal else best.last,
        attempts=longer.attempts,
        limit=longer.limit,
        cause=cause.cause,
        reason=cause.reason or (lesser.reason if cause.cause in {lesser.cause, UNKNOWN} or not lesser.cause else ""),
        outcome=max(best.outcome, other.outcome, key=_OUTCOMES.index) if equal else best.outcome,
        from_server=cause.from_server or lesser.from_server,
        served=cause.served or lesser.served,
        log=best.log or other.log,
        session=best.session if best.session is not None else other.session,
        folder=best.folder or other.folder,
        agent=best.agent or other.agent,
    )


def is_possible(storm: Storm) -> bool:
    """Return whether a client can have sent a storm's attempts in its time, with the waits between them."""
    if storm.cause in _AT_ONCE or not storm.timed:
        return True
    if storm.cause in _PACED:
        least = _LEAST_PACE_S * (storm.attempts - 1)
        return storm.last - storm.started >= min(least, waits_before(storm.attempts)[0]) - SHORT_S
    return storm.last - storm.started >= waits_before(storm.attempts)[0] - SHORT_S


def without_duplicates(storms: Iterable[Storm]) -> list[Storm]:
    """Return the storms without duplicates, oldest first.

    Of two records of one session that began together the shorter one counts: the longer one includes the next storm.
    """
    kept: list[Storm] = []
    for storm in sorted(storms, key=lambda one: (one.started, one.attempts)):
        at = next((at for at, one in enumerate(kept) if _is_duplicate(one, storm)), None)
        if at is None:
            kept.append(storm)
        else:
            kept[at] = merged(storm, kept[at]) if storm.session is None else _shorter(kept[at], storm)
    return kept


def _is_duplicate(one: Storm, other: Storm) -> bool:
    if not may_be_same(one, other):
        return False
    return one.session is None or other.session is None or abs(one.started - other.started) <= NEAR_S


def _shorter(one: Storm, other: Storm) -> Storm:
    both = merged(one, other)
    if _evidence(one) != _evidence(other):
        return both
    short = min(one, other, key=lambda storm: storm.attempts)
    return replace(both, attempts=short.attempts, started=short.started, last=short.last, outcome=short.outcome)


def _evidence(storm: Storm) -> int:
    return _EVIDENCE.index(storm.evidence) if storm.evidence in _EVIDENCE else 0


def _certainty(storm: Storm) -> int:
    """Return how certain a cause is: seen on the wire, a status from a log, or text that the client wrote."""
    if storm.cause == UNKNOWN:
        return 0
    if storm.evidence == "wire":
        return 4
    return 1 if not storm.cause.isdigit() else 3 if storm.log else 2
