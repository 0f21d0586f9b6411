"""The panel's own feed of servers on settings of a test, and the headline that it leads to."""

import asyncio
import time

from alone import discover_named
from stormdeck.feed import servers
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.reducer import take
from stormdeck.feed.servers import ServerFeed
from stormdeck.model.deck import Deck
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.verdict.ranking import statements
from stormdeck.options import Options
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.settings.read import read_settings
from waiting import DEADLINE_S


class NoLogs(LogFeed):
    """A feed of logs that follows none."""

    def __init__(self):
        pass

    def follow(self, paths, nearest=None, since=None, *, is_sure=True):
        pass

    def leave(self, paths):
        pass

    def set_refusing(self, *, refuses):
        pass


class ServerPanel:
    """A deck that the feed of servers fills."""

    def __init__(self, options):
        self.deck = Deck()
        self.tasks = []
        self.http = HttpClient("9")
        self.watcher = FileWatcher()
        self.feed = ServerFeed(options, self.http, self.deliver, NoLogs(), self.spawn, self.watcher)

    def deliver(self, snapshot):
        self.deck = take(self.deck, snapshot)

    def spawn(self, work):
        self.tasks.append(asyncio.ensure_future(work))
        return self.tasks[-1]

    @property
    def is_complete(self):
        """Whether the servers that were found have answered, and the base URL was probed."""
        shown = [one for one in (self.deck.vllm, self.deck.proxy) if one is not None]
        polled = len(shown) == len(self.feed._pollers)
        probed = self.deck.probe is not None or not self.deck.settings.text("env.ANTHROPIC_BASE_URL")
        return (
            self.deck.discovery.done and polled and probed and all(one.state is not ServerState.ASKING for one in shown)
        )


def panel_deck(home, monkeypatch, **options):
    """Return the deck of a panel on the settings in a home, once every server has answered."""
    from stormdeck.paths import user_paths

    monkeypatch.setattr(servers, "discover", discover_named)

    async def scene():
        panel = ServerPanel(Options(**options))
        given = read_settings(user_paths({}, home.folder, home.project), {})
        panel.deliver(given)
        panel.feed.take_settings(given)
        search = panel.spawn(panel.feed.run())
        end = time.monotonic() + DEADLINE_S
        while not panel.is_complete:
            assert not search.done(), search.exception()
            assert time.monotonic() < end, panel.deck
            await asyncio.sleep(0.005)
        search.cancel()
        panel.watcher.stop()
        await panel.feed.stop()
        await asyncio.gather(*panel.tasks, return_exceptions=True)
        await panel.http.aclose()
        return panel.deck

    return asyncio.run(scene())


def panel_statements(home, monkeypatch, **options):
    """Return the statements of the panel, the headline first."""
    return statements(panel_deck(home, monkeypatch, **options), time.time(), str)


def panel_headline(home, monkeypatch, **options):
    """Return the headline that the panel shows."""
    return panel_statements(home, monkeypatch, **options)[0].headline
