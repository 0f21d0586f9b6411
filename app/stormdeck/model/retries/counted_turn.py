"""A turn whose attempts are known from its transcript: counted by the client, or estimated from its length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from stormdeck.model.retries.backoff import gives_up_at, wait_bounds
from stormdeck.model.retries.chain import Request, main_cause
from stormdeck.model.retries.estimate import Estimate, estimate_attempts
from stormdeck.model.retries.line_assignment import NOTHING_WATCHED, UNSEEN, Watched, unseen_cause
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.scoring import SLOWEST
from stormdeck.model.retries.sessions import End, TranscriptTurn
from stormdeck.model.retries.storms.next_attempt import OVERDUE_S, Due, Wait, due_after
from stormdeck.model.retries.storms.storm import Outcome, Storm

COUNTED = "counted by the client"
OUTCOMES = {
    End.OPEN: Outcome.LIVE,
    End.ANSWERED: Outcome.RECOVERED,
    End.FAILED: Outcome.GAVE_UP,
    End.LEFT: Outcome.STOPPED,
}
"""The outcome of a storm by how its turn ended in the transcript."""


@dataclass(frozen=True, slots=True)
class CountedTurn:
    """A turn, and the lines of its attempts in the log."""

    turn: TranscriptTurn
    lines: tuple[Request | None, ...] = ()
    """By attempt; ``None`` for an attempt without a line."""
    estimate: Estimate | None = None
    """The number of attempts where the client did not count them."""
    watched: Watched = NOTHING_WATCHED
    by_order: bool = False
    """Its lines have no times, or are no longer kept, so they are known only by order and status."""

    @classmethod
    def estimated(cls, turn: TranscriptTurn, limit: int, timeout_s: float | None, *, seen: bool) -> CountedTurn | None:
        """Return a turn that failed without a line in the log, ``None`` if its length fits no number of attempts.

        ``seen``: the log has requests, so an error with a status would have left lines in it.
        """
        if turn.cause not in UNSEEN and (seen or not turn.cause.isdigit()):
            return None
        estimate = estimate_attempts(turn.last_seen - turn.started, turn.cause, limit, timeout_s)
        return cls(turn, (), estimate) if estimate is not None else None

    def with_pending(self, requests: tuple[Request, ...]) -> CountedTurn:
        """Return the turn with attempts that are in the log, but not in the transcript yet."""
        lines = list(self.lines)
        while lines and lines[-1] is None:
            lines.pop()
        return replace(self, lines=(*lines, *requests))

    @property
    def attempts(self) -> int:
        """Return the number of attempts."""
        if self.estimate is not None:
            return self.estimate.attempts
        return max(self.turn.attempts, len(self.lines))

    @property
    def requests(self) -> tuple[Request, ...]:
        """Return the lines that were found."""
        return tuple(line for line in self.lines if line is not None)

    @property
    def attempts_without_line(self) -> int:
        """Return how many attempts have no line."""
        if self.by_order and self.estimate is None:
            return sum(cause in UNSEEN for cause in self.turn.causes)
        return self.attempts - len(self.requests)

    @property
    def unseen_attempts(self) -> tuple[tuple[int, float], ...]:
        """Return the attempts without a line, counted from 0, each with the time it was sent, as far as known."""
        if self.by_order:
            return ()
        times, recorded = self.sent_at, range(self.turn.before, self.attempts)
        return tuple(
            (attempt, times[attempt]) for attempt in recorded if self.lines[attempt : attempt + 1] in {(), (None,)}
        )

    @property
    def sent_at(self) -> tuple[float, ...]:
        """Return when each attempt was sent, as far as known."""
        turn = self.turn
        times = turn.sent or tuple(failure.t for failure in turn.failures)
        known = (*(times[:1] or (turn.last_seen,)) * turn.before, *times)
        return (*known, *(turn.last_seen,) * (self.attempts - len(known)))

    @property
    def cause(self) -> str:
        """Return the cause that most attempts failed with."""
        return main_cause(self._causes())

    def _causes(self) -> tuple[str, ...]:
        causes = self.turn.causes
        if any(causes) or self.estimate is not None:
            return causes
        # The client recorded requests without reasons: take the statuses from the log, and the rest from the times.
        statuses = tuple(str(line.status) for line in self.requests if line.failed)
        if statuses:
            return statuses
        tries = self.attempts - (self.turn.end is not End.FAILED)
        answered = self.turn.end in {End.OPEN, End.LEFT} and _newest_answer(self) is not None
        ok = sum(not line.failed for line in self.requests) - (self.turn.end is End.ANSWERED or answered)
        return (
            ("cut",) * tries
            if ok > 0
            else tuple(
                unseen_cause(self.turn, attempt, self.watched) for attempt in range(min(tries, len(self.turn.sent)))
            )
        )


def counted_storm(counted: CountedTurn, default_limit: int, reason: str, now: float) -> Storm:
    """Return the storm that a turn is, as of ``now``."""
    turn, attempts = counted.turn, counted.attempts
    limit = max(turn.limit or default_limit, attempts)
    started = turn.sent[0] if turn.sent else turn.failures[0].t if turn.failures else turn.started
    last = turn.last_seen if turn.end is not End.OPEN or not turn.sent else turn.sent[-1]
    storm = Storm(
        started=min([started, *(line.t for line in counted.requests if line.t is not None)]),
        last=last - (counted.estimate.last_took if counted.estimate else 0.0),
        attempts=attempts,
        limit=limit,
        cause=counted.cause,
        reason=reason,
        outcome=OUTCOMES[turn.end],
        evidence="wire" if turn.is_wire else "transcript",
        log=counted.requests[0].log if counted.requests else "",
        session=turn.session,
        folder=turn.folder,
        agent=turn.agent,
        confidence=Confidence.LIKELY if counted.estimate else Confidence.SURE,
        basis=counted.estimate.basis if counted.estimate else COUNTED,
    )
    return _with_state(storm, counted, now) if turn.end is End.OPEN else storm


def _with_state(storm: Storm, counted: CountedTurn, now: float) -> Storm:
    """Add the state of a turn without an end: answered, in flight, waiting for its next attempt, or stopped."""
    turn, newest = counted.turn, _newest_line(counted)
    answer = _newest_answer(counted)
    if answer is not None and answer.t is not None:
        return replace(storm, answered_at=answer.t)
    due = _due(counted, storm.attempts, newest)
    if due is None:
        # The newest attempt has no answer yet: it is in flight for as long as a client waits.
        if now > turn.last_seen + SLOWEST:
            return replace(storm, outcome=Outcome.QUIET)
        return replace(storm, sent_at=turn.sent[-1] if turn.sent else None)
    if now <= due.overdue:
        sent = storm.attempts + (len(turn.failures) >= storm.attempts)
        end = gives_up_at(sent, max(due.at, turn.last_seen), storm.limit)
        return replace(storm, next_at=due.at, next_by=due.by, gives_up_at=end)
    records_requests = bool(turn.sent)
    return replace(storm, outcome=Outcome.QUIET) if records_requests or now > due.by + SLOWEST else storm


def _newest_answer(counted: CountedTurn) -> Request | None:
    """Return the line of the newest attempt if that succeeded."""
    newest = _newest_line(counted)
    return newest if newest is not None and not newest.failed else None


def _newest_line(counted: CountedTurn) -> Request | None:
    """Return the line of the newest attempt; ``None`` if it has none, or none yet."""
    lines = counted.lines
    return lines[-1] if lines and len(lines) == counted.attempts else None


def _due(counted: CountedTurn, attempts: int, newest: Request | None) -> Due | None:
    """Return when the next attempt is due; ``None`` while the newest one is in flight."""
    turn = counted.turn
    failure = turn.failures[-1] if turn.failures else None
    if failure is not None and failure.wait is not None and (not turn.sent or failure.t >= turn.sent[-1]):
        at = failure.t + failure.wait
        return Due(at, at, at + OVERDUE_S)
    waits = _waits(counted)
    if newest is not None:
        return due_after(attempts, newest.t or turn.last_seen, str(newest.status), waits)
    if counted.requests:
        # Its attempts leave lines, and the newest has none: it is in flight.
        return None
    # They leave none: assume that each fails as fast as the one before.
    took = min((wait.seconds - wait_bounds(wait.attempt)[0] for wait in waits), default=0.0)
    return due_after(attempts, turn.last_seen + max(0.0, took), "", waits)


def _waits(counted: CountedTurn) -> list[Wait]:
    """Return the waits between attempts, each from an answer until the next request, as far as known."""
    turn = counted.turn
    waits = []
    for attempt, (sent, after) in enumerate(pairwise(turn.sent), start=turn.before):
        line = counted.lines[attempt] if attempt < len(counted.lines) else None
        started = line.t if line is not None and line.t is not None and sent <= line.t <= after else sent
        waits.append(Wait(attempt + 1, after - started, str(line.status) if line is not None else ""))
    return waits
