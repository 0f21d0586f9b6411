"""Which servers a panel asks, as searches follow one another."""

import asyncio
from dataclasses import replace

import pytest

from stormdeck.feed import servers
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.reducer import take
from stormdeck.feed.servers import ServerFeed
from stormdeck.model.deck import Deck
from stormdeck.model.routes.table import ModelGroup, RoutingTable, upstream
from stormdeck.model.snapshots.backends import Backend, BackendsSnapshot
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.options import Options
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import HttpClient

VLLM = Found("http://127.0.0.1:8000", ServerKind.VLLM, "answers on port 8000")
PROXY = Found("http://127.0.0.1:4000", ServerKind.LITELLM, "answers on port 4000")
DEAD = Found("http://127.0.0.1:9", ServerKind.OTHER, "ANTHROPIC_BASE_URL", met=ServerState.DOWN)
SEARCHES = (
    DiscoverySnapshot((PROXY, VLLM), done=True),
    DiscoverySnapshot((DEAD,), beside=(PROXY, VLLM), done=True),
)


class Logs(LogFeed):
    """A feed of logs that follows none."""

    def __init__(self):
        pass

    def follow(self, paths, nearest=None, since=None, *, is_sure=True):
        pass

    def leave(self, paths):
        pass

    def set_refusing(self, *, refuses):
        pass


async def silent(*_args, **_more):
    return Failure(FailureKind.TIMEOUT, "late", accepted=True)


class Panel:
    """A panel's deck and its feed of servers, whose searches have given outcomes."""

    def __init__(self, outcomes):
        self.left = list(outcomes)
        self.known = []
        self.deck = Deck()
        self.tasks = []
        self.feed = ServerFeed(Options(), HttpClient("9"), self.deliver, Logs(), self.spawn, FileWatcher())

    def deliver(self, snapshot):
        self.deck = take(self.deck, snapshot)

    def spawn(self, work):
        self.tasks.append(asyncio.ensure_future(work))
        return self.tasks[-1]

    async def discover(self, *_args, known, **_more):
        self.known.append(dict(known))
        if not self.left:
            await asyncio.Event().wait()
        return self.left.pop(0)

    async def searches(self):
        """Run all searches; return deck and polled servers after each."""
        seen = []
        search = self.spawn(self.feed.run())
        for found in list(self.left):
            while self.deck.discovery is not found or self.feed._search_now.is_set():
                assert not search.done(), search.exception()
                await asyncio.sleep(0.001)
            for _ in range(20):
                await asyncio.sleep(0)
            seen.append((self.deck, sorted(self.feed._pollers)))
            self.feed.search()
        search.cancel()
        await self.feed.stop()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        return seen


@pytest.fixture
def searched(monkeypatch):
    """Return what runs searches; returns deck and polled servers after each, and what each search was given to know."""

    async def scene(outcomes):
        panel = Panel(outcomes)
        monkeypatch.setattr(servers, "discover", panel.discover)
        monkeypatch.setattr(HttpClient, "get", silent)
        return await panel.searches(), panel.known

    return lambda *outcomes: asyncio.run(scene(outcomes))


def test_a_server_that_was_found_is_on_the_path_before_it_has_answered(searched):
    [(deck, polled)], _ = searched(SEARCHES[0])
    assert polled == ["proxy", "vllm"]
    assert isinstance(deck.vllm, VllmSnapshot)
    assert isinstance(deck.proxy, ProxySnapshot)
    assert {deck.vllm.state, deck.proxy.state} <= {ServerState.ASKING, ServerState.SILENT}


def test_a_server_that_the_base_url_leads_past_is_left(searched):
    decks, _ = searched(*SEARCHES)
    deck, polled = decks[1]
    assert (deck.vllm, deck.proxy, polled) == (None, None, [])


def test_a_server_that_is_gone_too_is_left(searched):
    decks, _ = searched(SEARCHES[0], DiscoverySnapshot((DEAD,), done=True))
    assert (decks[1][0].vllm, decks[1][1]) == (None, [])


def test_a_server_that_stops_stays_on_the_path_where_nothing_leads_elsewhere(searched):
    decks, _ = searched(SEARCHES[0], DiscoverySnapshot(done=True))
    assert decks[1][1] == ["proxy", "vllm"]


def test_a_search_knows_what_answered_before(searched):
    _, known = searched(*SEARCHES)
    assert known[0] == {}
    assert known[1] == {("127.0.0.1", 8000, ""): ServerKind.VLLM, ("127.0.0.1", 4000, ""): ServerKind.LITELLM}


BIG, SPARE = "http://127.0.0.1:8001", "http://127.0.0.1:8002"
TABLE = RoutingTable((ModelGroup("big", (upstream(BIG), upstream(SPARE))),))
TREE = DiscoverySnapshot((PROXY, VLLM), routes=TABLE, done=True)


def test_the_servers_of_all_groups_are_polled_while_there_is_more_than_one(monkeypatch):
    async def scene():
        panel = Panel((TREE, replace(TREE, found=(PROXY,)), SEARCHES[0]))
        monkeypatch.setattr(servers, "discover", panel.discover)
        monkeypatch.setattr(panel.feed._http, "get", silent)
        polled = []
        take_discovery = panel.feed._take

        def take(*args):
            take_discovery(*args)
            polled.append((panel.feed._backends._source.urls, panel.feed._backends._task is not None))

        monkeypatch.setattr(panel.feed, "_take", take)
        await panel.searches()
        return polled, panel.deck.backends

    polled, left = asyncio.run(scene())
    assert polled == [((BIG, SPARE), True), ((BIG, SPARE), True), ((), False)]
    assert left == BackendsSnapshot()


def test_a_server_of_a_group_that_goes_down_or_comes_back_starts_a_search():
    async def scene():
        feed, asked = Panel(()).feed, []
        states = [
            (ServerState.UP, ServerState.UP),
            (ServerState.UP, ServerState.DOWN),
            (ServerState.UP, ServerState.DOWN),
            (ServerState.UP, ServerState.UP),
        ]
        for first, second in states:
            feed._search_now.clear()
            feed._backends._on_snapshot(BackendsSnapshot((Backend(BIG, first), Backend(SPARE, second))))
            asked.append(feed._search_now.is_set())
        return asked

    assert asyncio.run(scene()) == [False, True, False, True]
