"""The recorder's file: private, bounded, gone at the end, and cleared if the recorder was killed."""

import os
import stat
from dataclasses import replace

import pytest

from stormdeck.model.wire.exchange import Exchange, Outcome, from_line
from stormdeck.sources.wire import journal as journals
from stormdeck.sources.wire.journal import Journal, PrivateFile, is_running, remove_left_behind


def lines(journal):
    return [from_line(line) for line in journal.path.read_text().splitlines()]


def test_a_journal_is_private_and_gone_at_the_end(tmp_path):
    journal = Journal(tmp_path / "state" / "wire", "1-2")
    begun = Exchange("1", 5.0)
    journal.note(begun)
    journal.note(replace(begun, outcome=Outcome.ANSWERED))
    assert [one.outcome for one in lines(journal)] == [Outcome.RUNNING, Outcome.ANSWERED]
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    assert [one.outcome for one in journal.kept] == [Outcome.ANSWERED]
    assert is_running(journal.path)
    journal.close()
    assert not list(journal.path.parent.iterdir())


def test_a_journal_is_written_anew_when_it_has_grown(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "MOST_BYTES", 5_000)
    monkeypatch.setattr(journals, "MOST_EXCHANGES", 20)
    journal = Journal(tmp_path, "1")
    for number in range(500):
        journal.note(Exchange(str(number), float(number)))
        assert journal.path.stat().st_size < 6_000
    assert lines(journal)[-1].id == "499"
    assert len(journal.kept) == 20
    assert is_running(journal.path)
    journal.close()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_recorder_left_is_removed_and_nothing_else(tmp_path):
    folder = tmp_path / "wire"
    running = Journal(folder, "running")
    left = Journal(folder, "left")
    os.close(left._file)
    with PrivateFile(folder, "7.settings.json", "{}") as secret:
        remove_left_behind(folder)
        assert {path.name for path in folder.iterdir()} == {"running.jsonl", "7.settings.json"}
        assert secret.path.read_text() == "{}"
        assert stat.S_IMODE(secret.path.stat().st_mode) == 0o600
    running.close()
    assert not list(folder.iterdir())
    remove_left_behind(tmp_path / "missing")


def test_a_file_that_is_a_link_is_not_written(tmp_path):
    other = tmp_path / "other"
    other.write_text("mine")
    (tmp_path / "wire").mkdir()
    (tmp_path / "wire" / "1.jsonl").symlink_to(other)
    with pytest.raises(OSError, match=r"symbolic|Too many levels"):
        Journal(tmp_path / "wire", "1")
    assert other.read_text() == "mine"


def test_a_full_disk_loses_lines_and_nothing_else(tmp_path, monkeypatch):
    journal = Journal(tmp_path, "1")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journals.os, "write", full)
    journal.note(Exchange("1", 1.0))
    monkeypatch.undo()
    assert [one.id for one in journal.kept] == ["1"]
    journal.close()
