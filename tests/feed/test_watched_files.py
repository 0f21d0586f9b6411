"""What the feed does when a file changes that it watches: the client's state, LiteLLM's YAML, the options."""

import asyncio
import json
import threading
from functools import partial
from types import SimpleNamespace
from typing import cast

from stormdeck.feed import feed as feeds
from stormdeck.feed import servers
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.options_file import OptionsFile
from stormdeck.feed.servers import ServerFeed
from stormdeck.feed.settings import SettingsFeed
from stormdeck.model.json_edit import nodes
from stormdeck.model.logs.book import LogBook
from stormdeck.model.masking import json_entries
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.settings.scope import Scope, SettingsSnapshot
from stormdeck.model.snapshots.client import ClientSnapshot
from stormdeck.model.snapshots.client_state import Login
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.net.http import HttpClient
from waiting import DEADLINE_S

YAML = """
model_list:
  - model_name: m
    litellm_params: {model: hosted_vllm/m, api_base: "http://127.0.0.1:PORT"}
"""


async def until(happened):
    """Wait for a condition, or fail after a while."""
    async with asyncio.timeout(15):
        while True:
            if happened():
                return
            await asyncio.sleep(0.005)


def fast(monkeypatch, module):
    monkeypatch.setattr(module, "FileWatcher", partial(FileWatcher, step_ms=10))


def test_a_login_shows_without_a_change_of_the_settings(tmp_path, monkeypatch):
    fast(monkeypatch, feeds)
    paths, seen = user_paths({}, tmp_path, tmp_path / "project"), []
    paths.client_state.write_text("{}")

    async def scene():
        feed = feeds.Feed(Options(gpu=False), paths, {}, LogBook(), seen.append, lambda: None)
        watching = feed._spawn(feed._watch_files())
        feed._client = ClientSnapshot("2.1.332", "found")
        await until(lambda: feed._watcher._watches)
        paths.client_state.write_text(json.dumps({"primaryApiKey": "x"}))
        await until(lambda: seen)
        watching.cancel()
        feed._watcher.stop()

    asyncio.run(scene())
    assert [(one.version, one.state.login) for one in seen] == [("2.1.332", Login.KEY)]


def test_variables_in_the_clients_state_are_settings_and_are_read_again_when_they_change(tmp_path, monkeypatch):
    fast(monkeypatch, feeds)
    paths, seen = user_paths({}, tmp_path, tmp_path / "project"), []

    def models():
        delivered = [one for one in seen if isinstance(one, SettingsSnapshot)]
        return [(one.text("env.ANTHROPIC_MODEL"), one.file(Scope.CLIENT) is not None) for one in delivered]

    async def scene():
        feed = feeds.Feed(Options(gpu=False), paths, {}, LogBook(), seen.append, lambda: None)
        tasks = [feed._spawn(feed._watch_files()), feed._spawn(feed.settings.run())]
        await until(lambda: models() and feed._watcher._watches)
        paths.client_state.write_text(json.dumps({"env": {"ANTHROPIC_MODEL": "a"}}))
        await until(lambda: models()[-1] == ("a", True))
        for task in tasks:
            task.cancel()
        feed._watcher.stop()

    asyncio.run(scene())
    assert models() == [(None, False), ("a", True)]


def test_a_busy_client_is_read_no_oftener_than_every_few_seconds(tmp_path, monkeypatch):
    fast(monkeypatch, feeds)
    monkeypatch.setattr(feeds, "CLIENT_S", 3600.0)
    paths, reads = user_paths({}, tmp_path, tmp_path / "project"), []
    real = feeds.read_client_state
    monkeypatch.setattr(feeds, "read_client_state", lambda read: (reads.append(read), real(read))[1])

    async def scene():
        feed = feeds.Feed(Options(gpu=False), paths, {}, LogBook(), lambda _snapshot: None, lambda: None)
        watching = feed._spawn(feed._watch_files())
        await until(lambda: feed._watcher._watches)
        compares = []
        compare = feed._watcher._compare

        def counted():
            compares.append(1)
            compare()

        feed._watcher._compare = counted
        number = 0
        while len(compares) < 20:
            number += 1
            paths.client_state.write_text(json.dumps({"numStartups": number}))
            await asyncio.sleep(0.005)
        watching.cancel()
        feed._watcher.stop()

    asyncio.run(scene())
    assert [read for read in reads if read is paths] == [paths]  # a thread of an earlier test may still read


def test_a_changed_yaml_of_litellm_brings_a_search(tmp_path, monkeypatch):
    file, seen = tmp_path / "litellm.yaml", []
    file.write_text(YAML.replace("PORT", "8000"))
    found = []

    async def discover(*_args, **_more):
        found.append(1)
        return DiscoverySnapshot(done=True)

    async def no_probe(*_args):
        return None

    monkeypatch.setattr(servers, "discover", discover)
    monkeypatch.setattr(servers, "probe_base_url", no_probe)
    monkeypatch.setattr(servers, "SEARCH_S", 3600.0)
    monkeypatch.setattr(servers, "SEARCH_LATER_S", 3600.0)
    watcher = FileWatcher(step_ms=10)
    logs = SimpleNamespace(follow=lambda *_args, **_more: None)

    async def scene():
        options = Options(litellm_config=file)
        feed = ServerFeed(
            options, cast("HttpClient", None), seen.append, cast("LogFeed", logs), lambda work: None, watcher
        )
        running = asyncio.ensure_future(feed.run())
        await until(lambda: len(seen) == 2)
        file.with_suffix(".new").write_text(YAML.replace("PORT", "8001"))
        file.with_suffix(".new").replace(file)
        await until(lambda: len(seen) == 3)
        running.cancel()
        watcher.stop()

    asyncio.run(scene())
    assert len(found) == 2
    bases = [next(iter(one.deployments())).params.text("api_base") for one in seen[1:]]
    assert bases == ["http://127.0.0.1:8000", "http://127.0.0.1:8001"]


def test_a_changed_options_file_is_remarked_until_it_is_as_it_was(tmp_path):
    file = tmp_path / "config.yaml"
    options, watcher = OptionsFile(file), FileWatcher(step_ms=10)

    async def scene():
        options.watch(watcher)
        file.write_text("poll: 5\n")
        await until(lambda: options.remarks)
        assert options.remarks == (f"{file} was changed: restart stormdeck to apply it.",)
        file.unlink()
        await until(lambda: not options.remarks)
        watcher.stop()

    asyncio.run(scene())


def test_a_file_that_changes_after_the_panel_has_ended_raises_nothing_in_the_watcher(tmp_path, monkeypatch):
    """A feed that was not stopped, or a drive that answers late: the loop is closed when the change is seen."""
    file = tmp_path / "litellm.yaml"
    file.write_text(YAML.replace("PORT", "8000"))
    watcher, seen, raised = FileWatcher(step_ms=10), [], []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    feed = SettingsFeed(Options(), user_paths({}, tmp_path, tmp_path), {}, seen.append, watcher)

    async def scene():
        running = asyncio.ensure_future(feed.run())
        await until(lambda: watcher._watches)
        running.cancel()

    asyncio.run(scene())
    (tmp_path / ".claude").mkdir()
    noticed = threading.Event()
    watcher.watch([tmp_path / "marker"], noticed.set)
    for number in range(5):
        noticed.clear()
        (tmp_path / ".claude" / "settings.json").write_text(json.dumps({"model": str(number)}))
        (tmp_path / "marker").write_text(str(number))
        assert noticed.wait(DEADLINE_S), raised
    assert raised == []
    watcher.stop()


def test_a_long_settings_file_is_prepared_before_it_is_delivered(tmp_path, monkeypatch):
    """Its secrets and offsets are found in a thread: in the event loop the first key would wait for them."""
    folder = tmp_path / ".claude"
    folder.mkdir()
    env = {f"MY_KEY_{number:05}": f"{number:05}-aloud" for number in range(4000)}
    (folder / "settings.json").write_text(json.dumps({"env": env}, indent=2))
    watcher, seen = FileWatcher(step_ms=10), []
    feed = SettingsFeed(Options(), user_paths({}, tmp_path, tmp_path), {}, seen.append, watcher)

    async def scene():
        await feed.read()

    asyncio.run(scene())
    [settings] = seen
    searched = []
    monkeypatch.setattr(json_entries, "may_hold_secret", searched.append)
    monkeypatch.setattr(nodes, "_read_entries", searched.append)
    assert known_secrets(settings)("00077-aloud") == "••••••••"
    assert settings.file(Scope.USER).position("env.MY_KEY_03999") == (4002, 5)
    assert searched == []
