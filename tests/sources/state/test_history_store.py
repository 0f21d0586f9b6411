"""The file of figures: kept over restarts, shared by panels, bounded; nothing that is wrong with it raises."""

import os
import sqlite3
import threading

import pytest

from history_samples import NOW, sample
from stormdeck.model.history.figures import UNKNOWN, Sample
from stormdeck.model.history.ring import KEPT_S, MINUTE_S, STEP_S
from stormdeck.sources.state import history_store
from stormdeck.sources.state.history_store import HistoryStore

ONE = sample(NOW, running=3.0, ttft_p50_s=0.8, gpu_power_w=1210.0)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "stormdeck" / "history.sqlite3"


def saved(file, *samples, length=STEP_S, now=NOW):
    store = HistoryStore(file)
    assert store.save([(length, one) for one in samples], now)
    return store


def test_samples_are_as_they_were_after_a_restart(file):
    saved(file, ONE, sample(NOW - 5))
    assert HistoryStore(file).load(NOW) == [(STEP_S, ONE), (STEP_S, sample(NOW - 5))]
    assert HistoryStore(file).problem == ""


def test_without_a_file_there_is_nothing_and_nothing_is_made(file):
    store = HistoryStore(file)
    assert store.load(NOW) == []
    assert store.save([], NOW)
    assert not file.parent.exists()


def test_it_is_for_its_user_alone(file):
    before = os.umask(0)
    try:
        saved(file, ONE)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_old_rows_and_rows_of_a_wrong_clock_go(file):
    saved(file, sample(NOW - KEPT_S[STEP_S] - 5), sample(NOW + 4000), now=NOW + 4000)
    saved(file, ONE)
    assert HistoryStore(file).load(NOW + 9000) == [(STEP_S, ONE)]


def test_there_are_never_more_rows_than_a_bound(file, monkeypatch):
    monkeypatch.setattr(history_store, "MOST_ROWS", 10)
    saved(file, *(sample(NOW - 5 * back) for back in range(30)))
    assert [one.at for _, one in HistoryStore(file).load(NOW)] == [NOW - 5 * back for back in range(10)]


def test_a_day_takes_less_than_a_megabyte(file):
    whole = tuple(float(1000 + place) for place in range(len(UNKNOWN)))
    store = saved(
        file, *(Sample(NOW - 60 * back, whole, ":8000", "Qwen") for back in range(1440, 0, -1)), length=MINUTE_S
    )
    assert store.save([(STEP_S, Sample(NOW - 5 * back, whole, ":8000", "Qwen")) for back in range(720, 0, -1)], NOW)
    assert len(store.load(NOW)) == 2160
    assert file.stat().st_size < 1_000_000


def test_two_panels_may_write_at_once(file):
    def write(server):
        store = HistoryStore(file)
        worked.extend(store.save([(STEP_S, sample(NOW - 5 * back, server=server))], NOW) for back in range(20))

    worked = []
    threads = [threading.Thread(target=write, args=(server,)) for server in (":8000", ":8001")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worked == [True] * 40
    assert len(HistoryStore(file).load(NOW)) == 40


def test_the_same_moment_of_the_same_server_is_one_row(file):
    saved(file, sample(NOW, running=1.0))
    saved(file, sample(NOW, running=2.0))
    assert HistoryStore(file).load(NOW) == [(STEP_S, sample(NOW, running=2.0))]


@pytest.mark.parametrize("damage", [b"no database at all", None], ids=["foreign", "torn"])
def test_a_damaged_file_is_put_aside_and_reported(file, damage):
    store = saved(file, *(sample(NOW - 5 * back, running=2.0) for back in range(400)))
    data = file.read_bytes()
    file.write_bytes(damage if damage is not None else data[:4096] + os.urandom(4096) + data[8192:])
    assert store.load(NOW) == []
    assert "was damaged and is now history.sqlite3.damaged" in store.problem
    assert store.save([(STEP_S, ONE)], NOW)
    assert store.load(NOW) == [(STEP_S, ONE)]
    assert store.problem == ""


def test_the_file_of_a_newer_version_is_left_alone(file):
    store = saved(file, ONE)
    with sqlite3.connect(file) as base:
        base.execute("PRAGMA user_version = 2")
    base.close()
    before = file.read_bytes()
    assert store.load(NOW) == []
    assert not store.save([(STEP_S, ONE)], NOW)
    assert "newer stormdeck" in store.problem
    assert file.read_bytes() == before


NONSENSE = [
    "",
    "no JSON",
    "[1]",
    "[" * 1500,
    '{"running": "three"}',
    '{"running": -1}',
    '{"running": true}',
    '{"running": 1e999}',
]


@pytest.mark.parametrize("text", NONSENSE)
def test_rows_of_nonsense_hold_nothing(file, text):
    store = saved(file, ONE, sample(NOW - 5, running=1.0))
    with sqlite3.connect(file) as base:
        base.execute("UPDATE figures SET known = ? WHERE at = ?", (text, NOW))
        base.execute("INSERT INTO figures VALUES (7, ?, '', '', '{}')", (NOW,))
        base.execute("INSERT INTO figures VALUES (5, ?, '', '', ?)", (NOW - 10, "{" + " " * 5000 + "}"))
    base.close()
    found = [one for _, one in store.load(NOW)]
    assert sample(NOW - 5, running=1.0) in found
    assert all(one.values == UNKNOWN for one in found if one.at == NOW)
    assert {one.at for one in found} <= {NOW, NOW - 5}


def _folder(file):
    file.mkdir(parents=True)


def _no_folder(file):
    file.parent.parent.mkdir()
    file.parent.write_text("a file where a folder is needed")


def _device(file):
    file.parent.mkdir(parents=True)
    file.symlink_to("/dev/full")


def _pipe(file):
    file.parent.mkdir(parents=True)
    os.mkfifo(file)


WAYS = [_folder, _no_folder, _device, _pipe]


@pytest.mark.parametrize("obstruct", WAYS, ids=["folder", "no folder", "device", "pipe"])
def test_what_stands_in_the_way_is_reported_and_never_raised(file, obstruct):
    obstruct(file)
    store = HistoryStore(file)
    assert not store.save([(STEP_S, ONE)], NOW)
    assert store.problem.startswith("History is not kept: ")
    assert store.load(NOW) == []


def test_a_panel_that_does_not_let_go_is_reported_and_the_next_call_writes(file):
    saved(file, ONE)
    base = sqlite3.connect(file, isolation_level=None)
    base.execute("BEGIN EXCLUSIVE")
    try:
        blocked = HistoryStore(file, patience_s=0.01)
        assert not blocked.save([(STEP_S, sample(NOW - 5))], NOW)
        assert "locked" in blocked.problem
    finally:
        base.close()
    assert blocked.save([(STEP_S, sample(NOW - 5))], NOW)
    assert blocked.problem == ""


@pytest.mark.parametrize("content", [None, b"", b"no database" * 500], ids=["none", "empty", "damaged"])
def test_a_read_only_panel_reads_and_writes_nothing(file, content):
    saved(file, ONE)
    if content is not None:
        file.write_bytes(content)
    before = file.read_bytes()
    store = HistoryStore(file, writes=False)
    assert store.load(NOW) == ([(STEP_S, ONE)] if content is None else [])
    assert bool(store.problem) == (content is not None)
    assert store.save([(STEP_S, sample(NOW - 5))], NOW)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.read_bytes() == before


def test_text_that_no_database_takes_is_made_harmless(file):
    saved(file, sample(NOW, server="a\udcff\x1b[31m", model="\ud800"))
    ((_, one),) = HistoryStore(file).load(NOW)
    assert "\x1b" not in one.server
