"""A request counts once, however many servers on its way log it."""

from __future__ import annotations

from datetime import datetime

import pytest

from log_lines import access, utc
from places import TESTS
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.traffic.meter import TrafficMeter

T = 1795953600.0
GAPS = (0.0, 0.6, 1.8, 4.2, 8.8)


def storm(prefixes, port=40000):
    """Return the lines of one turn of five failed attempts, which each server logs."""
    return [access(500, port + 1000 * at, prefix=prefix) for _ in GAPS for at, prefix in enumerate(prefixes)]


def counts(report):
    return report.http_requests, report.turns, report.retries, [one.attempts for one in report.storms]


@pytest.mark.parametrize(
    "prefixes",
    [
        ("vllm-1     | ", "litellm-1  | "),
        ("litellm-1  | ", "vllm-1     | "),
        ("[pod/vllm-7c9d-abcde/vllm] ", "[pod/litellm-7c9d-abcde/litellm] "),
        ("vllm-1 | ", "litellm-1 | ", "nginx-1 | "),
    ],
)
def test_one_file_of_several_servers_counts_each_request_once(prefixes):
    whole, live = LogAnalyzer(local_time=utc), LogAnalyzer(local_time=utc)
    lines, each = storm(prefixes), len(prefixes)
    whole.take(LogBatch("all.log", tuple(lines), T, history=True))
    for at, gap in enumerate(GAPS):
        live.take(LogBatch("all.log", tuple(lines[at * each : (at + 1) * each]), T + gap, history=False))
    assert counts(whole.report()) == counts(live.report()) == (5, 1, 4, [5])


def test_the_panel_counts_one_file_of_several_servers_once():
    meter = TrafficMeter(local_time=utc)
    for at in GAPS:
        lines = (access(500, 41000, prefix="vllm-1     | "), access(500, 40000, prefix="litellm-1  | "))
        meter.take(LogBatch("all.log", lines, T + at, history=False))
    seen = meter.snapshot(T + 10)
    assert (seen.requests, seen.turns, seen.retries) == (5, 1, 4)


PROXY_RECORD = "18:16:28 - LiteLLM Proxy:INFO: proxy_server.py:100 - started"
SERVER_RECORD = "(APIServer pid=1) INFO 11-29 12:00:00 [api_server.py:600] Starting vLLM server"


@pytest.mark.parametrize("names", [("litellm.log", "vllm.log"), ("a.log", "b.log")])
@pytest.mark.parametrize("order", [1, -1])
def test_several_logs_of_the_same_traffic_count_each_request_once(names, order):
    proxy = (PROXY_RECORD, *storm([""]))
    server = (SERVER_RECORD, *storm([""], port=50000))
    analyzer = LogAnalyzer(local_time=utc)
    logs = [*zip(names, (proxy, server), strict=True)][::order]
    for name, lines in logs:
        analyzer.note_head(name, lines, T)
    for name, lines in logs:
        analyzer.take(LogBatch(name, lines, T, history=True))
    assert counts(analyzer.report()) == (5, 1, 4, [5])


@pytest.mark.parametrize("server", [(SERVER_RECORD,), ()])
@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("order", [1, -1])
def test_logs_of_bare_access_lines_are_paired_by_their_requests(server, timed, order):
    def lines(port, early):
        return [access(500, port, at=T + gap - early if timed else None) for gap in GAPS]

    logs = [("a.log", tuple(lines(40000, 0.0))), ("b.log", (*server, *lines(50000, 0.02)))][::order]
    analyzer = LogAnalyzer(local_time=datetime.timestamp)
    for name, text in logs:
        analyzer.note_head(name, text, T + 100)
    for name, text in logs:
        analyzer.take(LogBatch(name, text, T + 100, history=True))
    assert counts(analyzer.report()) == (5, 1, 4, [5])


def test_bare_logs_of_other_requests_both_count():
    logs = {"a.log": (0.0, 50.0, 100.0), "b.log": (20.0, 70.0, 130.0)}
    analyzer = LogAnalyzer(local_time=datetime.timestamp)
    batches = {name: tuple(access(200, 5, at=T + at) for at in times) for name, times in logs.items()}
    for name, lines in batches.items():
        analyzer.note_head(name, lines, T + 200)
    for name, lines in batches.items():
        analyzer.take(LogBatch(name, lines, T + 200, history=True))
    assert analyzer.report().http_requests == 6


def test_two_servers_of_one_kind_both_count():
    analyzer = LogAnalyzer(local_time=utc)
    lines = [access(200, port, prefix=prefix) for port in (1, 2, 3) for prefix in ("vllm-1 | ", "vllm-2 | ")]
    analyzer.take(LogBatch("all.log", tuple(lines), T, history=True))
    assert analyzer.report().http_requests == 6


def test_logs_of_different_days_both_count():
    analyzer = LogAnalyzer(local_time=utc)
    days = {"litellm.log": T - 86400, "vllm.log": T}
    logs = {name: tuple(access(200, 5, at=at + step) for step in range(3)) for name, at in days.items()}
    for name, lines in logs.items():
        analyzer.note_head(name, lines, T + 100)
    for name, lines in logs.items():
        analyzer.take(LogBatch(name, lines, T + 100, history=True))
    assert analyzer.report().http_requests == 6


def test_errors_of_the_server_behind_explain_the_storm():
    lines = ["vllm-1 | (EngineCore pid=104) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 50.00 MiB."]
    lines += storm(("vllm-1 | ", "litellm-1 | "))
    analyzer = LogAnalyzer(local_time=utc)
    analyzer.take(LogBatch("all.log", tuple(lines), T, history=True))
    (found,) = analyzer.report().storms
    assert (found.reason, found.from_server) == ("CUDA out of memory", True)


DATA = TESTS / "data" / "logs"


def read(folder, name):
    analyzer = LogAnalyzer(local_time=utc)
    lines = (DATA / folder / f"{name}.log").read_text().splitlines()
    analyzer.take(LogBatch(f"{name}.log", tuple(lines), T + 1e6, history=True))
    return analyzer.report()


@pytest.mark.parametrize("name", sorted(path.stem for path in (DATA / "dress").glob("*.log")))
def test_a_storm_is_found_in_every_log_of_a_collector(name):
    report = read("dress", name)
    if name.startswith("calm"):
        assert counts(report) == (6, 6, 0, [])
    elif name in {"litellm_json_compose", "nginx_combined", "sidecar"}:
        assert counts(report) == (1, 1, 0, [])
    elif name == "backtick":
        assert counts(report) == (3, 1, 2, [3])
    else:
        assert (report.turns, report.retries, [one.attempts for one in report.storms]) == (1, 10, [11])
    assert not report.unread_lines


@pytest.mark.parametrize(("name", "attempts"), [("whole", 11), ("clock_cut2", 9), ("clock_cut4", 7)])
def test_a_log_whose_head_is_cut_off_still_has_its_storm(name, attempts):
    report = read("cut_head", name)
    assert (report.turns, [one.attempts for one in report.storms]) == (1, [attempts])
    assert not report.notes


@pytest.mark.parametrize("name", ["cut2", "cut4"])
def test_a_log_without_times_whose_head_may_be_cut_off_says_so(name):
    (note,) = read("cut_head", name).notes
    assert "cannot be told" in note


@pytest.mark.parametrize(("name", "storms"), [("no_access", []), ("single", []), ("storm", ["CUDA out of memory"])])
def test_the_deepest_cause_is_named_also_without_a_storm(name, storms):
    report = read("root_cause", name)
    assert [one.reason for one in report.storms] == storms
    assert report.errors == ("CUDA out of memory",)


def test_lines_that_hold_a_request_in_an_unknown_form_are_counted():
    strange = "?? POST /v1/messages HTTP/1.1 answered 200 to somebody"
    analyzer = LogAnalyzer(local_time=utc)
    analyzer.take(LogBatch("x.log", (strange, strange, access()), T, history=True))
    report = analyzer.report()
    assert (report.http_requests, report.unread_lines, report.first_unread) == (1, 2, strange)


def test_what_a_proxy_asks_is_no_line_that_was_not_understood():
    line = '18:16:28 - LiteLLM:DEBUG: a.py:1 - HTTP Request: POST http://h/v1/messages "HTTP/1.1 500 Oops"'
    analyzer = LogAnalyzer(local_time=utc)
    analyzer.take(LogBatch("x.log", (line,), T, history=True))
    assert not analyzer.report().unread_lines
