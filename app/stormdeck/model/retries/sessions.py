"""Rebuild turns from Claude Code's transcripts."""

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
"""Longer than a client waits for one attempt: 361 s at most (measured, 2.1.329)."""
MOMENT_S = 5.0
"""A turn that ended within this time still counts as waiting, since the servers' figures are about as old."""

GONE_S = 10.0
"""A place that misses a request this long after all that it saw is gone, such as a recorder that was ended."""


class End(StrEnum):
    """How a turn ended."""

    OPEN = "open"
    ANSWERED = "answered"
    FAILED = "failed"
    """The user was shown an error."""
    LEFT = "left"
    """There was no answer: the user interrupted the turn, or the client ended."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt that is followed by another one."""

    t: float
    cause: str
    """Empty where the transcript does not give it."""
    wait: float | None
    """Seconds until the next attempt."""


@dataclass(frozen=True, slots=True)
class TranscriptTurn:
    """One turn of a session. Times are unix seconds by the client's clock."""

    session: str
    agent: str
    version: str
    started: float
    """Time of the prompt or tool result before it, or else of its first request."""
    last_seen: float
    """Time of the last entry that belongs to this turn."""
    sent: tuple[float, ...] = ()
    """When each attempt was sent, where the client records it (2.1.329)."""
    failures: tuple[Failure, ...] = ()
    end: End = End.OPEN
    cause: str = ""
    """The cause of the error that the user was shown; empty where the transcript does not give it."""
    limit: int | None = None
    """After how many attempts the client gives up, where it is recorded."""
    digest: str = ""
    before: int = 0
    """How many attempts came before the first in ``sent``, in a transcript that is read from the middle."""
    folder: str = ""
    """The session's working directory, if known."""
    words: int = 0
    """At least how many words the answer's first entry has."""
    is_wire: bool = False
    """A recorder between client and server saw the attempts."""

    @property
    def counted(self) -> bool:
        """Return whether the client recorded the attempts; else only the end is known (``-p`` up to 2.1.112)."""
        return bool(self.sent or self.failures)

    @property
    def attempts(self) -> int:
        """Return how many attempts are known to have been sent, at least one."""
        if self.sent:
            return self.before + len(self.sent)
        return len(self.failures) + (self.end in {End.ANSWERED, End.FAILED} or not self.failures)

    @property
    def causes(self) -> tuple[str, ...]:
        """Return why attempts failed, in order; an empty text where it is unknown."""
        causes = tuple(failure.cause for failure in self.failures)
        return (*causes, self.cause) if self.end is End.FAILED else causes


class InFlight(NamedTuple):
    """A turn that is waiting for its answer."""

    session: str
    agent: str
    """The subagent, empty for the main thread."""
    folder: str
    """The session's working directory, if known."""
    since: float
    """When it was requested, in unix seconds."""
    attempts: int
    """Attempts so far, by the transcript."""


class Sessions:
    """Tracks the turns of all sessions in bounded memory. The entries of a session must come in order."""

    def __init__(self) -> None:
        self._turns: OrderedDict[int, TranscriptTurn] = OrderedDict()
        self._numbers = 0
        self._spans: dict[str, tuple[float, float]] = {}
        self._folders: dict[str, str] = {}
        self._threads: OrderedDict[tuple[str, str], _Thread] = OrderedDict()
        self._seen: OrderedDict[tuple[EntryKind, str], None] = OrderedDict()
        self._wired: OrderedDict[str, _Wired] = OrderedDict()
        """The sessions that a recorder saw: their transcripts are read for what no server sees only."""
        self.version = ""
        """Version of the client that wrote the newest entry."""
        self._newest = 0.0

    @property
    def turns(self) -> tuple[TranscriptTurn, ...]:
        """Return the turns that are kept, at most 20,000."""
        return tuple(self._turns.values())

    @property
    def spans(self) -> dict[str, tuple[float, float]]:
        """Return the first and last time of each session, prompts and commands included; at most 1000."""
        return dict(self._spans)

    def waiting(self, now: float) -> int | None:
        """Return how many turns wait for an answer, or did a moment ago; ``None`` if no transcript was read."""
        if not self._spans:
            return None
        return len(self.in_flight(now))

    def in_flight(self, now: float) -> tuple[InFlight, ...]:
        """Return the turns that wait for an answer, or did a moment ago."""
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
        """End the open turns of the sessions in a folder, in which no client runs any more."""
        for (session, _), thread in self._threads.items():
            turn = self._newest_turn(thread)
            if turn is not None and turn.end is End.OPEN and self._folders.get(session) == folder:
                self._turns[thread.turn] = replace(turn, end=End.LEFT)
                thread.asked_since = False
                thread.is_presumed_over = True

    def _newest_turn(self, thread: _Thread) -> TranscriptTurn | None:
        return self._turns.get(thread.turn)

    def take(self, entry: Entry) -> None:
        """Process the next transcript entry. Duplicates are ignored."""
        if entry.id and self._repeated((entry.kind, entry.id)):
            return
        self._note(entry)
        if entry.is_wire:
            thread = self._thread(entry) if self._is_nearest(entry) else None
        else:
            thread = self._thread(entry) if entry.session not in self._wired else self._wired_thread(entry)
        if thread is None:
            return
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

    def _is_nearest(self, entry: Entry) -> bool:
        """Return whether an entry was seen where its session counts: one request passes several places.

        The farther one may be read first, so what it saw of the same requests is dropped.
        """
        wired = self._wired.setdefault(entry.session, _Wired(entry.t, entry.distance, entry.t, entry.t))
        if entry.distance > wired.distance:
            if entry.t < wired.nearest_since or (entry.session, entry.digest) in self._threads:
                return True
            if entry.kind is not EntryKind.REQUEST or entry.t - wired.nearest_last < GONE_S:
                return False
            wired.distance, wired.nearest_since = entry.distance, entry.t
        elif entry.distance < wired.distance:
            wired.distance, wired.nearest_since = entry.distance, entry.t
            for place, thread in list(self._threads.items()):
                turn = self._turns.get(thread.turn)
                if turn is not None and turn.is_wire and turn.session == entry.session and turn.started >= entry.t:
                    del self._turns[thread.turn], self._threads[place]
        wired.nearest_last = max(wired.nearest_last, entry.t)
        return True

    def _wired_thread(self, entry: Entry) -> _Thread | None:
        """Return the thread that a transcript's entry of a recorded session concerns, ``None`` to skip the entry.

        Only the client knows that it gave up, or that the user interrupted it.
        """
        wired = self._wired[entry.session]
        if entry.t < wired.since:
            return self._thread(entry)
        thread = self._threads.get((entry.session, wired.newest))
        turn = self._newest_turn(thread) if thread is not None else None
        is_end = entry.kind in {EntryKind.FAILURE, EntryKind.INTERRUPT} and not entry.agent
        return thread if is_end and turn is not None and turn.end is End.OPEN else None

    def _thread(self, entry: Entry) -> _Thread:
        key = (entry.session, entry.digest if entry.is_wire else entry.agent)
        if entry.is_wire:
            wired = self._wired[entry.session]
            wired.newest = wired.newest if entry.agent else entry.digest
            if len(self._wired) > SESSIONS:
                self._wired.popitem(last=False)
        thread = self._threads.setdefault(key, _Thread())
        self._threads.move_to_end(key)
        if len(self._threads) > SESSIONS:
            self._threads.popitem(last=False)
        return thread

    def _ask(self, thread: _Thread, entry: Entry) -> None:
        """Note that a request follows. An open turn may still continue, since the client queues what is typed."""
        thread.asked = entry.t
        thread.asked_since = True
        thread.is_presumed_over = False

    def _interrupt(self, thread: _Thread, entry: Entry) -> None:
        """End the open turn; no request follows the interrupted prompt."""
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
                # After an answer was cut off, the client sends the same request again.
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
        # A transcript that is read from the middle still gives the number of the attempt.
        missing = max(0, entry.attempt - len(turn.failures) - 1) if not turn.sent else 0
        failures = (*turn.failures, *[replace(failure, cause="")] * min(missing, 20), failure)
        self._put(thread, replace(turn, failures=failures, last_seen=entry.t, limit=entry.limit or turn.limit))
        thread.is_presumed_over = presumed and turn.end is End.LEFT

    def _close(self, thread: _Thread, entry: Entry, end: End) -> None:
        turn = self._turns.get(thread.turn)
        # The client's end may be noticed before its last entries are read.
        if turn is None or not (turn.end is End.OPEN or thread.is_presumed_over):
            turn = self._begin(thread, entry)
        self._put(thread, replace(turn, last_seen=entry.t, end=end, cause=entry.cause, words=entry.words))

    def _unsend(self, thread: _Thread) -> None:
        """Forget the turn that ended before its first request went out."""
        thread.asked_since = False
        turn = self._turns.get(thread.turn)
        if turn is not None and turn.end is End.OPEN and turn.attempts <= 1 and not turn.failures:
            del self._turns[thread.turn]
            thread.turn = 0

    def _begin(self, thread: _Thread, entry: Entry) -> TranscriptTurn:
        """Begin a turn; the one that was open ends without an answer."""
        before = self._turns.get(thread.turn)
        if before is not None and before.end is End.OPEN:
            self._turns[thread.turn] = replace(before, end=End.LEFT)
        asked = thread.asked if thread.asked is not None and thread.asked <= entry.t else entry.t
        self._numbers += 1
        thread.turn = self._numbers
        return TranscriptTurn(entry.session, entry.agent, entry.version, asked, entry.t, is_wire=entry.is_wire)

    def _put(self, thread: _Thread, turn: TranscriptTurn) -> None:
        if not turn.folder and turn.session in self._folders:
            turn = replace(turn, folder=self._folders[turn.session])
        self._turns[thread.turn] = turn
        thread.asked_since = thread.is_presumed_over = False
        if len(self._turns) > TURNS:
            self._turns.popitem(last=False)


@dataclass(slots=True)
class _Wired:
    """A session that a recorder saw."""

    since: float
    """When the recorder saw its first request."""
    distance: int
    """How far from the client the nearest place is that saw it."""
    nearest_since: float
    """When that place saw its first request."""
    nearest_last: float
    """When it saw something last."""
    newest: str = ""
    """The newest turn of the main thread."""


class _Thread:
    """The state of a session, or of one of its subagents."""

    def __init__(self) -> None:
        self.turn = 0
        """The number of its newest turn; 0 if it has none."""
        self.asked: float | None = None
        self.asked_since = False
        """A prompt or tool result came after the newest turn's last entry."""
        self.is_presumed_over = False
        """The newest turn was ended because its client ended, not by an entry."""
