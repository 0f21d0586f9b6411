"""A recorder's view is the best evidence: attempts and causes are counted once, beside logs and transcripts."""

from dataclasses import replace

import pytest

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries import sessions
from stormdeck.model.retries.storms.storm import Outcome as StormOutcome
from stormdeck.model.retries.transcript import Entry, EntryKind
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.wire.attempts import AttemptCounter
from stormdeck.model.wire.entries import WireEntries
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.request import Kind

NOW = 1_800_000_000.0


class World:
    """A client behind a recorder, a server's log, and the client's transcripts."""

    def __init__(self, *, log=True, transcripts=False):
        self.meter, self.entries, self.counter = TrafficMeter(), WireEntries(), AttemptCounter()
        self.now, self.count = NOW, 0
        self.has_log, self.has_transcripts = log, transcripts
        self.meter.snapshot(self.now)

    def note(self, exchange):
        for entry in self.entries.take(exchange, "journal"):
            self.meter.take_entry(entry)

    def ask(self, key, outcome=Outcome.ANSWERED, status=200, took=0.2, wait=0.0, thread="main", session="s"):
        self.count += 1
        begun = self.counter.begin(Exchange(str(self.count), self.now, Kind.MAIN, session, thread, key))
        self.note(begun)
        if self.has_transcripts:
            self.transcript(EntryKind.REQUEST, digest=key)
        self.now += took
        if self.has_log and status is not None:
            line = f'INFO:     127.0.0.1:{5000 + self.count} - "POST /v1/messages?beta=true HTTP/1.1" {status} OK'
            self.meter.take(LogBatch("vllm.log", (line,), arrived=self.now, history=False))
        ended = replace(begun, outcome=outcome, status=status, ended=self.now)
        self.counter.end(ended)
        self.note(ended)
        if self.has_transcripts and outcome is Outcome.ANSWERED:
            self.transcript(EntryKind.ANSWER)
        self.now += wait

    def transcript(self, kind, **more):
        self.meter.take_entry(Entry(kind, "s", self.now, id=f"{kind}{self.count}", **more))

    @property
    def seen(self):
        for second in range(int(NOW), int(self.now) + 2, 5):
            self.meter.snapshot(float(second))
        return self.meter.snapshot(self.now + 1)


def ladder(world, outcome, status, times=3):
    for attempt in range(times):
        world.ask("a", outcome, status, wait=0.5 * 2**attempt)


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("transcripts", [True, False])
@pytest.mark.parametrize(
    ("outcome", "status", "cause"),
    [
        (Outcome.STATUS, 500, "500"),
        (Outcome.RESET, None, "reset"),
        (Outcome.CUT, 200, "cut"),
        (Outcome.REFUSED, None, "refused"),
        (Outcome.CLIENT_LEFT, None, "timeout"),
    ],
)
def test_every_attempt_counts_once_with_its_cause(log, transcripts, outcome, status, cause):
    world = World(log=log, transcripts=transcripts)
    world.ask("before")
    ladder(world, outcome, status)
    world.ask("a")
    world.ask("after")
    (storm,) = world.seen.storms
    assert (storm.attempts, storm.cause, storm.evidence, storm.outcome) == (4, cause, "wire", StormOutcome.RECOVERED)
    assert world.seen.retries == 3


def test_a_turn_that_the_user_interrupts_is_stopped_and_waits_for_nothing():
    world = World()
    ladder(world, Outcome.STATUS, 500)
    world.ask("a", Outcome.CLIENT_LEFT, None)
    (storm,) = world.seen.storms
    assert storm.outcome is StormOutcome.STOPPED
    assert not world.seen.in_flight


def test_what_only_the_client_knows_comes_from_its_transcript():
    world = World()
    ladder(world, Outcome.STATUS, 500)
    world.transcript(EntryKind.FAILURE, cause="500")
    (storm,) = world.seen.storms
    assert (storm.outcome, storm.attempts, storm.evidence) == (StormOutcome.GAVE_UP, 3, "wire")


def test_turns_side_by_side_stay_apart():
    world = World()
    for _ in range(3):
        world.ask("a", Outcome.STATUS, 500)
        world.ask("b", Outcome.STATUS, 529, thread="subagent")
        world.now += 2
    world.ask("b", thread="subagent")
    world.ask("a")
    storms = world.seen.storms
    assert sorted((storm.cause, storm.attempts, bool(storm.agent)) for storm in storms) == [
        ("500", 4, False),
        ("529", 4, True),
    ]


def test_a_healthy_session_has_no_retry():
    world = World(transcripts=True)
    for number in range(20):
        world.ask(f"k{number}", wait=1.0)
    assert world.seen.retries == 0
    assert world.seen.requests == 20
    assert not world.seen.storms


def test_more_recorded_sessions_than_are_remembered_are_counted_all_the_same(monkeypatch):
    monkeypatch.setattr(sessions, "SESSIONS", 2)
    world = World(log=False)
    for number in range(6):
        world.ask(f"q{number}", Outcome.STATUS, 500, session=f"s{number}", wait=0.5)
        world.ask(f"q{number}", session=f"s{number}", wait=5.0)
    assert (world.seen.turns, world.seen.retries) == (6, 6)
