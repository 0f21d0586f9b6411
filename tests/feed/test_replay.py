"""A replay: what a live panel would have seen, by the recording's own clock, at any speed."""

import asyncio

import pytest

from stormdeck.feed.replay import Playhead, ReplayFeed, span
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.book import LogBook
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.snapshots.replay import Pace, Replay
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.sources.recordings.tape import Tape
from waiting import eventually

START = 1_000_000.0
LADDER = (0.0, 0.6, 1.7, 4.0, 8.3)


def request(status):
    return f'INFO:     127.0.0.1:51234 - "POST /v1/messages?beta=true HTTP/1.1" {status}'


def taped(*lines):
    """Return a tape of pairs of seconds and text."""
    return Tape("today.jsonl", tuple(LogBatch("a.log", (text,), START + at, history=False) for at, text in lines))


STORM = taped(*((at, request(503)) for at in LADDER), (60.0, request(200)), (300.0, "INFO:     the end"))


class Hands:
    """Plays a tape by a clock that only the test moves, and keeps what is handed on."""

    def __init__(self, tape, speed=1.0):
        self.at = 0.0
        self.got = []
        self.book = LogBook()
        self.feed = ReplayFeed(tape, speed, self.book, self.got.append, lambda: None, clock=lambda: self.at)

    def last(self, kind):
        return next((one for one in reversed(self.got) if isinstance(one, kind)), None)

    async def until(self, happened):
        await eventually(happened, lambda: f"it did not happen; handed on: {self.got[-3:]}")

    async def reach(self, seconds):
        """Move the clock, and wait until the lines that are due by then were read."""
        self.at = seconds
        self.feed._wake.set()
        await self.until(lambda: not self.feed._wake.is_set())
        await asyncio.sleep(0)


def scene(play, tape=STORM, speed=1.0):
    async def run():
        hands = Hands(tape, speed)
        hands.feed.start()
        try:
            await play(hands)
        finally:
            await hands.feed.stop()

    asyncio.run(run())


def test_a_storm_shows_as_it_happened():
    async def play(hands):
        await hands.reach(2.0)
        await hands.until(lambda: hands.last(TrafficSnapshot).live_storm)
        storm = hands.last(TrafficSnapshot).live_storm
        assert (storm.attempts, storm.cause, storm.started) == (3, "503", START)
        assert hands.feed.now() == START + 2.0
        assert len(hands.book) == 3
        await hands.reach(61.0)
        await hands.until(lambda: hands.last(TrafficSnapshot).live_storm is None)
        assert hands.last(TrafficSnapshot).storms[0].attempts >= 5

    scene(play)


@pytest.mark.parametrize("speed", [0.5, 10.0], ids=["slower", "faster"])
def test_speed_stretches_the_clock(speed):
    async def play(hands):
        await hands.reach(2.0)
        assert hands.feed.now() == START + 2.0 * speed

    scene(play, speed=speed)


def test_nothing_is_asked_and_nothing_is_written():
    async def play(hands):
        assert hands.last(DiscoverySnapshot) == DiscoverySnapshot(done=True)
        assert hands.feed.canary is None
        assert hands.feed.settings is None

    scene(play)


def test_held_it_stands_still_and_goes_on_from_there():
    async def play(hands):
        await hands.reach(1.0)
        hands.feed.toggle_pause()
        await hands.reach(100.0)
        assert hands.feed.now() == START + 1.0
        await hands.until(lambda: hands.last(Replay).pace is Pace.HELD)
        assert len(hands.book) == 2
        hands.feed.toggle_pause()
        await hands.reach(101.0)
        assert hands.feed.now() == START + 2.0
        await hands.until(lambda: len(hands.book) == 3)

    scene(play)


def test_a_skip_goes_to_the_next_request_also_while_it_is_held():
    async def play(hands):
        await hands.reach(9.0)
        hands.feed.toggle_pause()
        assert hands.feed.skip()
        assert hands.feed.now() == START + 60.0
        await hands.until(lambda: len(hands.book) == 6)
        assert not hands.feed.skip()

    scene(play)


def test_it_ends_with_the_last_line_and_the_clock_stands():
    async def play(hands):
        await hands.reach(1000.0)
        await hands.until(lambda: hands.last(Replay).pace is Pace.ENDED)
        assert hands.feed.now() == STORM.ended
        assert hands.feed.pace is Pace.ENDED
        assert len(hands.book) == 7

    scene(play)


def test_more_lines_than_can_be_read_at_once_slow_it_down_and_none_is_lost():
    many = Tape("x", tuple(LogBatch("a", ("line",) * 500, START + at, history=False) for at in range(20)))

    async def play(hands):
        def passes():
            hands.at += 0.001
            return hands.feed.pace is Pace.ENDED

        await hands.reach(1000.0)
        assert hands.feed.pace is Pace.PLAYING
        await hands.until(passes)
        assert len(hands.book) == 10_000

    scene(play, tape=many, speed=1000.0)


@pytest.mark.parametrize(
    ("seconds", "parts"), [(10, 1), (3600, 2), (86_400, 2)], ids=["one minute", "an hour", "a day"]
)
def test_the_span_gives_no_more_than_it_must(seconds, parts):
    found = span(taped((0.0, "a"), (float(seconds), "b")))
    assert len(found.split(" to ")) == parts


def test_the_playhead_never_passes_the_end():
    now = [0.0]
    head = Playhead(100.0, 110.0, 2.0, lambda: now[0])
    now[0] = 3.0
    assert head.now() == 106.0
    now[0] = 30.0
    assert head.now() == 110.0
