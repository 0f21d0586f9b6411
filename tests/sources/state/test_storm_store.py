"""Finished storms: kept over restarts, shared by panels, bounded, and never blocking."""

import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.sources.state.storm_store import StormStore
from stormdeck.sources.state.storm_table import CREATE

START = 1_795_000_000.0


def storm(at=0.0, **changes):
    made = Storm(
        started=START + at,
        last=START + at + 40,
        attempts=5,
        limit=11,
        cause="500",
        reason="EngineCore encountered an issue",
        outcome=Outcome.RECOVERED,
        evidence="transcript",
        log="vllm.log",
        session="26522f09",
        basis="counted by the client",
        confidence=Confidence.SURE,
    )
    return replace(made, **changes)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "stormdeck" / "storms.sqlite3"


def test_a_storm_is_recalled_as_it_was_after_a_restart(file):
    assert StormStore(file).save([storm()]) is None
    assert StormStore(file).load() == (storm(),)


def test_the_newest_come_first_and_as_many_as_are_asked_for(file):
    memory = StormStore(file)
    memory.save([storm(200), storm(0), storm(100)])
    assert memory.load(2) == (storm(200), storm(100))


@pytest.mark.parametrize(
    "left_out",
    [storm(outcome=Outcome.LIVE, next_at=START), storm(timed=False, started=0.0, last=0.0)],
    ids=["live", "without times"],
)
def test_what_is_not_over_or_has_no_times_is_left_out_and_makes_no_file(file, left_out):
    memory = StormStore(file)
    assert memory.save([left_out]) is None
    assert memory.load() == ()
    assert not file.parent.exists()


def test_what_becomes_of_a_storm_takes_the_place_of_what_was_known(file):
    memory = StormStore(file)
    memory.save([storm(outcome=Outcome.GAVE_UP, attempts=4)])
    memory.save([storm()])
    assert memory.load() == (storm(),)


def test_two_panels_that_read_one_line_a_moment_apart_remember_one_storm(file):
    one, other = StormStore(file), StormStore(file)
    one.save([storm(session=None, log="vllm.log"), storm(0.4, session=None, cause="429")])
    other.save([storm(0.1, session=None), storm(0.5, session=None, cause="429")])
    assert [known.cause for known in one.load()] == ["429", "500"]


def test_storms_that_began_at_once_in_several_sessions_stay_apart(file):
    memory = StormStore(file)
    memory.save([storm(session="a"), storm(session="b"), storm(session="c")])
    assert {known.session for known in memory.load()} == {"a", "b", "c"}


def test_a_cause_that_was_known_stays(file):
    """The same storm as it is reported beside a log that was renamed: the client counts, and tells no reason."""
    memory = StormStore(file)
    memory.save([storm(cause="500", log="litellm.log")])
    memory.save([storm(0.2, cause="unknown", reason="", log="")])
    (known,) = memory.load()
    assert (known.cause, known.reason, known.log) == ("500", "EngineCore encountered an issue", "litellm.log")


def test_whose_storm_it_was_and_whose_answers_the_failures_were_is_kept(file):
    whose = {"folder": "/src/shop", "agent": "a1", "from_server": True, "served": "qwen"}
    StormStore(file).save([storm(**whose), storm(agent="a2"), storm(200)])
    assert StormStore(file).load() == (storm(200), storm(**whose), storm(agent="a2"))


def test_parts_of_a_storm_that_is_known_as_a_whole_now_go(file):
    memory = StormStore(file)
    parts = [storm(0, last=START + 8, attempts=3), storm(16, last=START + 30, attempts=3)]
    memory.save(parts[:1])
    memory.save(parts[1:])
    assert len(memory.load()) == 2
    memory.save([storm(attempts=7)])
    assert [known.attempts for known in memory.load()] == [7]


OF_0_1_0 = [
    (START, START + 0.9, 4, "cut", "", "recovered", "transcript", "", "s1"),
    (START + 100, START + 140, 6, "reset", "CUDA error: out of memory", "gave up", "transcript", "", "s2"),
    (START + 200, START + 208, 5, "500", "CUDA error", "recovered", "ladder", "litellm.log", None),
    (START + 200.2, START + 208.3, 5, "reset", "", "recovered", "transcript", "", "s3"),
    (START + 300, START + 340, 5, "429", "slow down", "gave up", "transcript", "vllm.log", "s4"),
    (START + 300.1, START + 360, 6, "429", "slow down", "recovered", "transcript", "vllm.log", "s4"),
]
"""Storms as 0.1.0 stored them: a healthy session with subagents, causes that were none, and some stored twice."""
INSERT = "INSERT OR REPLACE INTO storms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
TRUE_ROWS = [(5, "429", "s4"), (5, "500", "s3"), (6, "unknown", "s2")]


@pytest.fixture
def old_file(file):
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as base:
        base.execute(CREATE)
        base.execute("PRAGMA user_version = 1")
        for started, last, attempts, cause, reason, outcome, evidence, log, session in OF_0_1_0:
            row = (None, started, last, attempts, 11, cause, reason, outcome, evidence, log, session, "")
            base.execute(INSERT, row)
    base.close()
    return file


def found(file, **how):
    return [(known.attempts, known.cause, known.session) for known in StormStore(file, **how).load()]


def test_false_rows_of_0_1_0_are_not_recalled(old_file):
    before = old_file.read_bytes()
    assert found(old_file) == found(old_file, writes=False) == TRUE_ROWS
    assert old_file.read_bytes() == before


def test_they_are_dropped_with_the_first_storm_that_is_remembered(old_file):
    StormStore(old_file).save([storm(5000)])
    assert found(old_file) == [(5, "500", "26522f09"), *TRUE_ROWS]
    with sqlite3.connect(old_file) as base:
        assert base.execute("SELECT count(*) FROM storms").fetchone() == (4,)
    base.close()


@pytest.mark.parametrize(
    ("session", "kept"),
    [("s2", [(5, "429", "s4"), (5, "500", "s3")]), ("s4", TRUE_ROWS), ("../s2", TRUE_ROWS)],
    ids=["no status", "a status", "another session"],
)
def test_what_0_1_0_made_of_subagents_goes_however_long_they_took(old_file, tmp_path, session, kept):
    (tmp_path / "projects" / "-home-dev-shop" / session / "subagents").mkdir(parents=True)
    assert found(old_file, transcripts=tmp_path / "projects") == kept


def test_0_1_0_can_still_read_and_write_it(old_file):
    StormStore(old_file).save([storm(5000, folder="/src/shop")])
    with sqlite3.connect(old_file) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (1,)
        row = base.execute("SELECT * FROM storms WHERE started = ?", (START + 5000,)).fetchone()
        assert len(row) == 12
        base.execute(INSERT, row)
    base.close()
    assert StormStore(old_file).load()[0] == storm(5000, folder="/src/shop")


def test_two_panels_may_write_at_once(file):
    def write(first):
        memory = StormStore(file)
        problems.extend(memory.save([storm(1000 * (first + number))]) for number in range(20))

    problems = []
    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [None] * 40
    assert len(StormStore(file).load()) == 40


def test_only_the_newest_are_kept(file):
    memory = StormStore(file, most=3)
    memory.save([storm(1000 * number) for number in range(5)])
    assert [known.started - START for known in memory.load()] == [4000, 3000, 2000]


def test_it_is_for_its_user_alone(file):
    before = os.umask(0)
    try:
        StormStore(file).save([storm()])
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_the_same_storms_again_do_not_touch_the_file(file):
    memory = StormStore(file)
    memory.save([storm()])
    file.unlink()
    assert memory.save([storm()]) is None
    assert not file.exists()


@pytest.mark.parametrize("damage", [b"no database at all", None], ids=["foreign", "torn"])
def test_a_damaged_file_is_put_aside_and_reported(file, damage):
    memory = StormStore(file)
    memory.save([storm(1000 * number) for number in range(200)])
    data = file.read_bytes()
    file.write_bytes(damage if damage is not None else data[:4096] + os.urandom(4096) + data[8192:])
    (file.parent / "storms.sqlite3-journal").write_bytes(b"of the damaged one")
    assert memory.load() == ()
    assert "was damaged and is now storms.sqlite3.damaged" in memory.problem
    assert memory.save([storm()]) is None
    assert memory.load() == (storm(),)
    assert file.with_name("storms.sqlite3.damaged").exists()


def test_the_file_of_a_newer_version_is_left_alone(file):
    StormStore(file).save([storm()])
    with sqlite3.connect(file) as base:
        base.execute("PRAGMA user_version = 2")
    base.close()
    before = file.read_bytes()
    memory = StormStore(file)
    assert memory.load() == ()
    assert "newer stormdeck" in memory.problem
    assert "newer stormdeck" in memory.save([storm(100)])
    assert file.read_bytes() == before


def test_rows_of_nonsense_are_left_out(file):
    memory = StormStore(file)
    memory.save([storm(), storm(100)])
    with sqlite3.connect(file) as base:
        base.execute("UPDATE storms SET outcome = 'lost', started = 'x' WHERE started > ?", (START + 50,))
    base.close()
    assert memory.load() == (storm(),)


def _folder(file):
    file.mkdir(parents=True)


def _no_folder(file):
    file.parent.parent.mkdir()
    file.parent.write_text("a file where a folder is needed")


def _full(file):
    file.parent.mkdir(parents=True)
    file.symlink_to("/dev/full")


@pytest.mark.parametrize("obstruct", [_folder, _no_folder, _full], ids=["folder", "no folder", "device"])
def test_what_stands_in_the_way_is_reported_and_never_raised(file, obstruct):
    obstruct(file)
    memory = StormStore(file)
    found = memory.save([storm()])
    assert found.startswith("Storms are not remembered: ")
    assert "storms.sqlite3" in found
    assert memory.load() == ()


def test_a_panel_that_does_not_let_go_is_reported_and_the_next_call_writes(file):
    memory = StormStore(file)
    memory.save([storm()])
    base = sqlite3.connect(file, isolation_level=None)
    base.execute("BEGIN EXCLUSIVE")
    try:
        blocked = StormStore(file, patience_s=0.01)
        assert "locked" in blocked.save([storm(100)])
    finally:
        base.close()
    assert blocked.save([storm(100)]) is None


def test_text_that_no_database_takes_is_made_harmless(file):
    memory = StormStore(file)
    assert memory.save([storm(log="a\udcff\x1b[31m", reason="\ud800")]) is None
    (known,) = memory.load()
    assert "\x1b" not in known.log


def test_the_feed_can_import_it_without_sqlite():
    code = (
        "import sys; before = set(sys.modules); import stormdeck.sources.state.storm_store; "
        "sys.exit('sqlite3' in set(sys.modules) - before)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestReadOnly:
    def test_what_is_there_is_recalled_and_nothing_is_added(self, file):
        StormStore(file).save([storm()])
        before = file.read_bytes()
        memory = StormStore(file, writes=False)
        assert memory.save([storm(200)]) is None
        assert memory.load() == (storm(),)
        assert memory.problem is None
        assert [path.name for path in file.parent.iterdir()] == [file.name]
        assert file.read_bytes() == before

    def test_no_file_is_made(self, file):
        memory = StormStore(file, writes=False)
        memory.save([storm()])
        assert memory.load() == ()
        assert not file.parent.exists()

    @pytest.mark.parametrize("content", [b"", b"no database" * 500], ids=["empty", "damaged"])
    def test_a_file_that_cannot_be_read_is_reported_and_left_as_it_is(self, file, content):
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
        memory = StormStore(file, writes=False)
        assert memory.load() == ()
        assert "Storms are not remembered" in memory.problem
        assert [(path.name, path.read_bytes()) for path in file.parent.iterdir()] == [(file.name, content)]
