"""A log under several names is one log."""

import os

import pytest

from stormdeck.model.logs.spec import STDIN, parse_log
from stormdeck.options import load
from stormdeck.sources.logs.same_file import distinct
from stormdeck.sources.recordings.archive import Archive


@pytest.fixture
def names(tmp_path):
    """The names of one file: its own, through a folder, a link, a hard link, and a link to its folder."""
    log = tmp_path / "vllm.log"
    log.write_text("INFO: one\n")
    (tmp_path / "link.log").symlink_to(log)
    os.link(log, tmp_path / "hard.log")
    (tmp_path / "folder").symlink_to(tmp_path)
    return [log, tmp_path / "folder" / ".." / tmp_path.name / "vllm.log", tmp_path / "link.log", tmp_path / "hard.log"]


def test_the_first_name_stays(names):
    assert distinct(names) == names[:1]
    assert distinct(reversed(names)) == names[-1:]


def test_other_logs_and_other_places_stay(names, tmp_path):
    other = tmp_path / "other.log"
    other.write_text("INFO: one\n")
    logs = [names[0], other, tmp_path / "later.log", STDIN, parse_log("docker:a"), parse_log("docker:b")]
    assert distinct([*logs, parse_log("docker:a"), tmp_path / "later.log"]) == logs


def test_a_name_that_no_file_can_have_is_left_to_its_reader(tmp_path):
    assert len(distinct([tmp_path / "a\0b", tmp_path / "a\0b", tmp_path / ("x" * 5000)])) == 2


def test_analyze_reads_it_once(names):
    archive = Archive([str(name) for name in names])
    assert [line for batch in archive.batches() for line in batch.lines] == ["INFO: one"]


def test_standard_input_from_the_same_file_is_not_read_again(names, monkeypatch):
    before = os.dup(0)
    file = os.open(names[0], os.O_RDONLY)
    try:
        os.dup2(file, 0)
        archive = Archive([str(names[2]), "-"])
        assert [line for batch in archive.batches() for line in batch.lines] == ["INFO: one"]
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(file)


def test_the_panel_follows_it_once(names):
    assert load({"log": [str(name) for name in names]}, {}, with_file=False).options.log == (names[0],)
