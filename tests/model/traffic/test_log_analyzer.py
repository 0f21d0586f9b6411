"""Requests and errors that are read from the lines of a log."""

from dataclasses import replace

from log_lines import utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.chain import Request
from stormdeck.model.traffic.counters import _moved_in_time
from stormdeck.model.traffic.log_analyzer import LogAnalyzer


def test_a_moment_of_other_requests_extends_the_span_of_the_log():
    """A log with times that has only health checks shows that no request was sent then."""
    analyzer = LogAnalyzer(local_time=utc)
    lines = ('2026-11-20T18:48:56Z INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK',)
    judged = analyzer.take(LogBatch("vllm.log", lines, 1_795_269_720.0, history=True))
    assert len(judged) == 0
    assert analyzer.report(1_795_269_721.0).probes == 1


def test_a_poll_behind_a_prefix_is_a_poll_too():
    analyzer = LogAnalyzer(local_time=utc)
    poll = 'INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK'
    batch = LogBatch("vllm.log", (poll,) * 3, 1_795_269_720.0, history=False)
    analyzer.take(batch)
    analyzer.take(replace(batch, lines=(poll, f"someone wrote: {poll}")))
    assert analyzer.report(1_795_269_721.0).probes == 5


def test_a_record_that_only_contains_the_word_error_is_no_error():
    analyzer = LogAnalyzer(local_time=utc)
    access = 'INFO:     127.0.0.1:{} - "POST /v1/messages HTTP/1.1" 500 Internal Server Error'
    noted = "INFO 11-20 18:48:57 [a.py:1] retried after ERROR: CUDA out of memory"
    for number in range(4):
        t = 1_795_269_720.0 + (0, 0.55, 1.7, 3.9)[number]
        analyzer.take(LogBatch("vllm.log", (noted, access.format(5000)), t, history=False))
    (storm,) = analyzer.report(1_795_269_725.0).storms
    assert (storm.attempts, storm.reason) == (4, "")


def test_a_late_line_is_counted_at_the_time_that_the_transcript_gives():
    """A line that was read long after it was written is counted at the time in the transcript."""
    lines = [Request("log", 200, "h", 1, 1000.0, late=60.0)]
    moved = _moved_in_time(lines, [945.0])
    assert [(one.t, one.number) for one in moved] == [(1000.0, -1), (945.0, 1)]
