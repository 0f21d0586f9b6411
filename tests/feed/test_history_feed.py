"""The history is measured every five seconds, written once a minute off the loop, and read back after a restart."""

import asyncio
import sqlite3
import threading
from dataclasses import replace

import pytest

from history_samples import MODEL, NOW, SERVER, sample
from samples import CALM, ENGINE, GPUS, PROXY, VLLM
from stormdeck.feed import history
from stormdeck.feed.history import HistoryFeed
from stormdeck.model.finding import HopKind
from stormdeck.model.history.ring import MINUTE_S, STEP_S
from stormdeck.model.snapshots.discovery import Left
from stormdeck.sources.state.history_store import HistoryStore
from waiting import eventually as until

MINUTE = NOW // MINUTE_S * MINUTE_S


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "history.sqlite3"


class Scene:
    """A feed whose clock a test moves; its store is kept as the panel keeps it."""

    def __init__(self, store):
        self.now = float(MINUTE)
        self.shown = []
        self.feed = HistoryFeed(store, self.shown.append, lambda: self.now)

    async def __aenter__(self):
        self._task = asyncio.ensure_future(self.feed.keep())
        return self

    async def __aexit__(self, *error):
        await self.feed.finish()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def see(self, *snapshots):
        for snapshot in snapshots:
            self.feed.see(snapshot)

    async def start_with(self, *snapshots):
        """See snapshots, a server among them, and wait until what is stored has been read."""
        self.see(*snapshots)
        await until(lambda: self.shown)

    def pass_time(self, seconds):
        for _ in range(seconds // STEP_S):
            self.now += STEP_S
            self.feed.sample()

    @property
    def newest(self):
        return self.shown[-1].steps[-1]


def stored(file):
    return HistoryStore(file).load(NOW + 3600) if file.exists() else []


def run(scene):
    return asyncio.run(scene())


def test_what_every_source_says_is_in_the_samples(file):
    async def scene():
        async with Scene(HistoryStore(file)) as one:
            one.see(VLLM, GPUS, CALM, PROXY)
            one.pass_time(5)
            assert None not in one.newest.values
            assert (one.newest.server, one.newest.model) == (SERVER, MODEL)
            one.see(Left(HopKind.PROXY))
            one.pass_time(5)
            assert one.newest.of("running") == 3
            one.see(Left(HopKind.SERVER))
            one.pass_time(5)
            assert one.newest.of("running") is None
            assert one.newest.of("requests_per_minute") == 4.0

    run(scene)


def test_a_minute_is_written_when_it_has_ended_and_read_after_a_restart(file):
    async def scene():
        async with Scene(HistoryStore(file)) as one:
            await one.start_with(VLLM, GPUS, CALM)
            one.pass_time(55)
            assert not file.exists()
            one.pass_time(10)
            await until(lambda: [length for length, _ in stored(file)].count(MINUTE_S) == 1)
            measured = one.shown[-1]
        await until(lambda: [length for length, _ in stored(file)].count(STEP_S) == 13)
        async with Scene(HistoryStore(file)) as other:
            other.now = one.now + 300
            await other.start_with(VLLM)
            assert other.shown[-1].steps == measured.steps
            assert other.shown[-1].minutes[0] == measured.minutes[0]
            other.pass_time(5)
            gap = [step.at for step in other.shown[-1].steps][-2:]
            assert gap[1] - gap[0] > 300

    run(scene)


def test_quitting_keeps_the_minute_so_far(file):
    async def scene():
        async with Scene(HistoryStore(file)) as one:
            await one.start_with(VLLM)
            one.pass_time(20)
        await until(lambda: [length for length, _ in stored(file)] == [STEP_S] * 4 + [MINUTE_S])

    run(scene)


def test_a_panel_that_measured_nothing_leaves_no_file_and_quits_at_once(file):
    async def scene():
        async with Scene(HistoryStore(file)):
            pass
        assert not file.exists()

    run(scene)


def test_a_read_only_panel_shows_what_is_there_and_writes_nothing(file):
    async def scene():
        async with Scene(HistoryStore(file)) as one:
            await one.start_with(VLLM)
            one.pass_time(65)
            await until(lambda: stored(file))
        await until(lambda: len(stored(file)) == 15)
        before = file.read_bytes()
        async with Scene(HistoryStore(file, writes=False)) as other:
            other.now = one.now + 60
            await other.start_with(VLLM)
            assert other.shown[-1].steps
            other.pass_time(130)
        assert file.read_bytes() == before
        assert other.feed.problem == ""

    run(scene)


def test_what_found_no_room_is_kept_and_written_once_there_is_some(file):
    async def scene():
        file.parent.mkdir(parents=True)
        file.symlink_to("/dev/full")
        async with Scene(HistoryStore(file)) as one:
            one.see(VLLM)
            one.pass_time(65)
            await until(lambda: one.feed.problem)
            one.pass_time(5)
            assert "History is not kept" in one.shown[-1].problem
            assert one.newest.of("running") == 3
            file.unlink()
            one.pass_time(60)
            await until(lambda: not one.feed.problem and len(stored(file)) >= 20)
            one.pass_time(5)
            assert one.shown[-1].problem == ""

    run(scene)


def test_two_panels_at_once_lose_nothing_and_store_each_moment_once(file):
    async def scene():
        async with Scene(HistoryStore(file)) as one, Scene(HistoryStore(file)) as other:
            for panel in (one, other):
                await panel.start_with(VLLM)
                panel.pass_time(65)
            await until(lambda: len(stored(file)) >= 13)
            await until(lambda: not one.feed.problem and not other.feed.problem)
        at = [(length, step.at) for length, step in stored(file)]
        assert len(at) == len(set(at))

    run(scene)


def test_another_panel_that_holds_the_file_delays_neither_samples_nor_the_end(file):
    async def scene():
        async with Scene(HistoryStore(file)) as first:
            first.see(VLLM)
            first.pass_time(65)
            await until(lambda: stored(file))
        async with Scene(HistoryStore(file, patience_s=0.01)) as one:
            await one.start_with(VLLM)
            holder = sqlite3.connect(file, isolation_level=None)
            holder.execute("BEGIN IMMEDIATE")
            one.pass_time(65)
            await until(lambda: one.feed.problem)
            one.pass_time(5)
            holder.execute("ROLLBACK")
            holder.close()
            one.pass_time(60)
            await until(lambda: not one.feed.problem)

    run(scene)


def test_a_drive_that_stalls_holds_up_neither_samples_nor_the_end(file, monkeypatch):
    monkeypatch.setattr(history, "PATIENCE_S", 0.02)
    released = threading.Event()
    really_load = HistoryStore.load

    def load(self, now):
        released.wait(20)
        return really_load(self, now)

    monkeypatch.setattr(HistoryStore, "load", load)

    async def scene():
        async with Scene(HistoryStore(file)) as one:
            one.see(VLLM)
            await until(lambda: one.feed.problem)
            one.pass_time(65)
            assert "its drive does not answer" in one.shown[-1].problem
        released.set()

    run(scene)


def test_the_samples_of_this_server_are_shown_where_another_was_watched_too(file):
    async def scene():
        both = ((":1", 9.0), (SERVER, 2.0))
        rows = [(STEP_S, sample(MINUTE - 5, server=server, running=busy)) for server, busy in both]
        assert HistoryStore(file).save(rows, MINUTE)
        async with Scene(HistoryStore(file)) as one:
            await one.start_with(VLLM)
            assert [step.of("running") for step in one.shown[-1].steps] == [2.0]

    run(scene)


def test_it_is_slow_for_five_minutes_and_then_it_is_said(file):
    slow = replace(VLLM, engine=replace(ENGINE, ttft_p50_s=4.7))

    async def scene():
        async with Scene(HistoryStore(file)) as one:
            one.see(VLLM)
            one.pass_time(100 * MINUTE_S)
            assert one.shown[-1].unusual.ttft is None
            one.see(slow)
            one.pass_time(6 * MINUTE_S)
            found = one.shown[-1].unusual.ttft
            assert found is not None
            assert (found.now, found.usual) == (pytest.approx(4.7), pytest.approx(0.8))
            one.see(VLLM)
            one.pass_time(2 * MINUTE_S)
            assert one.shown[-1].unusual.ttft is None

    run(scene)
