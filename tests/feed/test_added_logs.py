"""A log that the user names while the panel runs is followed beside those that are found."""

import asyncio

from alone import discover_named
from server_panel import ServerPanel
from stormdeck.feed import servers
from stormdeck.model.logs.spec import parse_log
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.settings.read import read_settings
from waiting import eventually


def test_it_is_added_to_the_logs_of_the_deck(tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "discover", discover_named)

    async def scene():
        panel = ServerPanel(Options(log=(tmp_path / "named.log",)))
        panel.feed.take_settings(read_settings(user_paths({}, tmp_path, tmp_path), {}))
        search = panel.spawn(panel.feed.run())
        await eventually(lambda: panel.deck.discovery.done)
        panel.feed.added += (parse_log("docker:vllm"),)
        panel.feed.search()
        await eventually(lambda: len(panel.deck.discovery.logs) == 2)
        search.cancel()
        panel.watcher.stop()
        await panel.feed.stop()
        await asyncio.gather(*panel.tasks, return_exceptions=True)
        await panel.http.aclose()
        return panel.deck.discovery.logs

    assert [str(one) for one in asyncio.run(scene())] == [str(tmp_path / "named.log"), "docker:vllm"]
