"""Every line of a document that starts the panel starts it: with its options, feed and logs, and it ends.

The programs that read logs elsewhere (``ssh``, ``kubectl``, ``journalctl``) are stand-ins here that refuse; the tests
of their sources run the real ones, as ``test_log_recipes.py`` checks. No port of this machine is asked.
"""

import asyncio
import os
from dataclasses import replace

import pytest
from test_documents import OURS, PARSERS

from alone import discover_named
from panel import in_loop
from stormdeck.commands.argument_parser import PANEL
from stormdeck.commands.cli import options_for, parse
from stormdeck.feed import servers
from stormdeck.feed.feed import Feed
from stormdeck.model.logs.book import LogBook
from stormdeck.options.declared import own_servers
from stormdeck.paths import user_paths
from stormdeck.sources.net import http as http_module
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.ui.app import StormdeckApp
from waiting import DEADLINE_S

PROGRAMS = ("ssh", "kubectl", "journalctl")
LINES = [words for words in dict.fromkeys(OURS) if PARSERS[0].parse_known_args(words)[0].command == PANEL]


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """Keep the machine out: stand-ins for programs, no sockets of container runtimes, servers that refuse."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        program = folder / name
        program.write_text("#!/bin/sh\necho 'refused by a stand-in' >&2\nexit 255\n")
        program.chmod(0o755)
    home = tmp_path / "home"
    (home / ".claude").mkdir(parents=True)
    (home / "other-project").mkdir()
    (home / ".claude/settings.json").write_text("{}")
    (home / "laptop-settings.json").write_text("{}")
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        monkeypatch.setenv(name, f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    monkeypatch.setattr(servers, "discover", discover_named)

    async def refused(*_, **__):
        return Failure(FailureKind.REFUSED, "connection refused: nothing listens there")

    monkeypatch.setattr(http_module.HttpClient, "get", refused)
    return home


def test_there_are_lines():
    assert len(LINES) > 12


@pytest.mark.parametrize("words", LINES, ids=lambda words: " ".join(words) or "alone")
def test_a_line_starts_the_panel(alone, words):
    loaded = options_for(parse(list(words)), dict(os.environ))
    assert loaded.problems == ()
    options = loaded.options
    if options.export is not None:
        options = replace(options, export=replace(options.export, port=0))
    paths = user_paths(dict(os.environ), options.home, options.project)

    @in_loop
    async def scene():
        app = StormdeckApp(paths.home, book=LogBook(), named=own_servers(options))
        app.feed = Feed(options, paths, {}, app.book, app.deliver, app.notify_lines)
        async with app.run_test(size=(120, 40)) as pilot, asyncio.timeout(DEADLINE_S):
            while not app.deck.discovery.done:
                await pilot.pause(0.02)
            for log in options.log:
                while log not in app.deck.discovery.logs:
                    await pilot.pause(0.02)
            while len(app.deck.gpu_hosts.hosts) < len(set(options.gpu_metrics)):
                await pilot.pause(0.02)
            assert not app.deck.own_faults.stopped

    scene()
