"""Read the journals of running recorders, each line once."""

import os
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.sources.wire import journal as journals
from stormdeck.sources.wire.journal import Journal
from stormdeck.sources.wire.reader import JournalReader


def ids(noted):
    return [(journal, exchange.id, exchange.outcome) for journal, exchange in noted]


def test_each_line_is_read_once(tmp_path):
    reader, journal = JournalReader(tmp_path / "wire"), Journal(tmp_path / "wire", "1-2")
    assert reader.read() == []
    begun = Exchange("7", 5.0)
    journal.note(begun)
    assert ids(reader.read()) == [("1-2", "7", Outcome.RUNNING)]
    journal.note(replace(begun, outcome=Outcome.RESET))
    assert ids(reader.read()) == [("1-2", "7", Outcome.RESET)]
    assert reader.read() == []
    assert reader.journals == {"1-2"}
    journal.close()
    assert reader.read() == []
    assert not reader.journals


def test_a_journal_that_was_written_anew_is_read_from_its_start(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "MOST_BYTES", 2_000)
    monkeypatch.setattr(journals, "MOST_EXCHANGES", 5)
    reader, journal = JournalReader(tmp_path), Journal(tmp_path, "1")
    seen = set()
    for number in range(300):
        journal.note(Exchange(str(number), float(number)))
        if number % 3 == 0:
            seen |= {exchange.id for _, exchange in reader.read()}
    seen |= {exchange.id for _, exchange in reader.read()}
    assert seen == {str(number) for number in range(300)}
    journal.close()


def test_what_a_killed_recorder_left_is_not_read(tmp_path):
    journal = Journal(tmp_path, "1")
    journal.note(Exchange("1", 1.0))
    os.close(journal._file)
    assert JournalReader(tmp_path).read() == []


def test_links_pipes_and_folders_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl").symlink_to("/dev/zero")
    (tmp_path / "c.jsonl").mkdir()
    (tmp_path / "other.txt").write_text("x")
    reader = JournalReader(tmp_path)
    assert reader.read() == []
    assert not reader.journals
    assert JournalReader(tmp_path / "missing").read() == []


@given(st.binary(max_size=500))
def test_no_bytes_raise_and_a_line_that_is_not_complete_waits(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("wire")
    journal, reader = Journal(folder, "1"), JournalReader(folder)
    os.write(journal._file, data.replace(b"\n", b" "))
    assert reader.read() == []
    os.write(journal._file, b"\n")
    journal.note(Exchange("9", 1.0))
    assert [exchange.id for _, exchange in reader.read()][-1:] == ["9"]
    journal.close()
