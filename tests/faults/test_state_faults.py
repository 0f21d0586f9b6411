"""What the panel keeps and counts: full disks, two panels, a silent drive, a clock that is set back."""

import asyncio
import sqlite3
import threading

import pytest
from faultwords import full_disk, headline

from samples import GAVE_UP, NOW, RECOVERED, STORMY
from stacks import access
from stormdeck.feed import storms
from stormdeck.feed.storms import StormFeed
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.recordings.entry import Recorder
from stormdeck.sources.state.storm_store import StormStore
from waiting import eventually as until

OVER = {RECOVERED.started, GAVE_UP.started}


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(storms, "AGAIN_S", 0.02)
    return tmp_path / "state" / "storms.sqlite3"


def remembered(file):
    return {storm.started for storm in StormStore(file).load()}


def headline_of(feed):
    return headline(OwnFaults(memory=feed.problem))


def through(file, story, patience_s=2.0):
    """Run a story of a feed that has storms to remember, and return what it returns; they are kept in the end."""

    async def scene():
        feed = StormFeed(StormStore(file, patience_s=patience_s))
        running = asyncio.ensure_future(feed.run())
        try:
            return await story(feed)
        finally:
            await until(lambda: file.exists() and remembered(file) == OVER)
            running.cancel()

    return asyncio.run(scene())


def test_storms_that_found_no_room_are_kept_once_there_is_some(file, said):
    async def story(feed):
        with full_disk():
            feed.take(STORMY)
            await until(lambda: feed.problem)
            words = headline_of(feed)
        await until(lambda: not feed.problem)
        return words

    said("disk full at the storms to remember", through(file, story))


def test_a_panel_that_writes_holds_up_neither_the_counting_nor_the_other_panel(file, said):
    StormStore(file).save([RECOVERED])

    async def story(feed):
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        shown = feed.take(STORMY)
        assert shown.storms == STORMY.storms
        await until(lambda: feed.problem)
        words = headline_of(feed)
        other.execute("ROLLBACK")
        other.close()
        await until(lambda: not feed.problem)
        return words

    said("two panels write state, one holds on", through(file, story, patience_s=0.01))


def test_two_panels_that_remember_at_once_lose_nothing(file, said):
    async def scene():
        feeds = [StormFeed(StormStore(file)) for _ in range(2)]
        running = [asyncio.ensure_future(feed.run()) for feed in feeds]
        for feed in feeds:
            feed.take(STORMY)
        await until(lambda: file.exists() and remembered(file) == OVER)
        await asyncio.gather(*(feed.wait_saved() for feed in feeds))
        for one in running:
            one.cancel()
        return [feed.problem for feed in feeds]

    assert asyncio.run(scene()) == ["", ""]
    assert len(StormStore(file).load()) == len(OVER)
    said("two panels write state at once", "–", after="each storm is kept once")


def test_a_state_folder_that_stalls_holds_up_neither_the_counting_nor_the_end(file, said, monkeypatch):
    monkeypatch.setattr(storms, "PATIENCE_S", 0.02)
    released = threading.Event()
    really_load = StormStore.load

    def load(self, limit):
        released.wait(20)
        return really_load(self, limit)

    monkeypatch.setattr(StormStore, "load", load)

    async def scene():
        feed = StormFeed(StormStore(file))
        running = asyncio.ensure_future(feed.run())
        assert feed.take(STORMY).storms == STORMY.storms
        await until(lambda: feed.problem)
        running.cancel()
        await feed.wait_saved()
        return headline_of(feed)

    words = asyncio.run(scene())
    assert not released.is_set()
    released.set()
    said(
        "state on a network drive that stalls",
        words,
        lost="what is over is not remembered",
        after="kept once it answers",
    )


def test_a_recording_ends_where_the_disk_is_full_and_says_so(tmp_path, said):
    out = tmp_path / "out.jsonl"
    recorder = Recorder(out, several=False)
    lines = tuple(f"line {number}" for number in range(100))
    recorder.take(LogBatch("vllm.log", lines, 1.0, history=False))
    with full_disk(out.stat().st_size + 1000):
        recorder.take(LogBatch("vllm.log", lines, 2.0, history=False))
        recorder.take(LogBatch("vllm.log", lines, 3.0, history=False))
        recorder.close()
    assert out.read_text().splitlines()[99].endswith('"line 99"}')
    said("disk full at a recording", recorder.problem, lost="what comes after", after="what was written stays readable")


def test_a_clock_set_back_by_an_hour_keeps_counting(said):
    meter, now = TrafficMeter(), NOW
    meter.set_primary("vllm.log")

    def take(at, *statuses):
        for after, status in statuses:
            meter.take(LogBatch("vllm.log", (access(status),), at + after, history=False))

    failed = ((0.0, 500), (0.6, 500), (1.7, 500), (3.8, 500))
    take(now, *failed, (8.0, 200))
    take(now + 60, *failed)
    assert [storm.outcome for storm in meter.snapshot(now + 64).storms] == [Outcome.LIVE, Outcome.RECOVERED]
    back = now - 3600
    assert [storm.outcome for storm in meter.snapshot(back).storms] == [Outcome.RECOVERED]
    take(back, (1.0, 200), (2.0, 200), *((10 + at, status) for at, status in failed))
    later = meter.snapshot(back + 14)
    assert (later.requests, later.retries, later.turns_per_minute) == (6, 3, 3.0)
    assert [storm.outcome for storm in later.storms] == [Outcome.LIVE, Outcome.RECOVERED]
    said(
        "clock set back an hour",
        "–",
        lost="the counts of the last window",
        after="counts on; storms that were over stay",
    )
