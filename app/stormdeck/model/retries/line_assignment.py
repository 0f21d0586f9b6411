"""Match access-log lines to the attempts that a transcript records.

Some clients record when they send a request, when an attempt fails and why, and when the answer arrives. Each such
attempt has at most one line in the log, at that time and with that status.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.sessions import End, Failure, TranscriptTurn

EARLY = 0.2
"""How far a line may precede the transcript's record of the request, in seconds (0.15 measured)."""
LATE_RECORD = 1.0
"""How late the transcript may record a request on a busy machine, in seconds (0.25 measured)."""
EARLY_FAILURE = 0.5
"""The same where the record of the failure gives a closer time."""
LATE = 0.6
"""How far a line may follow the transcript's record: a log is read up to a quarter of a second after it was written."""
SOON_S = 3.0
"""For how long after an attempt was sent a line most likely belongs to it; a proxy's own retries take time."""
LONGEST_ANSWER_S = 400.0
"""The longest that a client waits for the first byte, in seconds (361 measured)."""
OTHER_SESSION_S = 2.0
"""Extra score, in seconds, that a line on another session's connection needs to win."""
UNSEEN = frozenset({"reset", "timeout", "refused"})
"""Causes that leave no access line (measured, uvicorn and LiteLLM)."""
MOST_MOVED = 200
"""How many lines may be reassigned to make room for one attempt."""
SLOW_S = 1.5
"""An attempt without a line that took longer than this timed out: a broken connection fails at once. Whether it was
reset or refused does not show in its length.
"""

_OK = "ok"
_FAILED = "failed"
_ANY = "any"


class Slot(NamedTuple):
    """One attempt, and where its line is expected."""

    turn: int
    """The index of its turn."""
    attempt: int
    """Counted from 0."""
    at: float
    """When its answer started, as far as known."""
    low: float
    high: float
    want: str
    """The expected status, or ``ok``, ``failed``, ``any``; empty if the attempt leaves no line."""
    is_last: bool = False
    """The attempt's answer ends the turn."""

    @property
    def span(self) -> tuple[float, float]:
        """Return when the answer may have started: a success may start long before the turn ends or is cut off."""
        if self.want != _OK:
            return self.at, self.at
        return self.low, self.high if self.is_last else self.at


class LineAssignment:
    """Which line belongs to which attempt."""

    def __init__(self) -> None:
        self.lines: dict[tuple[int, int], int] = {}
        """The index of a line by the index of its turn and the attempt, counted from 0."""
        self.taken: set[int] = set()
        """The indices of all lines that belong to turns whose attempts the client counted."""
        self.answers: dict[int, int] = {}
        """The index of the answer's line by the index of its turn, for turns that the client did not count."""

    def of(self, turn: int, attempts: int) -> list[int | None]:
        """Return the index of each attempt's line, ``None`` where it has none."""
        return [self.lines.get((turn, attempt)) for attempt in range(attempts)]


def assign_lines(turns: Sequence[TranscriptTurn], lines: Sequence[Request], early: float = 0.0) -> LineAssignment:
    """Assign a line to each attempt of the counted turns. ``lines`` must have times and be in order."""
    assignment, log = LineAssignment(), _Lines(lines, early)
    slots = [slot for index, turn in enumerate(turns) for slot in _slots(index, turn) if slot.want]
    ordered = sorted(slots, key=_order)
    for slot in ordered:
        if slot.want != _ANY:
            log.assign(slot, turns[slot.turn].session)
    # Before attempts of any status, whose time ends where the next attempt starts: they would take its line.
    log.assign_newest([(index, turn) for index, turn in enumerate(turns) if _newest_is_unknown(turn)])
    for slot in ordered:
        if slot.want == _ANY:
            log.assign(slot, turns[slot.turn].session)
    for found, (slot, _) in log.assigned.items():
        if turns[slot.turn].counted:
            assignment.lines[slot.turn, slot.attempt] = found
            assignment.taken.add(found)
        else:
            assignment.answers[slot.turn] = found
    return assignment


class Watched(NamedTuple):
    """What is known about the hop nearest to the client, other than its log's lines."""

    since: float = -inf
    """When the log was first read: earlier attempts may have lines that were not read."""
    refusals: tuple[tuple[float, float], ...] = ()
    """Times in which the hop refused connections, as (start, end)."""
    gaps: tuple[tuple[float, float], ...] = ()
    """Times in which its log was not read, since a new log had not been found yet, as (start, end)."""

    def saw(self, t: float) -> bool:
        """Return whether a request at that moment must have left a line that was read."""
        return t >= self.since and not any(started <= t <= ended for started, ended in self.gaps)

    def refused(self, t: float) -> bool:
        """Return whether connections were refused at a moment."""
        return any(started <= t <= ended for started, ended in self.refusals)


NOTHING_WATCHED = Watched()


def unseen_cause(turn: TranscriptTurn, attempt: int, watched: Watched) -> str:
    """Return why an attempt without a line failed: ``refused``, ``timeout`` (by its length), or empty if unknown."""
    started = turn.sent[attempt] if turn.sent else None
    ended = turn.sent[attempt + 1] if attempt + 1 < len(turn.sent) else turn.last_seen
    if started is None:
        return ""
    if watched.refused(started):
        return "refused"
    if not watched.saw(started):
        return ""
    failure = _failure_of(turn, started, ended)
    waited = failure.wait if failure is not None and failure.wait is not None else min(0.5 * 2**attempt, 32.0)
    last = attempt + 1 >= len(turn.sent)
    return "timeout" if ended - started - (0.0 if last else waited * 1.25) > SLOW_S else ""


class _Lines:
    """The lines of a log in order, the slot that each is assigned to, and the session that uses each connection."""

    def __init__(self, lines: Sequence[Request], early: float) -> None:
        self._lines = lines
        self._early = early
        self._times = [line.t or 0.0 for line in lines]
        self._late = max((line.late for line in lines), default=0.0)
        self._users: dict[tuple[str, int], str] = {}
        self.assigned: dict[int, tuple[Slot, str]] = {}
        """The slot that a line is assigned to, and its session, by the index of the line."""

    def assign(self, slot: Slot, session: str) -> None:
        """Assign the best line to a slot, if any fits."""
        found = self._best(slot, session)
        if found is not None:
            self._put(found, slot, session)
        elif slot.want == _OK or slot.want.isdigit():
            self._make_room(slot, session, set())

    def assign_newest(self, turns: Sequence[tuple[int, TranscriptTurn]]) -> None:
        """Assign lines to the newest attempts of turns without an end, unless other attempts have them.

        Only the time of sending is known. A line fits if it comes soon after that, or later on the session's own
        connection, or at any later time if no other turn is open.
        """
        open_turns = [turn for _, turn in turns if turn.end is End.OPEN]
        found = []
        for index, turn in turns:
            sent = turn.sent[-1]
            alone = turn.end is End.OPEN and len(open_turns) == 1
            for line in range(bisect_left(self._times, sent - EARLY - self._early), len(self._lines)):
                after = self._times[line] - sent
                if after > (LONGEST_ANSWER_S if turn.end is End.OPEN else SOON_S):
                    break
                distance = self._distance(self._lines[line], turn.session)
                own = distance == 0.0 and turn.end is End.OPEN
                if turn.attempts == 1 and not self._lines[line].failed:
                    # The client requests titles and topics along with a first attempt.
                    continue
                if line not in self.assigned and distance < OTHER_SESSION_S and (after <= SOON_S or own or alone):
                    slot = Slot(index, turn.attempts - 1, sent, sent, self._times[line], _ANY)
                    found.append((abs(after) + distance, line, slot, turn.session))
        given = set()
        for _, line, slot, session in sorted(found, key=lambda one: one[:2]):
            if line not in self.assigned and slot.turn not in given:
                given.add(slot.turn)
                self._put(line, slot, session)

    def _best(self, slot: Slot, session: str) -> int | None:
        free = [
            (self._cost(slot, index, session), index) for index in self._fitting(slot) if index not in self.assigned
        ]
        return min(free)[1] if free else None

    def _fitting(self, slot: Slot) -> Iterator[int]:
        """Yield the lines whose time and status fit a slot."""
        for index in range(bisect_left(self._times, slot.low - EARLY - self._early), len(self._lines)):
            t, line = self._times[index], self._lines[index]
            if t > slot.high + LATE + self._late:
                return
            if t - line.late <= slot.high + LATE and _fits(slot.want, line):
                yield index

    def _make_room(self, slot: Slot, session: str, seen: set[int]) -> bool:
        """Assign to a slot that must have left a line one whose own slot can take another line."""
        for index in self._fitting(slot):
            if index in seen or len(seen) >= MOST_MOVED:
                continue
            seen.add(index)
            owner = self.assigned[index]
            other = self._best(*owner)
            if other is not None:
                self._put(other, *owner)
            elif not self._make_room(*owner, seen):
                continue
            self._put(index, slot, session)
            return True
        return False

    def _cost(self, slot: Slot, index: int, session: str) -> float:
        """Return by how many seconds a line misses a slot, plus penalties, in seconds too."""
        t, line = self._times[index], self._lines[index]
        low, high = (slot.at, slot.at) if line.late <= LATE else slot.span
        cost = max(t - line.late - high, low - t, 0.0) + self._distance(line, session)
        return cost + OTHER_SESSION_S if slot.want == _ANY and not line.failed else cost

    def _put(self, index: int, slot: Slot, session: str) -> None:
        self.assigned[index] = slot, session
        line = self._lines[index]
        if line.port:
            self._users[line.host, line.port] = session

    def _distance(self, line: Request, session: str) -> float:
        """Return the penalty for a line on a connection that is not known to be the session's own."""
        user = self._users.get((line.host, line.port))
        return 0.0 if user == session else OTHER_SESSION_S / 4 if user is None else OTHER_SESSION_S


def _newest_is_unknown(turn: TranscriptTurn) -> bool:
    """Return whether the outcome of a turn's newest attempt is unknown."""
    if not turn.sent or turn.end not in {End.OPEN, End.LEFT}:
        return False
    return _failure_of(turn, turn.sent[-1], turn.last_seen + LATE) is None


def _order(slot: Slot) -> tuple[int, float, float]:
    """Return the sort key of a slot: a status at a known time first, then answers by deadline, then any status."""
    sure = 0 if slot.want.isdigit() else 1 if slot.want == _OK else 2
    return sure, slot.high, slot.low


def _fits(want: str, line: Request) -> bool:
    if want == _OK:
        return not line.failed
    if want == _FAILED:
        return line.failed
    return want == _ANY or str(line.status) == want


def _slots(index: int, turn: TranscriptTurn) -> list[Slot]:
    """Return the slots of a turn; if the client did not count its attempts, only the slot of the answer."""
    if not turn.counted:
        return [_last_slot(index, 0, turn.started, turn)] if turn.end is End.ANSWERED else []
    return _sent_slots(index, turn) if turn.sent else _failed_slots(index, turn)


def _sent_slots(index: int, turn: TranscriptTurn) -> list[Slot]:
    """Return the slots of a turn whose client records every request."""
    slots = []
    for attempt, started in enumerate(turn.sent, start=turn.before):
        if attempt + 1 < turn.attempts:
            ended = turn.sent[attempt + 1 - turn.before]
            failure = _failure_of(turn, started, ended)
            at = failure.t if failure is not None else started
            low = started if failure is None else min(started, failure.t - EARLY_FAILURE)
            low = min(low, _soonest(turn, attempt, started))
            slots.append(Slot(index, attempt, at, low, ended, _wanted(failure.cause if failure else "")))
        else:
            slot = _last_slot(index, attempt, started, turn)
            slots.append(slot._replace(low=min(slot.low, _soonest(turn, attempt, started))))
    return slots


def _soonest(turn: TranscriptTurn, attempt: int, started: float) -> float:
    """Return the earliest time at which an attempt can have been sent: after its prompt and the attempt before it."""
    before = turn.started if not attempt else turn.sent[attempt - turn.before - 1] if attempt > turn.before else started
    return max(before, started - LATE_RECORD)


def _failed_slots(index: int, turn: TranscriptTurn) -> list[Slot]:
    """Return the slots of a turn whose client records every failure that it retries."""
    slots = [
        Slot(index, attempt, failure.t, failure.t - LATE, failure.t, _wanted(failure.cause) if failure.cause else "")
        for attempt, failure in enumerate(turn.failures)
    ]
    last = turn.failures[-1]
    if turn.end in {End.ANSWERED, End.FAILED}:
        slots.append(_last_slot(index, len(slots), last.t + (last.wait or 0.0), turn))
    return slots


def _last_slot(index: int, attempt: int, started: float, turn: TranscriptTurn) -> Slot:
    if turn.end is End.ANSWERED:
        return Slot(index, attempt, started, started, max(started, turn.last_seen), _OK, is_last=True)
    if turn.end is End.FAILED:
        return Slot(index, attempt, turn.last_seen, started, max(started, turn.last_seen), _wanted(turn.cause))
    failure = _failure_of(turn, started, turn.last_seen + LATE)
    if failure is not None:
        return Slot(index, attempt, failure.t, started, failure.t, _wanted(failure.cause))
    return Slot(index, attempt, started, started, started, "")


def _failure_of(turn: TranscriptTurn, started: float, ended: float) -> Failure | None:
    return next((failure for failure in turn.failures if started <= failure.t < ended), None)


def _wanted(cause: str) -> str:
    """Return the expected status for the line of an attempt that failed with this cause."""
    if cause in UNSEEN:
        return ""
    return _OK if cause == "cut" else cause or _ANY
