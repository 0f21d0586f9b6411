"""What the feed's desks promise: storms outlive a restart, and our own canary is never counted."""

import asyncio
import time
from dataclasses import replace

import pytest

from samples import CALM, GAVE_UP, LIVE, NOT_JSON, RECOVERED, STORMY, WELL, settings
from stormdeck.feed import stormdesk
from stormdeck.feed.canarydesk import CanaryDesk
from stormdeck.feed.logdesk import LogDesk
from stormdeck.feed.servers import ServerDesk
from stormdeck.feed.stormdesk import StormDesk
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.book import LogBook
from stormdeck.model.meter import TrafficMeter
from stormdeck.options import Options
from stormdeck.sources.canary import Canary
from stormdeck.sources.memory import StormMemory


async def until(happened):
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(stormdesk, "KEEPING_S", 10.0)


def told(file, *traffic):
    """Return what is told of the last traffic by a desk that runs, was handed these, and has kept what is over."""

    async def scene():
        desk = StormDesk(StormMemory(file))
        running = asyncio.ensure_future(desk.run())
        for one in traffic:
            shown = desk.take(one)
            await desk.settled()
        running.cancel()
        return shown

    return asyncio.run(scene())


def test_a_storm_that_is_over_is_there_after_a_restart_and_a_live_one_is_not(tmp_path):
    file = tmp_path / "state" / "storms.sqlite3"
    told(file, STORMY)
    storms = told(file, STORMY, CALM).storms
    assert [storm.started for storm in storms] == [RECOVERED.started, GAVE_UP.started]


def test_a_storm_that_is_told_and_remembered_is_shown_once(tmp_path):
    file = tmp_path / "storms.sqlite3"
    assert told(file, STORMY, STORMY).storms == STORMY.storms


def test_a_restart_forgets_no_reason(tmp_path):
    file = tmp_path / "storms.sqlite3"
    bare = replace(CALM, storms=(replace(GAVE_UP, reason=""),))
    told(file, STORMY)
    assert told(file, bare, bare).storms[-1].reason == GAVE_UP.reason
    assert told(file, STORMY, CALM).storms[-1].reason == GAVE_UP.reason


def test_nothing_is_written_while_there_is_nothing_to_remember(tmp_path):
    file = tmp_path / "storms.sqlite3"
    told(file, replace(CALM, storms=(LIVE,)))
    assert not file.exists()


def test_lines_of_our_own_canary_are_no_turns(monkeypatch):
    async def sent(self, plan, hand):
        return CanaryReport()

    monkeypatch.setattr(Canary, "run", sent)
    monkeypatch.setattr(Canary, "canary_ports", frozenset({50002}))
    desk = CanaryDesk(lambda url: None)
    theirs = 'INFO:     127.0.0.1:50001 - "POST /v1/messages HTTP/1.1" 200 OK'
    ours = 'INFO:     127.0.0.1:50002 - "POST /v1/messages HTTP/1.1" 200 OK'
    batch = LogBatch("vllm.log", (theirs, ours), 1.0, history=False)
    assert desk.without_own(batch) is batch
    asyncio.run(desk.run(None, lambda check: None))
    assert desk.without_own(batch).lines == (theirs, "")


def test_the_log_desk_counts_without_the_lines_that_are_left_out(tmp_path):
    log = tmp_path / "vllm.log"
    log.touch()
    line = 'INFO:     127.0.0.1:{} - "POST /v1/messages HTTP/1.1" 200 OK\n'
    book, meter = LogBook(), TrafficMeter()

    async def scene():
        desk = LogDesk(book, meter, lambda: None)
        desk.counted = lambda batch: replace(batch, lines=tuple("" if ":50002 " in one else one for one in batch.lines))
        desk.follow([log])
        await until(lambda: meter.snapshot(time.time()).logs)
        with log.open("a") as file:
            file.write(line.format(50001) + line.format(50002))
        await until(lambda: len(book) == 2)
        desk.stop()

    asyncio.run(scene())
    assert meter.snapshot(time.time()).requests == 1


def test_a_settings_file_in_the_middle_of_an_edit_does_not_lead_to_another_stack():
    desk = ServerDesk(Options(), None, lambda snapshot: None, None, lambda work: None)
    desk.take_settings(WELL)
    known = desk.key("http://127.0.0.1:4000")
    assert known
    desk.take_settings(settings(NOT_JSON))
    assert desk.key("http://127.0.0.1:4000") == known
