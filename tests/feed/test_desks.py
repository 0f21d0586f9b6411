"""What the feed's desks promise: storms outlive a restart, and our own canary is never counted."""

import asyncio
from dataclasses import replace

from samples import CALM, GAVE_UP, LIVE, RECOVERED, STORMY
from stormdeck.feed.canarydesk import CanaryDesk
from stormdeck.feed.stormdesk import StormDesk
from stormdeck.model.logs.batch import LogBatch
from stormdeck.sources.memory import StormMemory


def test_a_storm_that_is_over_is_there_after_a_restart_and_a_live_one_is_not(tmp_path):
    file = tmp_path / "state" / "storms.sqlite3"

    async def restarted():
        await StormDesk(StormMemory(file)).remember(STORMY)
        desk = StormDesk(StormMemory(file))
        await desk.recall()
        return desk.with_past(CALM).storms

    assert [storm.started for storm in asyncio.run(restarted())] == [RECOVERED.started, GAVE_UP.started]


def test_a_storm_that_is_told_and_remembered_is_shown_once(tmp_path):
    file = tmp_path / "storms.sqlite3"

    async def again():
        desk = StormDesk(StormMemory(file))
        await desk.remember(STORMY)
        await desk.recall()
        return desk.with_past(STORMY)

    assert asyncio.run(again()).storms == STORMY.storms


def test_nothing_is_written_while_there_is_nothing_to_remember(tmp_path):
    file = tmp_path / "storms.sqlite3"
    asyncio.run(StormDesk(StormMemory(file)).remember(replace(CALM, storms=(LIVE,))))
    assert not file.exists()


def test_lines_of_our_own_canary_are_no_turns(monkeypatch):
    desk = CanaryDesk(lambda url: None)
    theirs = 'INFO:     127.0.0.1:50001 - "POST /v1/messages HTTP/1.1" 200 OK'
    ours = 'INFO:     127.0.0.1:50002 - "POST /v1/messages HTTP/1.1" 200 OK'
    batch = LogBatch("vllm.log", (theirs, ours), 1.0, history=False)
    assert desk.without_own(batch) is batch
    monkeypatch.setattr(type(desk._canary), "canary_ports", frozenset({50002}))
    assert desk.without_own(batch).lines == (theirs, "")
