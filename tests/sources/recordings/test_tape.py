"""A recording that is to be played: read as a whole, or refused with the line and with what to do."""

import json
import os

import pytest

from stormdeck.sources.recordings import tape as tapes
from stormdeck.sources.recordings.tape import Tape, load_tape


def line(t, text="x", **more):
    return json.dumps({"t": t, "line": text} | more)


def load(tmp_path, *lines, end="\n"):
    path = tmp_path / "today.jsonl"
    path.write_text("\n".join(lines) + end)
    return load_tape(path)


def test_lines_that_arrived_together_stay_together_and_logs_apart(tmp_path):
    tape = load(tmp_path, line(10, "a"), line(10, "b"), line(10, "c", log="vllm.log"), line(12.5, "d"))
    assert [(batch.log, batch.lines, batch.arrived) for batch in tape.batches] == [
        ("today.jsonl", ("a", "b"), 10),
        ("vllm.log", ("c",), 10),
        ("today.jsonl", ("d",), 12.5),
    ]
    assert (tape.name, tape.started, tape.ended, tape.damage) == ("today.jsonl", 10, 12.5, "")
    assert not any(batch.history for batch in tape.batches)


def test_a_clock_that_was_set_back_never_goes_back(tmp_path):
    tape = load(tmp_path, line(10), line(4), line(11))
    assert [batch.arrived for batch in tape.batches] == [10, 10, 11]


@pytest.mark.parametrize(
    ("lines", "end", "said"),
    [
        ([line(1), line(2)[:12]], "", "line 2, the last one, is cut off and skipped"),
        ([line(1), "noise", line(2)], "\n", 'line 2 is no {"t": seconds, "line": text} and left out'),
        (
            [line(1), "noise", "", "[]", line(2)],
            "\n",
            'line 2 and 1 more are no {"t": seconds, "line": text} and left out',
        ),
        ([line(1), line(1e300), line(2)], "\n", 'line 2 is no {"t": seconds, "line": text} and left out'),
        ([line(1), "", line(2)], "\n", ""),
    ],
    ids=["half a line at the end", "noise", "more noise", "a clock of no calendar", "a blank line"],
)
def test_damage_is_left_out_and_reported_with_its_line(tmp_path, lines, end, said):
    tape = load(tmp_path, *lines, end=end)
    assert isinstance(tape, Tape)
    assert tape.damage == said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "today.jsonl is empty: no line was recorded in it"),
        ([line(1)[:9]], "today.jsonl has only a line that is cut off (line 1)"),
        (["INFO:     started", "more"], 'today.jsonl is no recording: line 1 is no {"t": seconds, "line": text}.'),
        (["", '{"level": "info"}'], "today.jsonl is no recording: line 2 is no"),
    ],
    ids=["empty", "half a line", "a plain log", "other JSON"],
)
def test_what_is_no_recording_is_refused(tmp_path, lines, said):
    assert said in load(tmp_path, *lines)


def test_a_plain_log_is_sent_to_analyze(tmp_path):
    assert "`stormdeck analyze` reads plain logs" in load(tmp_path, "INFO:     started")


def test_the_folder_of_a_bundle_is_its_recording(tmp_path):
    (tmp_path / "recording.jsonl").write_text(line(1))
    assert load_tape(tmp_path).name == "recording.jsonl"


@pytest.mark.parametrize("what", ["missing", "empty folder", "pipe", "too large"])
def test_what_cannot_be_read_is_refused(tmp_path, monkeypatch, what):
    path = tmp_path / "x"
    if what == "empty folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "too large":
        path.write_text(line(1))
        monkeypatch.setattr(tapes, "LARGEST_BYTES", 5)
    said = {
        "missing": "cannot be read: no such file",
        "empty folder": "is a folder without a recording.jsonl",
        "pipe": "is not a regular file",
        "too large": "is larger than",
    }
    found = load_tape(path)
    assert isinstance(found, str)
    assert found.startswith(str(path))
    assert said[what] in found
