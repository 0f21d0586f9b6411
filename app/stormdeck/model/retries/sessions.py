"""Turns as the client's transcripts tell them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from stormdeck.model.retries.transcript import UNSENT, Entry, EntryKind

TURNS = 20_000
SESSIONS = 1000
SEEN = 100_000
LONGEST_WAIT_S = 400.0
"""A client gives up on one attempt before that: after 361 s at most (measured, 2.1.329)."""
MOMENT_S = 5.0
"""A turn that ended so lately counts as one that waits: what servers say they work on was asked before that."""


class End(StrEnum):
    """How a turn ended."""

    OPEN = "open"
    ANSWERED = "answered"
    FAILED = "failed"
    """The user was shown an error."""
    LEFT = "left"
    """The session went on without an answer: the user interrupted it, or the client was ended."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed, with another one to follow."""

    t: float
    cause: str
    """Empty where the transcript does not tell it."""
    wait: float | None
    """Seconds until the next attempt."""


@dataclass(frozen=True, slots=True)
class TranscriptTurn:
    """One turn of one session. Times are unix seconds, by the client's clock."""

    session: str
    agent: str
    version: str
    started: float
    """The prompt or the tool's result before it, or its first request."""
    last_seen: float
    """The last that the transcript told of it."""
    sent: tuple[float, ...] = ()
    """Every attempt, where the client tells them (2.1.329)."""
    failures: tuple[Failure, ...] = ()
    end: End = End.OPEN
    cause: str = ""
    """Of the error that the user was shown; empty where the transcript does not tell it."""
    limit: int | None = None
    """Attempts after which the client gives up, where it told them."""
    digest: str = ""
    before: int = 0
    """Attempts before the first that is in ``sent``: the transcript is followed from its middle on."""
    folder: str = ""
    """Where the session works, as far as is known."""

    @property
    def counted(self) -> bool:
        """Tell whether the client counted the attempts; else only the end is known (``-p`` up to 2.1.112)."""
        return bool(self.sent or self.failures)

    @property
    def attempts(self) -> int:
        """Return the attempts that are known to have been sent, one at least."""
        if self.sent:
            return self.before + len(self.sent)
        return len(self.failures) + (self.end in {End.ANSWERED, End.FAILED} or not self.failures)

    @property
    def causes(self) -> tuple[str, ...]:
        """Return why attempts failed, in order; empty texts where it is not told."""
        causes = tuple(failure.cause for failure in self.failures)
        return (*causes, self.cause) if self.end is End.FAILED else causes


class InFlight(NamedTuple):
    """A turn that waits for its answer."""

    session: str
    agent: str
    """Its subagent, empty for the main thread."""
    folder: str
    """Where its session works, as far as is known."""
    since: float
    """When it was asked for, unix seconds."""
    attempts: int
    """As far as the transcript tells."""


class Sessions:
    """Follows the turns of every session; memory is bounded. Entries come in the order of their session."""

    def __init__(self) -> None:
        self._turns: OrderedDict[int, TranscriptTurn] = OrderedDict()
        self._numbers = 0
        self._spans: dict[str, tuple[float, float]] = {}
        self._folders: dict[str, str] = {}
        self._threads: OrderedDict[tuple[str, str], _Thread] = OrderedDict()
        self._seen: OrderedDict[tuple[EntryKind, str], None] = OrderedDict()
        self.version = ""
        """Of the client that wrote the newest entry."""
        self._newest = 0.0

    @property
    def turns(self) -> tuple[TranscriptTurn, ...]:
        """Return the turns that are remembered, at most 20,000."""
        return tuple(self._turns.values())

    @property
    def spans(self) -> dict[str, tuple[float, float]]:
        """Return from when to when each session was active, prompts and commands included; at most 1000."""
        return dict(self._spans)

    def waiting(self, now: float) -> int | None:
        """Return how many turns wait for their answer, or did a moment ago; ``None`` where no transcript was read."""
        if not self._spans:
            return None
        return len(self.in_flight(now))

    def in_flight(self, now: float) -> tuple[InFlight, ...]:
        """Return the turns that wait for their answer, or did a moment ago."""
        found = []
        for (session, agent), thread in self._threads.items():
            if self._waits(thread, now):
                turn = self._turns.get(thread.turn) if not thread.asked_since else None
                since = turn.started if turn is not None else thread.asked or now
                attempts = turn.attempts if turn is not None else 1
                found.append(InFlight(session, agent, self._folders.get(session, ""), since, attempts))
        return tuple(found)

    @property
    def any_open(self) -> bool:
        """Return whether a turn has no answer yet."""
        return any(turn is not None and turn.end is End.OPEN for turn in map(self._newest_turn, self._threads.values()))

    def end_folder(self, folder: str) -> None:
        """End the open turns of the sessions that work in a folder: no client runs there any more."""
        for (session, _), thread in self._threads.items():
            turn = self._newest_turn(thread)
            if turn is not None and turn.end is End.OPEN and self._folders.get(session) == folder:
                self._turns[thread.turn] = replace(turn, end=End.LEFT)
                thread.asked_since = False
                thread.is_presumed_over = True

    def _newest_turn(self, thread: _Thread) -> TranscriptTurn | None:
        return self._turns.get(thread.turn)

    def take(self, entry: Entry) -> None:
        """Take the next entry of a session; one that was written again is left out."""
        if entry.id and self._repeated((entry.kind, entry.id)):
            return
        self._note(entry)
        thread = self._thread(entry)
        if entry.kind is EntryKind.ASK:
            self._ask(thread, entry)
        elif entry.kind is EntryKind.INTERRUPT:
            self._interrupt(thread, entry)
        elif entry.kind is EntryKind.REQUEST:
            self._send(thread, entry)
        elif entry.kind is EntryKind.RETRY:
            self._fail(thread, entry)
        elif entry.kind is EntryKind.ANSWER:
            self._close(thread, entry, End.ANSWERED)
        elif entry.cause == UNSENT:
            self._unsend(thread)
        else:
            self._close(thread, entry, End.FAILED)

    def _waits(self, thread: _Thread, now: float) -> bool:
        turn = self._turns.get(thread.turn)
        if turn is not None and turn.end is End.OPEN:
            return now - turn.last_seen <= LONGEST_WAIT_S
        if (
            turn is not None
            and turn.end is End.ANSWERED
            and not thread.asked_since
            and now - turn.last_seen <= MOMENT_S
        ):
            return True
        return thread.asked_since and thread.asked is not None and now - thread.asked <= LONGEST_WAIT_S

    def _note(self, entry: Entry) -> None:
        if entry.version and entry.t >= self._newest:
            self._newest, self.version = entry.t, entry.version
        if entry.folder and not self._folders.get(entry.session):
            self._folders[entry.session] = entry.folder
        first, last = self._spans.pop(entry.session, (entry.t, entry.t))
        self._spans[entry.session] = (min(first, entry.t), max(last, entry.t))
        if len(self._spans) > SESSIONS:
            gone = next(iter(self._spans))
            del self._spans[gone]
            self._folders.pop(gone, None)

    def _repeated(self, key: tuple[EntryKind, str]) -> bool:
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        return False

    def _thread(self, entry: Entry) -> _Thread:
        key = (entry.session, entry.agent)
        thread = self._threads.setdefault(key, _Thread())
        self._threads.move_to_end(key)
        if len(self._threads) > SESSIONS:
            self._threads.popitem(last=False)
        return thread

    def _ask(self, thread: _Thread, entry: Entry) -> None:
        """Note that a request goes out; a turn that is open still may go on: the client queues what is typed."""
        thread.asked = entry.t
        thread.asked_since = True
        thread.is_presumed_over = False

    def _interrupt(self, thread: _Thread, entry: Entry) -> None:
        """End the turn that is open; the prompt that was interrupted asks for nothing any more."""
        turn = self._turns.get(thread.turn)
        if turn is not None and turn.end is End.OPEN:
            self._put(thread, replace(turn, last_seen=entry.t, end=End.LEFT))
        thread.asked_since = False

    def _send(self, thread: _Thread, entry: Entry) -> None:
        turn = self._turns.get(thread.turn)
        same = turn is not None and bool(entry.digest) and entry.digest == turn.digest
        changed = turn is not None and turn.end is End.OPEN and not thread.asked_since
        if turn is None or not (same or changed):
            turn = self._begin(thread, entry)
        self._put(
            thread,
            replace(
                turn,
                sent=(*turn.sent, entry.t),
                last_seen=entry.t,
                digest=entry.digest,
                before=turn.before if turn.sent else len(turn.failures),
                # An answer that was cut off is asked for again with the same request.
                end=End.OPEN,
            ),
        )

    def _fail(self, thread: _Thread, entry: Entry) -> None:
        turn = self._turns.get(thread.turn)
        counted = 0 if turn is None else len(turn.failures)
        presumed = thread.is_presumed_over
        goes_on = turn is not None and (turn.end is End.OPEN or presumed)
        if turn is None or not goes_on or (not turn.sent and entry.attempt <= counted):
            turn = self._begin(thread, entry)
        failure = Failure(entry.t, entry.cause, entry.wait)
        # A transcript that is followed from its middle on still says how many went before.
        missing = max(0, entry.attempt - len(turn.failures) - 1) if not turn.sent else 0
        failures = (*turn.failures, *[replace(failure, cause="")] * min(missing, 20), failure)
        self._put(thread, replace(turn, failures=failures, last_seen=entry.t, limit=entry.limit or turn.limit))
        thread.is_presumed_over = presumed and turn.end is End.LEFT

    def _close(self, thread: _Thread, entry: Entry, end: End) -> None:
        turn = self._turns.get(thread.turn)
        # A client may end before its last lines are read.
        if turn is None or not (turn.end is End.OPEN or thread.is_presumed_over):
            turn = self._begin(thread, entry)
        self._put(thread, replace(turn, last_seen=entry.t, end=end, cause=entry.cause))

    def _unsend(self, thread: _Thread) -> None:
        """Forget the turn that ended before its first request went out."""
        thread.asked_since = False
        turn = self._turns.get(thread.turn)
        if turn is not None and turn.end is End.OPEN and turn.attempts <= 1 and not turn.failures:
            del self._turns[thread.turn]
            thread.turn = 0

    def _begin(self, thread: _Thread, entry: Entry) -> TranscriptTurn:
        """Begin a turn; one that was open is left without an answer."""
        before = self._turns.get(thread.turn)
        if before is not None and before.end is End.OPEN:
            self._turns[thread.turn] = replace(before, end=End.LEFT)
        asked = thread.asked if thread.asked is not None and thread.asked <= entry.t else entry.t
        self._numbers += 1
        thread.turn = self._numbers
        return TranscriptTurn(entry.session, entry.agent, entry.version, asked, entry.t)

    def _put(self, thread: _Thread, turn: TranscriptTurn) -> None:
        if not turn.folder and turn.session in self._folders:
            turn = replace(turn, folder=self._folders[turn.session])
        self._turns[thread.turn] = turn
        thread.asked_since = thread.is_presumed_over = False
        if len(self._turns) > TURNS:
            self._turns.popitem(last=False)


class _Thread:
    """Where a session, or one of its subagents, stands."""

    def __init__(self) -> None:
        self.turn = 0
        """The number of its newest turn; 0 is none."""
        self.asked: float | None = None
        self.asked_since = False
        """Something was asked after the newest turn's last entry."""
        self.is_presumed_over = False
        """The newest turn was ended since its client ended, and not by an entry."""
