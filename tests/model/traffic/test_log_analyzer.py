"""Requests and errors that are read from the lines of a log."""

from dataclasses import replace

from log_lines import utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.log_analyzer import LogAnalyzer


def test_a_moment_of_other_requests_extends_the_span_of_the_log():
    """A log with times that has only health checks shows that no request was sent then."""
    analyzer = LogAnalyzer(local_time=utc)
    lines = ('2026-11-20T18:48:56Z INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK',)
    judged = analyzer.take(LogBatch("vllm.log", lines, 1_795_269_720.0, history=True))
    assert len(judged) == 0
    assert analyzer.report(1_795_269_721.0).probes == 1


def test_a_poll_with_another_head_is_parsed_again():
    analyzer = LogAnalyzer(local_time=utc)
    poll = 'INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK'
    batch = LogBatch("vllm.log", (poll,) * 3, 1_795_269_720.0, history=False)
    analyzer.take(batch)
    analyzer.take(replace(batch, lines=(poll, f"someone wrote: {poll}")))
    assert analyzer.report(1_795_269_721.0).probes == 4
