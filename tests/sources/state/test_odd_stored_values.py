"""Any JSON type at any place of what stormdeck or Claude Code stored: it is skipped or read, and stops nothing."""

import contextlib
import io
import json
import math
import os
import sqlite3
import sys
import time
from dataclasses import fields

import pytest

from history_samples import sample
from odd_json import ODD, altered, altered_texts
from stormdeck import __version__
from stormdeck.commands.status.formats import FORMATS, JSON, show
from stormdeck.model.history.figures import FIGURES
from stormdeck.model.json_edit.document import Document
from stormdeck.model.profiles.plan import plan
from stormdeck.model.profiles.profile import HOSTED, ProfileError, read_profile, read_secrets
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.status.bar import Bar
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.timeline.event import Event, Kind, as_stored, from_stored
from stormdeck.model.timeline.sentences import sentence
from stormdeck.model.timeline.storms import storm_events
from stormdeck.model.timeline.timeline import as_json, in_order, updated
from stormdeck.model.wire.account import account
from stormdeck.model.wire.entries import WireEntries
from stormdeck.model.wire.exchange import Exchange, from_line, to_line
from stormdeck.model.wire.exchange import Outcome as Ending
from stormdeck.model.wire.hop import Hop
from stormdeck.model.wire.in_flight import progress
from stormdeck.model.wire.request import Kind as Purpose
from stormdeck.paths import user_paths
from stormdeck.sources.client.state import read_client_env, read_client_state
from stormdeck.sources.client.trust import agree, read_trust
from stormdeck.sources.client.version import find_client_version
from stormdeck.sources.settings.backups import tag_of
from stormdeck.sources.settings.read import target_of
from stormdeck.sources.state.agreed_logs import AgreedLogs
from stormdeck.sources.state.history_store import HistoryStore
from stormdeck.sources.state.layouts import read_layouts, remember
from stormdeck.sources.state.panel_status import Question, panel_name, published
from stormdeck.sources.state.storm_store import StormStore
from stormdeck.sources.state.timeline_store import TimelineStore

NOW = 1_800_000_000.0
EVENT = Event(
    Kind.DOWN, "vLLM http://127.0.0.1:8000", NOW, "vLLM :8000", "down", until=NOW + 9, opened=NOW, health=Health.ERROR
)
EXCHANGE = Exchange(
    "1",
    NOW,
    Purpose.MAIN,
    session="s",
    thread="main",
    key="k",
    question="q",
    body="b",
    model="m",
    stream=True,
    max_tokens=5,
    turn="1",
    attempt=2,
    status=500,
    sent_bytes=1,
    received_bytes=1,
    first_byte=NOW + 1,
    last_byte=NOW + 2,
    ended=NOW + 3,
    deltas=4,
    input_tokens=1,
    cached_tokens=1,
    output_tokens=1,
    stop_reason="end_turn",
    error_type="api_error",
    outcome=Ending.STATUS,
    agent="a",
    hop=Hop.PROXY,
)


@pytest.fixture(autouse=True)
def stdout(monkeypatch):
    """Standard output as the command sets it up: what its encoding lacks is written as an escape."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace"))


@pytest.mark.parametrize("name", as_stored(EVENT))
def test_an_event_of_the_timeline_can_be_said_or_is_left_out(name):
    for odd in ODD:
        event = from_stored({**as_stored(EVENT), name: odd})
        if event is None:
            continue
        assert from_stored(as_stored(event)) == event
        sentence(event, NOW)
        json.dumps(as_json(event, NOW), allow_nan=False)
        in_order(updated([EVENT], [event], NOW))


def test_a_row_of_the_timeline_costs_no_other_row(tmp_path):
    store = TimelineStore(tmp_path / "timeline.sqlite3")
    store.save([EVENT], {}, "1", NOW, NOW)
    with sqlite3.connect(store.path) as base:
        rows = [(NOW, text) for text in altered_texts(as_stored(EVENT))]
        base.executemany("INSERT INTO events (at, body) VALUES (?, ?)", rows)
        base.execute("UPDATE known SET key_values = ?", (json.dumps({"a": [], "b": None, "c": "x"}),))
    assert EVENT in store.load().events
    assert store.load().known == {"c": "x"}
    assert store.save([EVENT], {}, "1", NOW, NOW) is not None


def test_a_line_of_a_journal_is_an_exchange_that_can_be_used_or_none():
    values = {"version": 1} | {field.name: getattr(EXCHANGE, field.name) for field in fields(Exchange)}
    read = [from_line(text) for text in altered_texts(json.loads(json.dumps(values)))]
    assert EXCHANGE in read
    for exchange in filter(None, read):
        assert from_line(to_line(exchange)) == exchange
        assert math.isfinite(exchange.noted_at)
        progress(exchange, NOW)
        WireEntries().take(exchange, "journal")
    account(filter(None, read))


BAR = Bar(
    Health.ERROR, "vLLM answers 500", "", [("vllm", "vLLM", Health.ERROR)], [("s", "STORM")], [("s", NOW, "no byte")]
)


def test_a_bar_of_a_panel_is_shown_or_is_none():
    for value in altered(BAR.as_json()):
        bar = Bar.from_json(value)
        for shape in FORMATS if bar is not None else ():
            show(bar, {}, shape, {}, session="s")


def test_what_a_panel_publishes_is_shown_or_is_ignored(tmp_path):
    question = Question({}, claude="/c", project=str(tmp_path), named={}, shape="tmux")
    entry = {
        "stormdeck": __version__,
        "started": 1.0,
        "ascii": False,
        "watches": {"claude": "/c", "named": {}, "files": [], "shell_url": None, "url": "http://a", "file": None},
        "bar": BAR.as_json(),
        "status": {"version": 1, "state": "down", "headline": {"text": "x", "hop": "vllm", "code": None}, "hops": []},
    }
    file = tmp_path / panel_name(os.getpid())
    for text in altered_texts(entry):
        file.write_text(text)
        panel = published(str(tmp_path), question, time.time())
        for shape in (*FORMATS, JSON) if panel is not None else ():
            show(panel.bar, panel.status, shape, {}, as_ascii=panel.only_ascii)


STATE = {
    "env": {"ANTHROPIC_BASE_URL": "http://a"},
    "hasCompletedOnboarding": True,
    "oauthAccount": {"emailAddress": "a@example.org"},
    "primaryApiKey": "k",
    "projects": {"/a": {"hasTrustDialogAccepted": True}},
}
CREDENTIALS = {"claudeAiOauth": {"accessToken": "hidden-1", "refreshToken": "hidden-2"}}


@pytest.mark.parametrize(("name", "value"), [(".claude.json", STATE), (".claude/.credentials.json", CREDENTIALS)])
def test_claude_code_s_own_files_are_read_as_far_as_they_go(tmp_path, name, value):
    (tmp_path / ".claude").mkdir()
    paths = user_paths({}, tmp_path, tmp_path)
    for text in altered_texts(value):
        (tmp_path / name).write_text(text)
        read_client_state(paths)
        read_client_env(paths)
        read_trust(paths, ["http://b"])


def test_folders_that_were_agreed_to_are_read_as_far_as_they_go(tmp_path):
    paths = user_paths({}, tmp_path, tmp_path)
    assert agree(paths.trusted, str(tmp_path), "http://a") == ""
    for value in altered(json.loads(paths.trusted.read_text())):
        paths.trusted.write_text(json.dumps(value))
        assert read_trust(paths).origins <= {"http://a", *filter(lambda odd: isinstance(odd, str), ODD)}


def test_the_client_s_package_has_a_version_or_none(tmp_path):
    package = tmp_path / ".claude" / "local" / "node_modules" / "@anthropic-ai" / "claude-code" / "package.json"
    package.parent.mkdir(parents=True)
    for text in altered_texts({"name": "@anthropic-ai/claude-code", "version": "2.1.332"}):
        package.write_text(text)
        assert find_client_version(tmp_path / ".claude", tmp_path).version in {None, "2.1.332"}


def test_agreed_logs_are_read_as_far_as_they_go(tmp_path):
    file = tmp_path / "logs.json"
    for text in altered_texts(["docker:vllm", "journal:litellm.service"]):
        file.write_text(text)
        assert {str(log) for log in AgreedLogs(file, writes=True).load()} <= {"docker:vllm", "journal:litellm.service"}


def test_a_layout_is_used_or_forgotten(tmp_path):
    settings = tmp_path / "settings.json"
    settings.write_text("{}")
    remember(tmp_path, settings, "hosted", "{}", ["hosted"])
    file = tmp_path / f"{tag_of(target_of(settings))}.json"
    document = Document.parse("{}")
    assert isinstance(document, Document)
    for value in altered(json.loads(file.read_text())):
        file.write_text(json.dumps(value))
        assert plan(document, HOSTED, (HOSTED,), read_layouts(tmp_path, settings)).document == document
        remember(tmp_path, settings, "own", "{}", ["own"])


def test_a_profile_is_read_or_refused():
    stored = {
        "version": 1,
        "settings": {"env.ANTHROPIC_BASE_URL": "http://a", "model": "sonnet"},
        "secrets": {"env.ANTHROPIC_AUTH_TOKEN": "own.secrets.json"},
    }
    for text in altered_texts(stored):
        for read in (read_profile, read_secrets):
            with contextlib.suppress(ProfileError):
                read(text)


def test_a_figure_of_the_history_is_a_number_or_unknown(tmp_path):
    store = HistoryStore(tmp_path / "history.sqlite3")
    good = sample(int(NOW) // 60 * 60, running=3.0)
    store.save([(60, good)], NOW)
    with sqlite3.connect(store.path) as base:
        texts = altered_texts({figure.key: 1.0 for figure in FIGURES[:2]})
        rows = [(60, good.at, f"http://{number}", "", text) for number, text in enumerate(texts)]
        base.executemany("INSERT INTO figures VALUES (?, ?, ?, ?, ?)", rows)
    loaded = store.load(NOW)
    assert (60, good) in loaded
    assert all(value is None or 0 <= value < 1e15 for _, one in loaded for value in one.values)


SQL_VALUES = (None, 0, -1, 2**63 - 1, 1.5, float("inf"), float("-inf"), "", "text", "\x1b[31m\u202e", b"\xff\0")
"""One value of each type that SQLite has: it keeps any of them in any column."""


def test_a_row_of_the_storms_costs_no_other_row_and_can_be_said(tmp_path):
    storm = Storm(NOW, NOW + 40, 5, 11, "500", "why", Outcome.RECOVERED, evidence="transcript", log="a.log")
    store = StormStore(tmp_path / "storms.sqlite3")
    assert store.save([storm]) is None
    with sqlite3.connect(store.path) as base:
        row = base.execute("SELECT * FROM storms").fetchone()
        for at in range(1, len(row)):
            for value in SQL_VALUES:
                made = (None, *row[1:at], value, *row[at + 1 :])
                with contextlib.suppress(sqlite3.IntegrityError):
                    base.execute("INSERT INTO storms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", made)
    loaded = store.load()
    assert storm.last in {one.last for one in loaded}
    for event in storm_events((), loaded):
        assert clean(sentence(event, NOW)) == sentence(event, NOW)
        json.dumps(as_json(event, NOW), allow_nan=False)
    assert StormStore(store.path).save([storm]) is None
