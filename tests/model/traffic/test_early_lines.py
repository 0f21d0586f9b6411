"""A server writes its access line before the proxy in front of it does: each request counts once all the same."""

import pytest

from log_lines import access, batch
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic import log_analyzer
from stormdeck.model.traffic.log_analyzer import HELD_S, LogAnalyzer

SERVER, PROXY = "vllm.log", "litellm.log"


@pytest.fixture
def analyzer():
    made = LogAnalyzer()
    for log in (SERVER, PROXY):
        made.take(LogBatch(log, ("INFO:     Application startup complete.",), 0.0, history=True))
    return made


def served(analyzer, log, t, status=200, port=5000):
    return analyzer.take(batch(access(status, port + (log == PROXY)), t=t, log=log))


@pytest.mark.parametrize("gap_s", [5, 3000], ids=["busy", "idle between the turns"])
@pytest.mark.parametrize("order", [(SERVER, PROXY), (PROXY, SERVER)], ids=["the server first", "the proxy first"])
def test_each_request_counts_once(analyzer, order, gap_s):
    for turn in range(4):
        for step, log in enumerate(order):
            served(analyzer, log, 1000.0 + turn * gap_s + step * 0.3, port=5000 + 2 * turn)
            analyzer.report(1000.0 + turn * gap_s + step * 0.3 + 0.1)
    assert analyzer.report(2000.0 + 4 * gap_s).main_requests == 4


def test_a_storm_that_the_proxy_tries_again_by_itself_is_the_clients(analyzer):
    for attempt, t in enumerate((1000.0, 1000.6, 1001.8)):
        for again in range(3):
            served(analyzer, SERVER, t + again * 0.01, status=500, port=5000 + 10 * attempt + 2 * again)
        served(analyzer, PROXY, t + 0.05, status=500, port=5000 + 10 * attempt)
    report = analyzer.report(1004.0)
    assert (report.main_requests, [storm.attempts for storm in report.storms]) == (3, [3])


def test_requests_past_an_idle_proxy_count_after_a_while_and_then_at_once(analyzer):
    served(analyzer, SERVER, 1000.0)
    assert analyzer.report(1000.0 + HELD_S - 1).main_requests == 0
    assert analyzer.report(1000.0 + HELD_S + 1).main_requests == 1
    served(analyzer, SERVER, 1020.0, port=5002)
    assert analyzer.report(1020.1).main_requests == 2


def test_nothing_is_held_back_at_the_end(analyzer):
    served(analyzer, SERVER, 1000.0)
    assert analyzer.report().main_requests == 1


def test_lines_without_a_request_leave_what_is_held_back(analyzer):
    served(analyzer, SERVER, 1000.0)
    analyzer.take(batch("a line of another kind", t=1000.1, log=SERVER))
    served(analyzer, PROXY, 1000.3)
    assert analyzer.report(1030.0).main_requests == 1


def test_one_log_alone_is_never_held_back():
    analyzer = LogAnalyzer()
    assert len(served(analyzer, SERVER, 1000.0)) == 1
    assert analyzer.report(1000.0).main_requests == 1


def test_what_is_held_back_is_bounded(analyzer, monkeypatch):
    monkeypatch.setattr(log_analyzer, "MOST_HELD", 3)
    for number in range(5):
        served(analyzer, SERVER, 1000.0 + number / 10, port=5000 + 2 * number)
    assert analyzer.report(1001.0).main_requests == 2
