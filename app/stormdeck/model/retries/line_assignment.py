"""Which access lines are the attempts that a client counted itself.

A client that counts writes down when it sends, when an attempt fails and why, and when the answer is there: each such
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
"""Seconds by which a line may come before the client's own record that the request was sent (0.15 measured)."""
LATE_RECORD = 1.0
"""Seconds by which the client's record of a request may come after it was sent, on a busy machine (0.25 measured)."""
EARLY_FAILURE = 0.5
"""The same where the record of the failure tells its time more closely."""
LATE = 0.6
"""The same after it: a log is read up to a quarter of a second after it was written."""
SOON_S = 3.0
"""How long after it was sent an attempt's line is most likely its own: a proxy's own retries come in between."""
LONGEST_ANSWER_S = 400.0
"""A client waits for the first byte that long at most (361 s measured)."""
OTHER_SESSION_S = 2.0
"""Seconds that a line on another session's connection must fit better by."""
UNSEEN = frozenset({"reset", "timeout", "refused"})
"""Causes that leave no access line (measured, uvicorn and LiteLLM)."""
MOST_MOVED = 200
"""Lines that are looked at to make room for one attempt."""
SLOW_S = 1.5
"""An attempt without a line that took longer than this timed out; a broken connection shows at once. Which of its
kinds, reset or refused, its length does not tell.
"""

_OK = "ok"
_FAILED = "failed"
_ANY = "any"


class Slot(NamedTuple):
    """One attempt, and where its line should be."""

    turn: int
    """The index of its turn."""
    attempt: int
    """Counted from 0."""
    at: float
    """When its answer started, as well as it is known."""
    low: float
    high: float
    want: str
    """A status, or ``ok``, ``failed``, ``any``; empty where it leaves no line."""
    is_last: bool = False
    """Its answer ends the turn."""

    @property
    def span(self) -> tuple[float, float]:
        """Return from when to when its answer may have started: a good one long before the turn's end or its cut."""
        if self.want != _OK:
            return self.at, self.at
        return self.low, self.high if self.is_last else self.at


class LineAssignment:
    """What was found: lines by attempt, and attempts without a line."""

    def __init__(self) -> None:
        self.lines: dict[tuple[int, int], int] = {}
        """The index of a line, by the index of its turn and the attempt, counted from 0."""
        self.taken: set[int] = set()
        """The indices of all lines that belong to a counted turn."""
        self.answers: dict[int, int] = {}
        """The index of the line of an answer by that of its turn, where the client did not count."""

    def of(self, turn: int, attempts: int) -> list[int | None]:
        """Return the index of the line of each attempt of a turn, ``None`` where there is none."""
        return [self.lines.get((turn, attempt)) for attempt in range(attempts)]


def assign_lines(turns: Sequence[TranscriptTurn], lines: Sequence[Request], early: float = 0.0) -> LineAssignment:
    """Give each attempt of the counted turns its line; ``lines`` have times and are in their order."""
    assignment, log = LineAssignment(), _Lines(lines, early)
    slots = [slot for index, turn in enumerate(turns) for slot in _slots(index, turn) if slot.want]
    ordered = sorted(slots, key=_order)
    for slot in ordered:
        if slot.want != _ANY:
            log.assign(slot, turns[slot.turn].session)
    # Before those of any status, which end where the next attempt begins: its line may be taken for theirs.
    log.assign_newest([(index, turn) for index, turn in enumerate(turns) if _newest_is_unknown(turn)])
    for slot in ordered:
        if slot.want == _ANY:
            log.assign(slot, turns[slot.turn].session)
    for found, (slot, _) in log.holders.items():
        if turns[slot.turn].counted:
            assignment.lines[slot.turn, slot.attempt] = found
            assignment.taken.add(found)
        else:
            assignment.answers[slot.turn] = found
    return assignment


class Watched(NamedTuple):
    """What is known of the hop nearest to the client beside its log's lines."""

    since: float = -inf
    """An attempt without a line left none from then on; before, nobody read the log."""
    refusals: tuple[tuple[float, float], ...] = ()
    """From when to when it refused connections."""
    gaps: tuple[tuple[float, float], ...] = ()
    """From when to when its log was not read: another one had taken its place, and was not found yet."""

    def saw(self, t: float) -> bool:
        """Return whether a request of that moment must have left a line that was read."""
        return t >= self.since and not any(started <= t <= ended for started, ended in self.gaps)

    def refused(self, t: float) -> bool:
        """Return whether connections were refused at a moment."""
        return any(started <= t <= ended for started, ended in self.refusals)


NOTHING_WATCHED = Watched()


def unseen_cause(turn: TranscriptTurn, attempt: int, watched: Watched) -> str:
    """Return why an attempt without a line failed: refused, or timed out by its length; empty if nothing tells."""
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
    """The lines of a log in their order, which slot each belongs to, and which session uses which connection."""

    def __init__(self, lines: Sequence[Request], early: float) -> None:
        self._lines = lines
        self._grain = early
        self._times = [line.t or 0.0 for line in lines]
        self._late = max((line.late for line in lines), default=0.0)
        self._users: dict[tuple[str, int], str] = {}
        self.holders: dict[int, tuple[Slot, str]] = {}
        """By the index of a line: the slot that it was given to, and the session of that."""

    def assign(self, slot: Slot, session: str) -> None:
        """Give a slot the line that fits it best, if there is one."""
        found = self._best(slot, session)
        if found is not None:
            self._hold(found, slot, session)
        elif slot.want == _OK or slot.want.isdigit():
            self._make_room(slot, session, set())

    def assign_newest(self, turns: Sequence[tuple[int, TranscriptTurn]]) -> None:
        """Give the newest attempts of turns without an end their lines, as far as these are nobody else's.

        Only when they were sent is known: a line soon after that, or later on the session's own connection, or any
        later one where no other turn waits.
        """
        open_turns = [turn for _, turn in turns if turn.end is End.OPEN]
        found = []
        for index, turn in turns:
            sent = turn.sent[-1]
            alone = turn.end is End.OPEN and len(open_turns) == 1
            for line in range(bisect_left(self._times, sent - EARLY - self._grain), len(self._lines)):
                after = self._times[line] - sent
                if after > (LONGEST_ANSWER_S if turn.end is End.OPEN else SOON_S):
                    break
                distance = self._distance(self._lines[line], turn.session)
                own = distance == 0.0 and turn.end is End.OPEN
                if turn.attempts == 1 and not self._lines[line].failed:
                    # Titles and topics are asked for beside a first attempt.
                    continue
                if line not in self.holders and distance < OTHER_SESSION_S and (after <= SOON_S or own or alone):
                    slot = Slot(index, turn.attempts - 1, sent, sent, self._times[line], _ANY)
                    found.append((abs(after) + distance, line, slot, turn.session))
        given = set()
        for _, line, slot, session in sorted(found, key=lambda one: one[:2]):
            if line not in self.holders and slot.turn not in given:
                given.add(slot.turn)
                self._hold(line, slot, session)

    def _best(self, slot: Slot, session: str) -> int | None:
        free = [(self._cost(slot, index, session), index) for index in self._fitting(slot) if index not in self.holders]
        return min(free)[1] if free else None

    def _fitting(self, slot: Slot) -> Iterator[int]:
        """Yield the lines that may be a slot's by their time and status."""
        for index in range(bisect_left(self._times, slot.low - EARLY - self._grain), len(self._lines)):
            t, line = self._times[index], self._lines[index]
            if t > slot.high + LATE + self._late:
                return
            if t - line.late <= slot.high + LATE and _fits(slot.want, line):
                yield index

    def _make_room(self, slot: Slot, session: str, seen: set[int]) -> bool:
        """Give a slot, which must have left a line, one whose holder can have another."""
        for index in self._fitting(slot):
            if index in seen or len(seen) >= MOST_MOVED:
                continue
            seen.add(index)
            holder = self.holders[index]
            other = self._best(*holder)
            if other is not None:
                self._hold(other, *holder)
            elif not self._make_room(*holder, seen):
                continue
            self._hold(index, slot, session)
            return True
        return False

    def _cost(self, slot: Slot, index: int, session: str) -> float:
        """Return by how many seconds a line misses a slot, and what else speaks against it, in seconds too."""
        t, line = self._times[index], self._lines[index]
        low, high = (slot.at, slot.at) if line.late <= LATE else slot.span
        cost = max(t - line.late - high, low - t, 0.0) + self._distance(line, session)
        return cost + OTHER_SESSION_S if slot.want == _ANY and not line.failed else cost

    def _hold(self, index: int, slot: Slot, session: str) -> None:
        self.holders[index] = slot, session
        line = self._lines[index]
        if line.port:
            self._users[line.host, line.port] = session

    def _distance(self, line: Request, session: str) -> float:
        """Return what a connection that is known to be another session's costs."""
        user = self._users.get((line.host, line.port))
        return 0.0 if user == session else OTHER_SESSION_S / 4 if user is None else OTHER_SESSION_S


def _newest_is_unknown(turn: TranscriptTurn) -> bool:
    """Return whether nothing tells what became of the newest attempt of a turn."""
    if not turn.sent or turn.end not in {End.OPEN, End.LEFT}:
        return False
    return _failure_of(turn, turn.sent[-1], turn.last_seen + LATE) is None


def _order(slot: Slot) -> tuple[int, float, float]:
    """Order slots: a status at a known time is the surest, then answers by their deadline, then any status."""
    sure = 0 if slot.want.isdigit() else 1 if slot.want == _OK else 2
    return sure, slot.high, slot.low


def _fits(want: str, line: Request) -> bool:
    if want == _OK:
        return not line.failed
    if want == _FAILED:
        return line.failed
    return want == _ANY or str(line.status) == want


def _slots(index: int, turn: TranscriptTurn) -> list[Slot]:
    """Return the slots of a turn; of one that the client did not count, that of its answer."""
    if not turn.counted:
        return [_last_slot(index, 0, turn.started, turn)] if turn.end is End.ANSWERED else []
    return _sent_slots(index, turn) if turn.sent else _failed_slots(index, turn)


def _sent_slots(index: int, turn: TranscriptTurn) -> list[Slot]:
    """Return the slots of a turn whose client writes down every request."""
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
    """Return when an attempt can have been sent at the soonest: not before its prompt, nor before the one before."""
    before = turn.started if not attempt else turn.sent[attempt - turn.before - 1] if attempt > turn.before else started
    return max(before, started - LATE_RECORD)


def _failed_slots(index: int, turn: TranscriptTurn) -> list[Slot]:
    """Return the slots of a turn whose client writes down every failure that it tries again after."""
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
    """Return what the line of an attempt shows that failed with this cause."""
    if cause in UNSEEN:
        return ""
    return _OK if cause == "cut" else cause or _ANY
