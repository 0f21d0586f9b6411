"""What a collector's prefix or record costs: counted, not timed, so that a slow machine gives the same result."""

import sys
from itertools import islice

import pytest
from bench.logs import lines

from dresses import DRESSES
from log_lines import utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes import prefix_reader
from stormdeck.model.traffic.log_analyzer import LogAnalyzer

T = 1795953600.0
AT_ONCE, BATCHES = 1000, 4
PLAIN = [line.rstrip("\n") for line in islice(lines(), AT_ONCE * BATCHES)]
TIMES = [T + number / 50 for number in range(len(PLAIN))]
MOST = 1.5
"""Times the cost of the same lines without a dress."""


def batches(written, times=()):
    """Yield lines as a reader hands them on."""
    for begin in range(0, len(written), AT_ONCE):
        end = begin + AT_ONCE
        yield LogBatch("a.log", tuple(written[begin:end]), TIMES[-1], history=True, times=tuple(times[begin:end]))


def calls_to_read(some):
    """Return how many calls an analyzer makes for batches, once it has seen the first of them."""
    analyzer, made = LogAnalyzer(local_time=utc), [0]
    first, *rest = some
    analyzer.take(first)

    def note(frame, event, arg):
        made[0] += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for batch in rest:
            analyzer.take(batch)
    finally:
        sys.setprofile(before)
    return made[0]


@pytest.mark.parametrize("name", DRESSES)
def test_a_dressed_line_costs_little_more_than_the_same_line_without(name):
    dressed = [DRESSES[name].write(t, line) for t, line in zip(TIMES, PLAIN, strict=True)]
    has_times = DRESSES[name].clock is not None
    plain = calls_to_read(batches(PLAIN, TIMES if has_times else ()))

    assert calls_to_read(batches(dressed)) <= MOST * plain


@pytest.mark.parametrize("name", DRESSES)
def test_hardly_a_line_in_a_known_dress_is_read_in_full(monkeypatch, name):
    read, original = [], prefix_reader.undress
    monkeypatch.setattr(prefix_reader, "undress", lambda line, *given: (read.append(line), original(line, *given))[1])
    dressed = [DRESSES[name].write(t, line) for t, line in zip(TIMES, PLAIN, strict=True)]
    analyzer = LogAnalyzer(local_time=utc)
    for batch in batches(dressed):
        analyzer.take(batch)
    assert len(read) <= len(PLAIN) / 100
    assert analyzer.report().http_requests == plain_requests()


def plain_requests():
    analyzer = LogAnalyzer(local_time=utc)
    for batch in batches(PLAIN):
        analyzer.take(batch)
    return analyzer.report().http_requests
