"""What the fuzzers found once, each as the shortest case that showed it."""

import json
from datetime import UTC

import pytest
from laws import cheap

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.dress import value_time
from stormdeck.model.logs.reasons import reason
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.logs.requests.access_reader import AccessReader
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.masking.redaction.log_lines import LogStructure
from stormdeck.model.text import clean
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.sources.logs.splitter import LONGEST_LINE
from stormdeck.sources.servers.prometheus import read_metrics

ROWS = {
    "beginnings of a title": (clean, "\x9d"),
    "beginnings of a device's string": (clean, "\x90"),
    "names that hold a hyphen": (mask_text, "a-"),
    "names of keys": (mask_text, "key-"),
    "blanks": (reason, " "),
    "messages that do not end": (reason, "ErrorInfo(message='"),
}


@pytest.mark.parametrize(("function", "piece"), ROWS.values(), ids=list(ROWS))
def test_a_long_row_is_read_in_no_time(function, piece):
    row = f"x{piece * (LONGEST_LINE // len(piece))} key"
    cheap(function, row)


def pair(**changes):
    """Return what a reader makes of the two lines of a request to claude-code-router, where some fields are odd."""
    asked = {"method": "POST", "url": "/v1/messages", "remoteAddress": "127.0.0.1", "remotePort": 5}
    asked |= {name: changes.pop(name) for name in set(asked) & set(changes)}
    both = {"level": 30, "time": 1795200054183, "pid": 7, "reqId": "r"} | changes
    reader = AccessReader()
    reader.read(json.dumps({**both, "req": asked, "msg": "incoming request"}))
    return reader.read(json.dumps({**both, "res": {"statusCode": changes.get("statusCode", 200)}, "msg": "done"}))


STATUSES = ["negative", "two digits", "four digits", "true", "huge", "a text"]


def test_a_process_number_that_is_a_list_is_no_problem():
    assert pair(pid=[]).status == 200


@pytest.mark.parametrize("status", [-1, 99, 1000, True, 10**400, "200"], ids=STATUSES)
def test_a_status_that_cannot_be_is_no_request(status):
    assert pair(statusCode=status) is None


@pytest.mark.parametrize("port", [-1, 65_536, True, "5"])
def test_a_port_that_cannot_be_is_none(port):
    assert pair(remotePort=port).port == 0


def test_a_method_that_cannot_be_is_no_request():
    assert pair(method="\x1b[31mPOST") is None


@pytest.mark.parametrize(
    "written",
    [10**400, float("inf"), float("nan"), -1, 1e300, "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59Z"],
    ids=["huge", "infinite", "nan", "before 1970", "far away", "year 1", "last second"],
)
def test_a_clock_that_is_wrong_gives_no_time(written):
    assert value_time(written) is None
    line = json.dumps({"message": '127.0.0.1:5 - "GET / HTTP/1.1" 200', "time": written})
    assert parse_access(line).time is None


def test_a_number_that_no_float_holds_costs_only_its_line():
    page = f"vllm:num_requests_running 3\nvllm:num_requests_waiting {'9' * 400}\n".encode()
    assert read_metrics(page, 1.0).gauges == {"running": 3.0}


@pytest.mark.parametrize(
    ("head", "polls"),
    [("INFO:     INFO:     127.0.0.1:34454", 2), ("INFO:     127.0.0.1:344540", 1), ("INFO:     a b:5", 2)],
)
def test_what_begins_like_a_poll_is_read_by_itself_whatever_came_before(head, polls):
    poll = 'INFO:     127.0.0.1:34454 - "GET /health HTTP/1.1" 200 OK'
    ledger = LogAnalyzer()
    for line in (poll, f'{head} - "GET /health HTTP/1.1" 200 OK'):
        ledger.take(LogBatch("log", (line,), 1e9, history=False))
    assert ledger.report(1e9).probes == polls


def test_a_request_with_an_escape_sequence_in_it_stays_in_a_bundle():
    line = 'litellm-1  | INFO:     127.0.0.1:39192 - "GET / \x1b[31mHTTP/1.1" 200 OK'
    assert AccessReader().read(LogStructure().line(line) or "") == AccessReader().read(line)


def test_a_year_that_no_log_has_is_no_time_and_loses_no_line():
    """Read as a time, it made the next line look older, and the one after it like an old line written again."""
    line = '2026-11-20 18:48:55,700 INFO:     127.0.0.1:60594 - "GET /health/liveliness HTTP/1.1" 200 OK'
    garbled = f"\x9b31m22026-02-30 25:61:61,{line.replace('2026', '9026')}"
    ledger = LogAnalyzer(local_time=lambda moment: moment.replace(tzinfo=UTC).timestamp())
    ledger.take(LogBatch("log", (garbled, line, garbled), 1_795_269_720.0, history=False))
    assert ledger.report().probes == 3
