"""Parts of the feed: storms outlive a restart, and the panel's own canary is never counted."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from samples import CALM, FOUND, GAVE_UP, LIVE, NOT_JSON, PROXY, RECOVERED, STORMY, VLLM, WELL, WELL_SET, settings
from stormdeck.feed import servers as servers_module
from stormdeck.feed import storms as stormdesk
from stormdeck.feed.actions.canary import CanaryFeed
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.reducer import take
from stormdeck.feed.servers import ServerFeed
from stormdeck.feed.storms import StormFeed
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.book import LogBook
from stormdeck.model.snapshots.discovery import Left
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.options import Options
from stormdeck.sources.canary import Canary
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.state.storm_store import StormStore
from waiting import eventually


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(stormdesk, "KEEPING_S", 10.0)


def shown_after(file, *traffic):
    """Return what is reported of the last traffic by a feed that runs, was handed these, and has kept what is over."""

    async def scene():
        feed = StormFeed(StormStore(file))
        running = asyncio.ensure_future(feed.run())
        for one in traffic:
            shown = feed.take(one)
            await feed.wait_saved()
        running.cancel()
        return shown

    return asyncio.run(scene())


def test_a_storm_that_is_over_is_there_after_a_restart_and_a_live_one_is_not(tmp_path):
    file = tmp_path / "state" / "storms.sqlite3"
    shown_after(file, STORMY)
    storms = shown_after(file, STORMY, CALM).storms
    assert [storm.started for storm in storms] == [RECOVERED.started, GAVE_UP.started]


def test_a_storm_that_is_reported_and_remembered_is_shown_once(tmp_path):
    file = tmp_path / "storms.sqlite3"
    assert shown_after(file, STORMY, STORMY).storms == STORMY.storms


def test_a_restart_forgets_no_reason(tmp_path):
    file = tmp_path / "storms.sqlite3"
    bare = replace(CALM, storms=(replace(GAVE_UP, reason=""),))
    shown_after(file, STORMY)
    assert shown_after(file, bare, bare).storms[-1].reason == GAVE_UP.reason
    assert shown_after(file, STORMY, CALM).storms[-1].reason == GAVE_UP.reason


def test_nothing_is_written_while_there_is_nothing_to_remember(tmp_path):
    file = tmp_path / "storms.sqlite3"
    shown_after(file, replace(CALM, storms=(LIVE,)))
    assert not file.exists()


def test_lines_of_our_own_canary_are_no_turns(monkeypatch):
    async def sent(self, plan, deliver, authorities=()):
        return CanaryReport()

    monkeypatch.setattr(Canary, "run", sent)
    monkeypatch.setattr(Canary, "canary_ports", frozenset({50002}))
    feed = CanaryFeed(lambda url: None)
    theirs = 'INFO:     127.0.0.1:50001 - "POST /v1/messages HTTP/1.1" 200 OK'
    ours = 'INFO:     127.0.0.1:50002 - "POST /v1/messages HTTP/1.1" 200 OK'
    batch = LogBatch("vllm.log", (theirs, ours), 1.0, history=False)
    assert feed.without_own(batch) is batch
    asyncio.run(feed.run(None, lambda check: None))
    assert feed.without_own(batch).lines == (theirs, "")


def test_the_log_desk_counts_without_the_lines_that_are_left_out(tmp_path):
    log = tmp_path / "vllm.log"
    log.touch()
    line = 'INFO:     127.0.0.1:{} - "POST /v1/messages HTTP/1.1" 200 OK\n'
    book, meter = LogBook(), TrafficMeter()

    async def scene():
        feed = LogFeed(book, meter, lambda: None)
        feed.without_own = lambda batch: replace(
            batch, lines=tuple("" if ":50002 " in one else one for one in batch.lines)
        )
        feed.follow([log])
        await eventually(lambda: meter.snapshot(time.time()).logs)
        with log.open("a") as file:
            file.write(line.format(50001) + line.format(50002))
        await eventually(lambda: len(book) == 2)
        feed.stop()

    asyncio.run(scene())
    assert meter.snapshot(time.time()).requests == 1


def test_a_settings_file_in_the_middle_of_an_edit_does_not_lead_to_another_stack():
    feed = ServerFeed(Options(), None, lambda snapshot: None, None, lambda work: None, FileWatcher())
    feed.take_settings(WELL)
    known = feed.key("http://127.0.0.1:4000")
    assert known
    feed.take_settings(settings(NOT_JSON))
    assert feed.key("http://127.0.0.1:4000") == known


class TestThePathFollowsTheSettings:
    """The proxy is left as soon as the settings lead past it, whether it still answers or is down."""

    PROXY_FIRST = FOUND
    STRAIGHT = replace(FOUND, found=FOUND.found[1:])

    def handed(self, monkeypatch, *steps):
        """Return which servers are asked in the end, and which were left; keep what logs were followed.

        Searches under these base URLs find these servers.
        """
        searches, seen = iter([found for _, found in steps]), []
        followed = self.followed = []

        async def discover(*_, **__):
            return next(searches)

        looked = []

        async def nothing(*_):
            return None

        async def look_further(*_):
            looked.append(None)

        async def scene():
            def spawn(work):
                work.close()
                return asyncio.get_running_loop().create_future()

            logs = SimpleNamespace(
                follow=lambda *call, is_sure: followed.append((*call, is_sure)), leave=lambda paths: None
            )
            http = cast("HttpClient", SimpleNamespace())
            feed = ServerFeed(Options(), http, seen.append, cast("LogFeed", logs), spawn, FileWatcher())
            running = asyncio.create_task(feed.run())
            for number, (base, _) in enumerate(steps, start=1):
                feed.take_settings(settings(WELL_SET.replace(":4000", base)))
                feed.search()
                await eventually(lambda: len(looked) >= number)  # noqa: B023 - awaited within the loop
            running.cancel()
            return sorted(feed._pollers)

        monkeypatch.setattr(servers_module, "discover", discover)
        monkeypatch.setattr(servers_module, "probe_base_url", nothing)
        monkeypatch.setattr(ServerFeed, "_read_yaml", look_further)
        return asyncio.run(scene()), [one for one in seen if isinstance(one, Left)]

    def test_a_proxy_that_the_client_goes_past_is_left(self, monkeypatch):
        polled, left = self.handed(monkeypatch, (":4000", self.PROXY_FIRST), (":8000", self.STRAIGHT))
        assert (polled, left) == (["vllm"], [Left(HopKind.PROXY)])

    def test_a_proxy_that_is_not_found_while_the_settings_name_it_stays(self, monkeypatch):
        polled, left = self.handed(monkeypatch, (":4000", self.PROXY_FIRST), (":4000", self.STRAIGHT))
        assert (polled, left) == (["proxy", "vllm"], [])

    def test_it_comes_back_with_the_settings(self, monkeypatch):
        steps = ((":4000", self.PROXY_FIRST), (":8000", self.STRAIGHT), (":4000", self.PROXY_FIRST))
        assert self.handed(monkeypatch, *steps)[0] == ["proxy", "vllm"]

    @pytest.mark.parametrize(
        ("base", "nearest", "is_dated"),
        [(":4000", "litellm.log", False), (":8000", "vllm.log", True)],
        ids=["the proxy is down", "the client goes past it"],
    )
    def test_the_log_that_counts_follows_the_settings_and_not_what_is_up(self, monkeypatch, base, nearest, is_dated):
        both = replace(self.PROXY_FIRST, logs=(Path("litellm.log"), Path("vllm.log")))
        straight = replace(self.STRAIGHT, logs=(Path("vllm.log"),))
        before = time.time()
        self.handed(monkeypatch, (":4000", both), (base, straight))
        assert self.followed[0][:2] == (both.logs, Path("litellm.log"))
        logs, first, since, is_sure = self.followed[1]
        assert (logs, first, is_sure) == (straight.logs, Path(nearest), True)
        assert (since is not None and since >= before) is is_dated

    def test_a_proxy_that_is_known_and_down_keeps_its_log(self, monkeypatch):
        """The search still names it, without a process and so without a log."""
        down = replace(self.PROXY_FIRST.found[0], process=None, met=ServerState.DOWN)
        both = replace(self.PROXY_FIRST, logs=(Path("litellm.log"), Path("vllm.log")))
        gone = replace(self.PROXY_FIRST, found=(down, *self.STRAIGHT.found), logs=(Path("vllm.log"),))
        self.handed(monkeypatch, (":4000", both), (":4000", gone))
        assert [call[1].name for call in self.followed] == ["litellm.log", "litellm.log"]

    def test_no_log_is_named_while_the_proxy_is_still_to_come_up(self, monkeypatch):
        """What vLLM's log shows until then may be the proxy's own requests."""
        straight = replace(self.STRAIGHT, logs=(Path("vllm.log"),))
        both = replace(self.PROXY_FIRST, logs=(Path("litellm.log"), Path("vllm.log")))
        self.handed(monkeypatch, (":4000", straight), (":4000", both))
        assert [(call[1].name, call[3]) for call in self.followed] == [
            ("vllm.log", False),
            ("litellm.log", True),
        ]

    def test_the_deck_shows_no_server_that_was_left(self):
        deck = take(take(take(Deck(), FOUND), PROXY), VLLM)
        assert take(deck, Left(HopKind.PROXY)).proxy is None
        assert take(deck, Left(HopKind.SERVER)).vllm is None
