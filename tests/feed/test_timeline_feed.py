"""The timeline between panel and store: over restarts, by two panels, read-only, and on a drive that fails."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from panel import in_loop
from samples import CALM, DOWN_VLLM, FOUND, GPUS, NOW, PROXY, RECOVERED, VLLM, WELL
from stormdeck.feed import timeline
from stormdeck.feed.reducer import take
from stormdeck.feed.timeline import TimelineFeed
from stormdeck.model.deck import Deck
from stormdeck.model.restart import Restart
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.timeline.event import Kind
from stormdeck.model.timeline.sentences import sentence
from stormdeck.sources.processes.run import Ended
from stormdeck.sources.state.timeline_store import TimelineStore
from waiting import eventually


class Run:
    """One run of a panel: its clock, its deck, what was delivered."""

    def __init__(self, file, *, at=NOW, writes=True):
        self.at, self.deck = at, Deck()
        self.delivered = []
        self.store = TimelineStore(file, writes=writes)
        self.feed = TimelineFeed(self.store, lambda: (RECOVERED,), self.delivered.append, clock=lambda: self.at)

    def see(self, later, *snapshots):
        self.at += later
        for snapshot in snapshots:
            self.deck = take(self.deck, snapshot)
        self.feed.take(self.deck)

    @property
    def shown(self):
        return self.delivered[-1] if self.delivered else None

    def words(self):
        return [sentence(event, self.at) for event in (self.shown.events if self.shown else ())]

    def stored(self):
        return [sentence(event, self.at) for event in self.store.load().events]


@asynccontextmanager
async def running(file, **how):
    """Run a panel's timeline on a calm stack."""
    run = Run(file, **how)
    task = asyncio.get_running_loop().create_task(run.feed.run())
    try:
        await eventually(lambda: run.shown is not None)
        run.see(0, WELL, FOUND, VLLM, PROXY, GPUS, CALM)
        yield run
        await run.feed.stop()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """Let the last write take its time: a busy machine needs more than the panel waits when it quits."""
    monkeypatch.setattr(timeline, "KEEPING_S", 60.0)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "timeline.sqlite3"


def back(at):
    return replace(VLLM, state=ServerState.UP, seen=at)


@in_loop
async def test_what_happened_is_delivered_at_once_and_stored_soon(file):
    async with running(file) as run:
        run.see(5, DOWN_VLLM)
        assert run.words() == ["vLLM :8000 is down, 0 s so far"]
        run.see(90, back(NOW + 95))
        assert run.words() == ["vLLM :8000 was down for 1 min 30 s"]
        assert run.shown.past_storms == (RECOVERED,)
        await eventually(lambda: run.stored() == run.words())


@in_loop
async def test_a_restart_keeps_what_happened_and_says_how_long_nothing_was_watched(file):
    async with running(file) as first:
        first.see(5, DOWN_VLLM)
        first.see(90, back(NOW + 95))
    async with running(file, at=NOW + 95 + 3600) as second:
        assert second.words() == ["vLLM :8000 was down for 1 min 30 s", "Not watched for 1 h: no panel ran"]


@in_loop
async def test_two_panels_write_one_event_once_and_each_shows_what_the_other_saw(file):
    async with running(file) as one, running(file, at=NOW + 1) as other:
        for run in (one, other):
            run.see(5, DOWN_VLLM)
            run.see(90, back(run.at + 90))
        one.feed.note_restart(Restart("Restart vLLM"), one.at, Ended(0, "ended with code 0"))
        await eventually(lambda: len(one.stored()) == 2)
        other.feed.refresh()
        await eventually(lambda: "Restart vLLM: ended with code 0" in other.words())
        assert [event.kind for event in other.shown.events] == [Kind.DOWN, Kind.RESTART]
    assert len(TimelineStore(file).load().events) == 2


@in_loop
async def test_a_write_of_this_panel_is_known_as_its_own(file, tmp_path):
    from stormdeck.model.settings.merge import merged
    from stormdeck.model.settings.scope import Scope
    from stormdeck.sources.settings.read import read_file

    settings = tmp_path / "settings.json"
    settings.write_text('{"model": "sonnet"}')
    async with running(file) as run:
        run.see(1, merged((read_file(Scope.USER, settings),), {}))
        run.feed.note_save('{"model": "opus"}')
        settings.write_text('{"model": "opus"}')
        run.see(1, merged((read_file(Scope.USER, settings),), {}))
        assert run.words() == [f"{settings} was saved in the panel: model"]


@in_loop
async def test_a_read_only_panel_shows_what_is_stored_and_writes_nothing(file):
    async with running(file) as first:
        first.see(5, DOWN_VLLM)
        first.see(90, back(NOW + 95))
    async with running(file, at=NOW + 200, writes=False) as run:
        assert run.words() == ["vLLM :8000 was down for 1 min 30 s"]
        run.see(200, DOWN_VLLM)
        assert len(run.words()) == 2
        run.feed.refresh()
    assert run.stored() == ["vLLM :8000 was down for 1 min 30 s"]


@in_loop
async def test_events_are_shown_though_they_cannot_be_stored(file):
    file.parent.mkdir(parents=True)
    file.mkdir()
    async with running(file) as run:
        run.see(5, DOWN_VLLM)
        assert run.words() == ["vLLM :8000 is down, 0 s so far"]
        await eventually(lambda: run.shown.problem.startswith("The timeline is not kept: "))
