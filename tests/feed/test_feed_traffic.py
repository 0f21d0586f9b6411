"""What the feed makes of logs and settings together: labels, limits, and the rules that follow from traffic."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import datetime

import pytest

from alone import discover_named
from log_lines import access
from stormdeck.feed.feed import Feed
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.book import LogBook
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.client import ClientSnapshot
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.settings.read import read_settings
from waiting import eventually

QUIET = TrafficSnapshot((), 15, 0, 0, 0, 0.0, 0.0, 0.0)


def test_a_line_taken_for_a_retry_loses_its_label_in_the_book(tmp_path):
    log, book = tmp_path / "proxy.log", LogBook()
    now = time.time()
    steps = [(0.0, 1), (0.55, 1), (1.7, 1), (3.8, 2), (4.0, 1)]
    lines = [access(500, port, at=now - 20 + t) + "\n" for t, port in steps]
    log.write_text("".join(lines[:4]))

    async def follow():
        feed = LogFeed(book, TrafficMeter(local_time=datetime.timestamp), lambda: None)
        feed.follow([log])
        try:
            await eventually(lambda: len(book) == 4, "the lines before did not come")
            before = [book.line(number).attempt for number in range(4)]
            with log.open("a") as file:
                file.write(lines[4])
            await eventually(lambda: len(book) == 5, "the last line did not come")
            return before, [book.line(number).attempt for number in range(5)]
        finally:
            feed.stop()

    assert asyncio.run(follow()) == ([1, 2, 3, 4], [1, 2, 3, 1, 4])


def test_the_book_keeps_the_times_that_a_source_knows(tmp_path):
    log, book = tmp_path / "vllm.log", LogBook()
    log.touch()

    async def follow():
        feed = LogFeed(book, TrafficMeter(), lambda: None)
        feed.follow([log])
        try:
            past = LogBatch("vllm.log", ("a", "b"), 1000.0, history=True, times=(900.0, 950.0))
            await asyncio.to_thread(feed._offer, past)
            await eventually(lambda: len(book) == 2, "the lines did not come")
            return [(one.arrived, one.written) for one in map(book.line, range(2))]
        finally:
            feed.stop()

    assert asyncio.run(follow()) == [(None, 900.0), (None, 950.0)]


@pytest.mark.parametrize(
    ("retries", "version", "limit"),
    [("50", "2.1.42", 51), ("50", "2.1.329", 16), ("a few", "2.1.329", 11), (None, "2.1.329", 11)],
    ids=["old client", "clamped", "a word", "not set"],
)
def test_the_clients_version_gives_how_its_retry_limit_counts(tmp_path, monkeypatch, retries, version, limit):
    monkeypatch.setattr("stormdeck.feed.servers.discover", discover_named)
    home, log = tmp_path / "home", tmp_path / "proxy.log"
    (home / ".claude").mkdir(parents=True)
    env = {} if retries is None else {"CLAUDE_CODE_MAX_RETRIES": retries}
    (home / ".claude" / "settings.json").write_text(json.dumps({"env": env}))
    now = time.time()
    log.write_text("".join(access(500, at=now - ago) + "\n" for ago in (9.0, 8.45, 7.4, 5.3)))
    options = Options(home=home, project=home / "project", log=(log,), gpu=False, client_version=version)
    handed = []

    def storm_limit():
        return next((one.storms[0].limit for one in reversed(handed) if getattr(one, "storms", ())), None) == limit

    async def run():
        feed = Feed(options, user_paths({}, home, options.project), {}, LogBook(), handed.append, lambda: None)
        feed.start()
        try:
            await eventually(storm_limit, "the storm has another limit")
        finally:
            await feed.stop()

    asyncio.run(run())


def test_settings_that_do_not_parse_leave_the_limit_as_it_was(tmp_path, monkeypatch):
    """Clients that run go on with what they have read."""
    monkeypatch.setattr("stormdeck.feed.servers.discover", discover_named)
    home, log = tmp_path / "home", tmp_path / "proxy.log"
    (home / ".claude").mkdir(parents=True)
    settings = home / ".claude" / "settings.json"
    settings.write_text(json.dumps({"env": {"CLAUDE_CODE_MAX_RETRIES": "6"}}))
    log.touch()
    options = Options(home=home, project=home / "project", log=(log,), gpu=False, client_version="2.1.329")
    handed = []

    def limits(started):
        storms = next((one.storms for one in reversed(handed) if getattr(one, "storms", ())), ())
        return [storm.limit for storm in storms if abs(storm.started - started) < 1]

    def unparsed(one):
        return isinstance(one, SettingsSnapshot) and any(file.error for file in one.files)

    def write_storm(started, port):
        with log.open("a") as file:
            file.writelines(access(500, port, at=started + after) + "\n" for after in (0.0, 0.55, 1.6))

    async def run():
        feed = Feed(options, user_paths({}, home, options.project), {}, LogBook(), handed.append, lambda: None)
        now = time.time()
        feed.start()
        try:
            write_storm(now - 60, 40000)
            await eventually(lambda: limits(now - 60) == [7], "the limit is not known")
            settings.write_text("{")
            broken = await eventually(
                lambda: next((at for at, one in enumerate(handed) if unparsed(one)), None), "it parses"
            )
            await eventually(
                lambda: any(isinstance(one, ClientSnapshot) for one in handed[broken:]), "nothing is learned"
            )
            write_storm(now - 20, 40001)
            await eventually(lambda: limits(now - 20), "no second storm")
            assert limits(now - 20) == [7]
        finally:
            await feed.stop()

    asyncio.run(run())


def test_a_burst_of_400_makes_the_finding_a_warning(tmp_path):
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text('{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}')
    settings = read_settings(user_paths({}, tmp_path, tmp_path / "project"), {})
    assert isinstance(settings, SettingsSnapshot)
    deck = take(take(Deck(client_version="2.1.329"), settings), QUIET)
    assert severity(deck) == "info"
    assert severity(take(deck, replace(QUIET, bursts_of_400=True))) == "warning"


def severity(deck):
    return next(str(one.severity.value) for one in deck.findings if one.code == "TRAFFIC403")
