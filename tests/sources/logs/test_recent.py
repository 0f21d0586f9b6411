"""The ends of logs: read once for a command, kept by the feed for the panel."""

from pathlib import Path

import pytest

from stormdeck.feed.logs import LogEnds
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.endings import Ending
from stormdeck.sources.logs.recent import recent_lines

STOPPED = "(APIServer pid=1) INFO 11-20 18:26:07 [launcher.py:254] [shutdown] API server: shutdown triggered"


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("one\ntwo\nthree\n", 1000, ("one", "two", "three")),
        ("one\ntwo\nthree\n", 8, ("three",)),
        ("one\ntwo", 1000, ("one", "two")),
        ("", 1000, ()),
    ],
    ids=["all", "a line cut in two is left out", "no line end", "empty"],
)
def test_the_last_whole_lines_are_read(tmp_path, text, most, expected):
    log = tmp_path / "vllm.log"
    log.write_text(text)
    assert recent_lines(log, most).batch.lines == expected


def test_what_cannot_be_read_has_no_lines(tmp_path):
    nothing, folder = recent_lines(tmp_path / "nothing.log"), recent_lines(tmp_path)
    assert (nothing.batch.lines, folder.batch.lines) == ((), ())
    assert nothing.why == f"{tmp_path / 'nothing.log'} does not exist."


def test_the_feed_keeps_how_a_log_ended_and_its_last_line_while_somebody_reads_it():
    ends, path = LogEnds(), {"vllm.log": Path("/var/log/vllm.log")}
    ends.take(LogBatch("vllm.log", ("Loading weights", STOPPED), 1.0, history=False))
    ends.take(LogBatch("other.log", ("else",), 1.0, history=False))
    tails = ends.tails(path, last_lines=True)
    assert tails.endings == {"/var/log/vllm.log": Ending.STOPPED}
    assert tails.last_lines == {"/var/log/vllm.log": STOPPED}
    assert ends.tails(path, last_lines=False).last_lines == {}
    ends.take(LogBatch("vllm.log", ("INFO:     Started server process [2]",), 2.0, history=False))
    assert ends.tails(path, last_lines=False).endings == {}
