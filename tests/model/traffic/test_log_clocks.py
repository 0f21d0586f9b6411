"""When a line was written: by its own clock, its prefix's or its source's, or by its arrival where these cannot be."""

from __future__ import annotations

import pytest

from dresses import DRESSES, NONE
from log_lines import access, utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.line_times import when
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.traffic.log_reader import has_times

T = 1795953600.25
LINE = access(500)


@pytest.mark.parametrize("name", DRESSES)
def test_a_history_is_dated_by_the_clock_of_its_prefix(name):
    batch = LogBatch("log", ("a banner", DRESSES[name].write(T, LINE)), T, history=True)
    assert has_times(batch, utc) is (DRESSES[name].clock is not NONE)


def test_a_history_is_dated_by_its_source():
    plain = LogBatch("docker:vllm-1", (LINE,), T + 60, history=True)
    assert not has_times(plain, utc)
    assert has_times(LogBatch("docker:vllm-1", (LINE,), T + 60, history=True, times=(T,)), utc)


def test_the_times_of_a_source_date_its_storms():
    gaps = (0.0, 0.6, 1.8, 4.2)
    analyzer = LogAnalyzer(local_time=utc)
    times = tuple(T + gap for gap in gaps)
    analyzer.take(LogBatch("docker:vllm-1", (LINE,) * len(gaps), T + 60, history=True, times=times))
    (storm,) = analyzer.report().storms
    assert (storm.started, storm.last) == pytest.approx((T, T + 4.2))


@pytest.mark.parametrize("hours", [-8, -1, 2, 5.5])
def test_a_clock_with_the_zone_of_another_machine_is_put_right_by_the_arrival(hours):
    written = T - 0.1 + hours * 3600
    assert when(written, LogBatch("log", (LINE,), T, history=False, since=T - 0.4)).t == pytest.approx(T - 0.1)


def test_a_line_that_came_late_keeps_its_own_time():
    assert when(T - 100.5, LogBatch("log", (LINE,), T, history=False, since=T - 0.4)).t == T - 100.5
