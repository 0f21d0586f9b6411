"""The timeline: kept over restarts, one event by two panels, bounded, and never blocking or raising."""

import os
import sqlite3
import stat
import threading
from dataclasses import replace

import pytest

from stormdeck.model.symbols import Health
from stormdeck.model.timeline.event import Event, Kind
from stormdeck.sources.state.timeline_store import TimelineStore

START = 1_795_000_000.0


def outage(at=0.0, **changes):
    made = Event(
        Kind.DOWN,
        "vLLM http://127.0.0.1:8000",
        START + at,
        "vLLM :8000",
        "down",
        until=START + at + 12,
        total_s=12.0,
        opened=START + at,
        seen=START + at + 12,
        health=Health.ERROR,
    )
    return replace(made, **changes)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "stormdeck" / "timeline.sqlite3"


def save(store, *events, known=None, panel="1", at=50.0):
    return store.save(events, known or {}, panel, START, START + at)


def test_what_was_saved_is_there_after_a_restart(file):
    assert save(TimelineStore(file), outage(), known={"version vLLM": "0.32.0"}) == (outage(),)
    kept = TimelineStore(file).load()
    assert kept.events == (outage(),)
    assert kept.events[0].seen == START + 12
    assert kept.known == {"version vLLM": "0.32.0"}
    assert kept.watched_until == START + 50


def test_the_file_is_for_its_user_only(file):
    save(TimelineStore(file), outage())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_values_of_another_scope_stay_apart(file):
    save(TimelineStore(file, "/src/one"), known={"a": "1"})
    save(TimelineStore(file, "/src/two"), known={"b": "2"})
    assert TimelineStore(file, "/src/one").load().known == {"a": "1"}
    assert TimelineStore(file, "/src/three").load().known == {}


def test_an_event_that_goes_on_is_replaced_by_its_end(file):
    store = TimelineStore(file)
    save(store, outage(is_open=True, until=None, total_s=0.0, seen=START))
    assert save(store, outage()) == (outage(),)


def test_two_panels_that_see_one_event_a_moment_apart_keep_one(file):
    one, other = TimelineStore(file), TimelineStore(file)
    save(one, outage(), panel="1")
    merged = save(other, outage(3.0), outage(600.0), panel="2")
    assert [event.at for event in merged] == [START, START + 600]
    assert [event.until for event in merged] == [START + 15, START + 612]


def test_the_number_of_events_and_their_age_are_bounded(file):
    store = TimelineStore(file, most=10)
    save(store, *(outage(200.0 * number) for number in range(30)))
    assert [event.at - START for event in store.load().events] == [200.0 * number for number in range(20, 30)]
    save(store, outage(40 * 86_400.0), at=40 * 86_400.0)
    assert [event.at - START for event in store.load().events] == [40 * 86_400.0]


def test_a_file_that_is_no_database_is_put_aside_and_a_new_one_started(file):
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    store = TimelineStore(file)
    assert store.load().events == ()
    assert "was damaged" in store.problem
    assert save(store, outage()) == (outage(),)
    assert file.with_name("timeline.sqlite3.damaged").exists()


def test_rows_that_others_wrote_are_skipped(file):
    store = TimelineStore(file)
    save(store, outage())
    with sqlite3.connect(file) as base:
        for body in ("", "[]", "{}", '{"kind": "down", "at": NaN}', "[" * 5000, '{"kind": 5}'):
            base.execute("INSERT INTO events (at, body) VALUES (1, ?)", (body,))
        base.execute("UPDATE known SET key_values = '[1]'")
        base.execute("UPDATE watched SET seen = 'never'")
    base.close()
    kept = store.load()
    assert (kept.events, kept.known, kept.watched_until) == ((outage(),), {}, None)
    assert save(store, outage(600)) == (outage(), outage(600))


def test_a_newer_files_tables_are_left_alone(file):
    save(TimelineStore(file), outage())
    with sqlite3.connect(file) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    store = TimelineStore(file)
    assert save(store, outage(600)) is None
    assert "a newer stormdeck wrote it" in store.problem


def test_a_read_only_panel_reads_and_writes_nothing(file):
    looks_only = TimelineStore(file, writes=False)
    assert looks_only.load().events == ()
    assert save(looks_only, outage()) is None
    assert not file.parent.exists()
    save(TimelineStore(file), outage())
    before = file.read_bytes()
    assert looks_only.load().events == (outage(),)
    assert save(looks_only, outage(600)) is None
    assert file.read_bytes() == before


def test_a_full_or_missing_drive_is_a_problem_and_no_error(file):
    file.parent.parent.mkdir(parents=True)
    file.parent.write_text("a file where the folder should be")
    store = TimelineStore(file)
    assert save(store, outage()) is None
    assert store.problem.startswith("The timeline is not kept: ")


def test_a_locked_file_delays_nothing_for_long(file):
    save(TimelineStore(file), outage())
    base = sqlite3.connect(file, isolation_level=None)
    try:
        base.execute("BEGIN EXCLUSIVE")
        store = TimelineStore(file, patience_s=0.01)
        assert save(store, outage(600)) is None
        assert "locked" in store.problem
    finally:
        base.close()


def test_a_pipe_in_its_place_is_not_waited_for(file):
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    store = TimelineStore(file)
    assert store.load().events == ()
    assert store.problem


def test_panels_in_threads_lose_no_event(file):
    def write(panel):
        store = TimelineStore(file, patience_s=60.0)
        for number in range(5):
            assert save(store, outage(1000.0 * panel + 200.0 * number), panel=str(panel)) is not None

    threads = [threading.Thread(target=write, args=(panel,)) for panel in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(TimelineStore(file).load().events) == 20
