"""Attempts that left no line: what is known of why they failed, and what is not."""

import pytest

import transcripts as written
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.transcript import parse_entry
from stormdeck.model.traffic.meter import TrafficMeter

T = 1_795_269_600.0
QUICK = [0.0, 0.6, 1.7, 3.9]
SLOW = [0.0, 5.6, 11.8, 19.0]
POLL = 'INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK'


def cause(sent, *, watched_from=T - 60, refused=None):
    """Return the cause of a storm whose attempts are in the transcript alone, without a word on why they failed."""
    meter = TrafficMeter()
    meter.take(LogBatch("litellm.log", (POLL,), watched_from, history=False))
    for t, refuses in refused or ():
        meter.set_refusing(T + t, refuses=refuses)
    texts = [written.ask(T), *[written.request(T + t, f"r{n}") for n, t in enumerate(sent)]]
    texts.append(written.answer(T + sent[-1] + 0.5, request=f"r{len(sent) - 1}"))
    for text in texts:
        meter.take_entry(parse_entry(text))
    (storm,) = meter.snapshot(T + 30).storms
    return storm.cause


@pytest.mark.parametrize(
    ("sent", "known", "expected"),
    [
        (QUICK, {}, "unknown"),
        (SLOW, {}, "timeout"),
        (SLOW, {"watched_from": T + 60}, "unknown"),
        (QUICK, {"refused": [(-1, True), (3.5, False)]}, "refused"),
        (QUICK, {"refused": [(-9, True), (-5, False)]}, "unknown"),
    ],
    ids=["quick", "slow", "before anybody read the log", "while nothing listened", "after nothing listened"],
)
def test_a_cause_is_reported_only_where_something_proves_it(sent, known, expected):
    assert cause(sent, **known) == expected
