"""Recordings and finished logs: recognised, read whole, in order, in bounded memory."""

import gzip
import io
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stormdeck.model.logs.batch import LogBatch
from stormdeck.sources.logs.splitter import LONGEST_LINE
from stormdeck.sources.recordings.archive import Archive
from stormdeck.sources.recordings.entry import Recorded, Recorder, is_recording, read_recorded, write_recorded

NOW = 2_000_000_000.0


def recorded(*entries):
    return "".join(json.dumps({"t": t, "line": line}) + "\n" for t, line in entries)


def access(path, at=None):
    stamp = f"2026-11-20T10:00:{at:02}+00:00 " if at is not None else ""
    return f'{stamp}INFO:     127.0.0.1:5 - "GET {path} HTTP/1.1" 200 OK'


def read(*files):
    """Read files; returns the archive, and the lines with their arrival where it is known."""
    archive = Archive([str(file) for file in files], clock=lambda: NOW)
    batches = list(archive.batches())
    return archive, [(None if batch.history else batch.arrived, line) for batch in batches for line in batch.lines]


def lines_of(*files):
    return [line for _, line in read(*files)[1]]


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file with a modification time; later calls are later files."""
    written = []

    def write(name, text, age=None):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        written.append(path)
        at = NOW - (age if age is not None else 1000 - 10 * len(written))
        os.utime(path, (at, at))
        return path

    return write


class TestOneFile:
    def test_lines_of_a_recording_arrive_when_it_says(self, write):
        file = write("a.log", recorded((1.5, "one"), (1.5, "two"), (3, "")))
        assert read(file)[1] == [(1.5, "one"), (1.5, "two"), (3.0, "")]

    def test_lines_of_a_plain_log_are_history(self, write):
        assert read(write("a.jsonl", "one\n\ntwo"))[1] == [(None, "one"), (None, ""), (None, "two")]

    @pytest.mark.parametrize(
        "before", ["", "\n\n  \n", '", "line": "the end of a cut line"}\n', "\ufeff"], ids=["", "blank", "cut", "bom"]
    )
    def test_a_recording_is_known_by_its_first_lines_and_not_by_its_name(self, write, before):
        assert (5.0, "x") in read(write("vllm.log", before + recorded((5, "x"))))[1]

    def test_a_servers_json_log_is_no_recording(self, write):
        text = '{"message": "x", "level": "INFO", "timestamp": "2026-11-20T10:00:00"}\n'
        assert read(write("a.log", text))[1] == [(None, text.rstrip())]

    def test_damaged_lines_of_a_recording_are_counted_and_left_out(self, write):
        wrong = [
            '{"t": 1, "li',
            '{"t": "1", "line": "x"}',
            '{"t": NaN, "line": "x"}',
            '{"t": true, "line": "x"}',
            "[1]",
        ]
        wrong += ['{"line": "x"}', '{"t": 1, "line": null}', '{"t": 1' + "0" * 400 + ', "line": "x"}', "[" * 50_000]
        archive, lines = read(write("a", recorded((1, "a")) + "\n".join(wrong) + "\n\n" + recorded((2, "b"))))
        assert lines == [(1.0, "a"), (2.0, "b")]
        assert archive.damaged == len(wrong)
        assert archive.problems == []

    def test_two_logs_in_one_recording_stay_apart(self, write):
        file = write("a", '{"t":1,"line":"x","log":"vllm.log"}\n{"t":1,"line":"y","log":"litellm.log"}\n')
        assert [batch.log for batch in Archive([str(file)]).batches()] == ["vllm.log", "litellm.log"]

    def test_a_compressed_file_is_read_as_what_it_holds(self, write):
        assert lines_of(write("a.gz", gzip.compress(b"one\ntwo\n"))) == ["one", "two"]

    @pytest.mark.parametrize("kept", [20, -4], ids=["cut", "cut in its checksum"])
    def test_of_a_damaged_compressed_file_the_rest_is_reported(self, write, kept):
        archive, _ = read(write("a.gz", gzip.compress(os.urandom(5000))[:kept]))
        assert "damaged or cut off" in archive.problems[0]

    @pytest.mark.parametrize(
        ("make", "why"), [(None, "no such file"), (Path.mkdir, "it is a folder: name the logs")], ids=["", "folder"]
    )
    def test_what_cannot_be_read_is_reported_and_the_rest_is_read(self, write, tmp_path, make, why):
        if make:
            make(tmp_path / "gone")
        archive, lines = read(write("a", "one\n"), tmp_path / "gone", write("b", "two\n"))
        assert [line for _, line in lines] == ["one", "two"]
        assert archive.read == 2
        (problem,) = archive.problems
        assert problem.startswith(f"{tmp_path}/gone cannot be read: ")
        assert why in problem

    def test_an_escape_in_a_file_name_does_not_reach_the_terminal(self):
        assert "\x1b" not in read("a\x1b[31m")[0].problems[0]

    def test_an_empty_file_was_read(self, write):
        archive, lines = read(write("a", ""))
        assert (archive.read, archive.problems, lines) == (1, [], [])


class TestStandardInput:
    @pytest.fixture
    def given(self, monkeypatch):
        return lambda data: monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    @pytest.mark.parametrize("data", [b"one\ntwo", gzip.compress(b"one\ntwo")], ids=["plain", "gzip"])
    def test_it_is_read_like_a_file(self, given, data):
        given(data)
        assert lines_of("-", "-") == ["one", "two"]

    def test_it_may_be_a_recording(self, given):
        given(recorded((7, "x")).encode())
        assert read("-")[1] == [(7.0, "x")]

    def test_a_closed_one_is_reported(self, monkeypatch):
        monkeypatch.setattr("sys.stdin", None)
        assert "standard input cannot be read" in read("-")[0].problems[0]


class TestRotation:
    def test_the_older_parts_come_first(self, write):
        write("a.log.3.gz", gzip.compress(b"one\n"))
        write("a.log.2", "two\n")
        write("a.log.1", "three\n")
        assert lines_of(write("a.log", "four\n")) == ["one", "two", "three", "four"]

    def test_the_parts_are_one_log(self, write):
        write("a.log.1", "one\n")
        assert {batch.log for batch in Archive([str(write("a.log", "two\n"))]).batches()} == {"a.log"}

    @pytest.mark.parametrize("order", [("a.log", "a.log.1"), ("a.log.1", "a.log"), ("a.log", "a.log")], ids="-".join)
    def test_a_part_that_is_named_too_is_read_once(self, write, tmp_path, order):
        write("a.log.1", "one\n")
        write("a.log", "two\n")
        assert lines_of(*(tmp_path / name for name in order)) == ["one", "two"]

    def test_a_part_that_was_written_later_is_something_else(self, write):
        write("a.log.1", "later\n", age=0)
        assert lines_of(write("a.log", "one\n", age=100)) == ["one"]

    def test_a_gap_ends_it(self, write):
        write("a.log.2", "old\n")
        assert lines_of(write("a.log", "one\n")) == ["one"]


class TestSeveralFiles:
    def test_they_are_merged_by_arrival(self, write):
        one = write("a", recorded((1, "a1"), (4, "a4"), (5, "a5")))
        other = write("b", recorded((2, "b2"), (4, "b4")))
        assert lines_of(one, other) == ["a1", "b2", "a4", "b4", "a5"]

    def test_they_are_merged_by_their_own_times(self, write):
        one = write("a", "\n".join([access("/1", 1), "more of it", access("/3", 3)]))
        other = write("b", "\n".join(["a banner", access("/2", 2), access("/4", 4)]))
        found = ["a banner", access("/1", 1), "more of it", access("/2", 2), access("/3", 3), access("/4", 4)]
        assert lines_of(one, other) == found

    def test_one_without_times_comes_first_and_whole(self, write):
        timed, plain = write("a", recorded((1, "x"), (2, "y"))), write("b", "p\nq\n")
        assert lines_of(timed, plain) == ["p", "q", "x", "y"]

    def test_a_clock_that_jumps_neither_loses_nor_repeats_a_line(self, write):
        one = write("a", recorded((5, "a5"), (1, "a1"), (NOW * 2, "far"), (6, "a6")))
        other = write("b", recorded((4, "b4"), (7, "b7")))
        assert lines_of(one, other) == ["b4", "a5", "a1", "far", "a6", "b7"]

    def test_two_of_one_name_are_two_logs(self, write, tmp_path):
        (tmp_path / "x").mkdir()
        files = [str(write("x/a.log", "one\n")), str(write("a.log", "two\n"))]
        assert len({batch.log for batch in Archive(files).batches()}) == 2


def test_an_endless_line_takes_no_memory(tmp_path):
    big = tmp_path / "big.log"
    with big.open("wb") as file:
        file.truncate(150 * 1024 * 1024)
        file.seek(0)
        for _ in range(150):
            file.write(b"x" * 1024 * 1024)
        file.write(b"\nlast\n")
    code = (
        "import sys; from stormdeck.sources.recordings.archive import Archive;"
        "lines = [line for b in Archive(sys.argv[1:]).batches() for line in b.lines];"
        "peak = open('/proc/self/status').read().split('VmHWM:')[1].split()[0]; print(len(lines), lines[-1], peak)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(big)], check=True, capture_output=True, text=True)
    count, last, peak = done.stdout.split()
    assert (count, last) == ("2", "last")
    assert int(peak) * 1024 < 100 * 1024 * 1024


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


class TestProperties:
    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.floats(0, 4e9).map(lambda t: round(t, 3)), texts, texts), min_size=1, max_size=8))
    def test_what_is_recorded_is_read_back(self, entries):
        entries = [Recorded(*entry) for entry in entries]
        assert read_recorded([write_recorded(entry) for entry in entries]) == entries

    @settings(max_examples=80)
    @given(st.lists(st.text(max_size=30) | st.just('{"t":1,"line":"x"}') | st.just('{"t":1,"line":"x"'), max_size=6))
    def test_no_text_breaks_it_and_each_line_is_read_for_itself(self, lines):
        alone = [read_recorded([line])[0] for line in lines]
        assert read_recorded(lines) == alone
        assert is_recording(lines) == any(one for one in read_recorded([line for line in lines if line.strip()][:5]))

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.binary(max_size=60), min_size=1, max_size=3))
    def test_no_bytes_break_it_and_every_line_comes_once(self, tmp_path, contents):
        files = [tmp_path / f"file-{number}" for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(b"one\n" + content)
        archive, lines = read(*files)
        written = [content.replace(b"\0", b"") for content in contents]
        expected = sum(text.count(b"\n") + (text[-1:] not in {b"", b"\n"}) for text in written)
        assert (archive.read, archive.problems) == (len(files), [])
        assert len(lines) == len(files) + expected

    def test_a_line_that_is_too_long_is_cut_so_that_it_can_be_read_back(self):
        text = write_recorded(Recorded(1.0, "\x01é" * LONGEST_LINE))
        assert len(text.encode()) < LONGEST_LINE
        assert read_recorded([text])[0].line.endswith("é…")


class TestRecorder:
    def batch(self, *lines, history=False, arrived=1.25, log="a.log"):
        return LogBatch(log, lines, arrived, history)

    def test_what_it_keeps_can_be_analysed(self, tmp_path):
        recorder = Recorder(tmp_path / "out", several=False)
        recorder.take(self.batch("old", history=True))
        recorder.take(self.batch("one", "tw\u00f6 \x1b[31m"))
        assert json.loads((tmp_path / "out").read_text().splitlines()[0]) == {"t": 1.25, "line": "one"}
        recorder.close()
        assert read(tmp_path / "out")[1] == [(1.25, "one"), (1.25, "tw\u00f6 \x1b[31m")]

    def test_of_several_logs_each_line_names_its_own(self, tmp_path):
        recorder = Recorder(tmp_path / "out", several=True)
        recorder.take(self.batch("one", log="b.log"))
        recorder.close()
        assert json.loads((tmp_path / "out").read_text())["log"] == "b.log"

    def test_it_is_for_its_user_alone(self, tmp_path):
        Recorder(tmp_path / "out", several=False).close()
        assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("is_link", [False, True], ids=["file", "link"])
    def test_what_is_there_is_left_alone(self, tmp_path, is_link):
        if is_link:
            (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
        else:
            (tmp_path / "out").write_text("mine")
        with pytest.raises(FileExistsError):
            Recorder(tmp_path / "out", several=False)
        assert is_link or (tmp_path / "out").read_text() == "mine"
        assert not (tmp_path / "elsewhere").exists()

    def test_a_full_disk_is_reported_and_ends_it(self, tmp_path):
        recorder = Recorder(tmp_path / "out", several=False)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        try:
            recorder.take(self.batch("one" * 100))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert "cannot be written" in recorder.problem
        recorder.take(self.batch("two"))
        recorder.close()
        assert "two" not in (tmp_path / "out").read_text()
