"""``stormdeck timeline``: the events that the panel keeps, in a time, as text and JSON."""

import json
import os
import time
from dataclasses import replace

import pytest

from stormdeck.commands.timeline.moments import read_moment
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.symbols import Health
from stormdeck.model.timeline.event import Event, Kind
from stormdeck.sources.state.storm_store import StormStore
from stormdeck.sources.state.timeline_store import TimelineStore

TOKEN = "sk-very-secret-4711"


@pytest.fixture
def now():
    return float(int(time.time()))


@pytest.fixture
def kept(home, now):
    """Fill the stores of a home: an outage three hours ago, one an hour ago, and a storm in between."""
    outage = Event(
        Kind.DOWN,
        "vLLM http://127.0.0.1:8000",
        now - 10_800,
        "vLLM :8000",
        "down",
        until=now - 10_788,
        total_s=12.0,
        seen=now - 10_788,
        health=Health.ERROR,
    )
    later = replace(outage, at=now - 3600, until=now - 3590, total_s=10.0, cause="its engine died", seen=now - 3590)
    state = home.folder / ".local" / "state" / "stormdeck"
    TimelineStore(state / "timeline.sqlite3").save((outage, later), {}, "1", now - 20_000, now)
    storm = Storm(
        started=now - 7200,
        last=now - 7160,
        attempts=11,
        limit=11,
        cause="500",
        reason=f"Authorization: Bearer {TOKEN} \x1b[31mrefused",
        outcome=Outcome.GAVE_UP,
        evidence="transcript",
        log="vllm.log",
        session="26522f09",
        basis="counted by the client",
        confidence=Confidence.SURE,
    )
    StormStore(state / "storms.sqlite3").save([storm])
    return home


def test_the_newest_comes_last_and_each_line_has_time_kind_and_sentence(kept):
    code, out, err = kept.run("timeline")
    first, second, third = out.splitlines()
    assert (code, err) == (0, "")
    assert first.endswith("  down       vLLM :8000 was down for about 12 s")
    assert "  gave_up    Claude Code gave up a turn after 11 attempts in 40 s: 500 " in second
    assert third.endswith("  down       vLLM :8000 was down for about 10 s: its engine died")


def test_no_secret_and_no_escape_sequence_is_printed(kept):
    for flags in ((), ("--json",)):
        _, out, _ = kept.run("timeline", *flags)
        assert TOKEN not in out
        assert "\x1b" not in out
        assert "u001b" not in out


def test_only_what_was_news_in_the_time_is_printed(kept):
    _, out, _ = kept.run("timeline", "--since", "90m")
    assert [line.split("  ")[-1].strip() for line in out.splitlines()] == [
        "vLLM :8000 was down for about 10 s: its engine died"
    ]
    _, out, _ = kept.run("timeline", "--until", "150m")
    assert [line.split("  ")[-1].strip() for line in out.splitlines()] == ["vLLM :8000 was down for about 12 s"]


def test_json_has_a_version_and_unix_times(kept, now):
    code, out, _ = kept.run("timeline", "--json", "--since", "90m")
    document = json.loads(out)
    assert (code, document["version"], document["until"]) == (0, 1, None)
    assert now - 5410 < document["since"] < now
    (event,) = document["events"]
    assert event == {
        "kind": "down",
        "at": now - 3600,
        "until": now - 3590,
        "ongoing": False,
        "subject": "vLLM :8000",
        "text": "vLLM :8000 was down for about 10 s: its engine died",
        "cause": "its engine died",
        "before": None,
        "after": None,
        "count": 1,
        "seconds": 10.0,
        "confidence": None,
    }


def test_without_events_it_says_so_and_writes_nothing(home):
    code, out, err = home.run("timeline")
    assert (code, err) == (0, "")
    assert "No event is kept yet" in out
    code, out, _ = home.run("timeline", "--json")
    assert (code, json.loads(out)["events"]) == (0, [])
    assert not (home.folder / ".local").exists()


def test_a_time_without_events_is_said(kept):
    code, out, err = kept.run("timeline", "--since", "10s")
    assert (code, err) == (0, "")
    assert "None of the 3 events" in out


def test_a_file_that_cannot_be_read_fails_and_stays_as_it_is(kept):
    file = kept.folder / ".local" / "state" / "stormdeck" / "timeline.sqlite3"
    file.write_bytes(b"no database at all" * 100)
    code, out, err = kept.run("timeline")
    assert code == 2
    assert "timeline.sqlite3" in err
    assert "gave up" in out
    assert file.read_bytes() == b"no database at all" * 100


@pytest.mark.parametrize("words", ["yesterday", "", "2x", "25:99", "2026-13-45", "99999999999d", "\x1b[31m"])
def test_a_time_that_is_none_is_refused_with_the_forms(home, words):
    code, out, err = home.run("timeline", "--since", words)
    assert (code, out) == (2, "")
    assert "expected a form such as" in err
    assert "\x1b" not in err


def test_a_time_that_ends_before_it_begins_is_refused(home):
    code, _, err = home.run("timeline", "--since", "1h", "--until", "2h")
    assert code == 2
    assert "later than --until" in err


@pytest.fixture
def in_berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    os.environ.pop("TZ", None)
    time.tzset()


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("2h", 1_795_269_720 - 7200),
        ("15:02", 1_795_269_720),
        ("15:03", 1_795_269_780 - 86_400),
        ("14:02:30", 1_795_269_720 - 3600 + 30),
        ("2026-11-21", 1_795_269_720 - 15 * 3600 - 120),
        ("2026-11-21T15:02", 1_795_269_720),
        ("2026-11-21 14:02:00+00:00", 1_795_269_720),
    ],
)
@pytest.mark.usefixtures("in_berlin")
def test_a_moment_is_an_age_or_a_local_time(words, moment):
    assert read_moment(words, 1_795_269_720.0) == moment


@pytest.mark.usefixtures("in_berlin")
def test_the_end_at_a_time_of_day_is_the_first_one_after_the_beginning():
    now = 1_795_269_720.0
    begin = read_moment("14:30", now)
    assert read_moment("17:00", now, begin) == begin + 2.5 * 3600
    assert read_moment("14:00", now, begin) == begin + 23.5 * 3600
