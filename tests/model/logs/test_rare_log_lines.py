"""Lines that few logs have: cut off, malformed, or in a clock of their own. None of them is taken for a request."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from dresses import DRESSES, NONE
from log_lines import access, utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes import prefix_reader
from stormdeck.model.logs.prefixes.clocks import clock_in
from stormdeck.model.logs.prefixes.dress import undress, value_time
from stormdeck.model.logs.prefixes.prefix_reader import PrefixReader
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.logs.requests.access_reader import AccessReader
from stormdeck.model.logs.requests.fronts import front_access, go_duration
from stormdeck.model.logs.requests.json_access import json_access
from stormdeck.model.retries.backoff import LEFT
from stormdeck.model.traffic import log_reader, log_servers
from stormdeck.model.traffic.log_analyzer import LogAnalyzer

T = 1795953600.25
CORE = access(500).removeprefix("INFO:     ")


@pytest.mark.parametrize(
    "line",
    [
        '10.0.0.7 - - [no time at all] "POST /v1/messages HTTP/1.1" 500 21',
        '[2026-11-29T12:00:00.250Z] "POST /v1/messages HTTP/1.1" nothing of Envoy',
        '[2026-11-29T12:00:00.250Z] "POST /v1/messages HTTP/1.1" 0 - 2 0 501 - "-" "claude-cli/2.1.332" "x" "y" "z"',
        "[GIN] a line of Gin's about something else",
        "srv  log_server_r: a line of llama.cpp's about something else",
        'fe be/s1 a "GET / HTTP/1.1" that is not HAProxy\'s',
    ],
)
def test_a_line_that_only_begins_like_one_of_a_front_is_no_request(line):
    assert front_access(line, utc, T) is None


def test_a_session_of_haproxy_without_a_status_is_a_request_only_where_the_client_left():
    line = (
        "127.0.0.1:50194 [29/Nov/2026:12:00:00.250] fe be/s1 0/0/0/-1/501 -1 0 - - {end} 1/1/0/0/0 0/0 "
        '"POST /v1/messages HTTP/1.1"'
    )
    left = front_access(line.replace("{end}", "CD--"), utc, T)
    assert left is not None
    assert left.status == LEFT
    assert front_access(line.replace("{end}", "SD--"), utc, T) is None


@pytest.mark.parametrize(("text", "seconds"), [("1m0.5s", 60.5), ("12 s", None), ("", None), ("fast", None)])
def test_a_duration_as_go_writes_it(text, seconds):
    assert go_duration(text) == seconds


@pytest.mark.parametrize("status", [0, 42, 1000])
def test_json_without_a_possible_status_is_no_request(status):
    fields = {"method": "POST", "path": "/v1/messages", "status": status, "time": "2026-11-29T12:00:00Z"}
    assert json_access(fields, utc, T) is None


def test_true_is_no_status():
    assert json_access({"method": "POST", "path": "/v1/messages", "status": True}, utc, T) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-29T12:00:00.250Z", T),
        ("1795953600250", T),
        ("Nov 29 12:00:00 2026", T - 0.25),
        ("Feb 31 12:00:00", None),
    ],
)
def test_a_clock_is_read_or_not_known(text, time):
    clock = clock_in(text, 0, len(text), utc, T)
    assert (clock.time if clock is not None else None) == time
    assert value_time(text, utc, T) == time


def test_a_number_that_is_no_time_has_none():
    assert value_time(10**400) is None


def test_the_text_of_a_collector_is_shown_as_it_is_where_it_cannot_be_decoded():
    line = '[0] docker.vllm: [[1795953600.250000000, {}], {"log"=>"a \\q b"}]'
    assert undress(line, utc, T).text == "a \\q b"


def test_the_message_of_loguru_and_the_name_of_a_kubernetes_container_are_read():
    assert undress('{"text": "x", "record": {"message": "a line\\n"}}', utc, T).text == "a line"
    named = undress('{"log": "a line\\n", "kubernetes": {"container_name": "vllm"}}', utc, T)
    assert (named.text, named.name) == ("a line", "vllm")


def test_a_request_without_an_address_is_one():
    found = parse_access('- "POST /v1/messages HTTP/1.1" 500 Internal Server Error', utc, T)
    assert found is not None
    assert (found.host, found.status) == ("", 500)


def test_words_before_a_request_are_no_address():
    assert parse_access(f"the request was {CORE}"[: 15 + 3] + '- "POST /v1/messages HTTP/1.1" 500', utc, T) is None


@pytest.mark.parametrize("field", [{"method": 7}, {"url": None}, {"status": "500"}, {"status": 7}, {"method": "?"}])
def test_a_record_of_the_router_that_is_no_request(field):
    request = {"method": "POST", "url": "/v1/messages", "remotePort": 50194} | field
    status = request.pop("status", 500)
    first = {"reqId": "req-1", "req": request, "msg": "incoming request"}
    last = {"reqId": "req-1", "res": {"statusCode": status}, "time": 1795953600300}
    reader = AccessReader()
    assert [reader.read(json.dumps(one), T) for one in (first, last)] == [None, None]
    assert reader.in_flight == 0


@pytest.mark.parametrize("name", [name for name, dress in DRESSES.items() if dress.clock is not NONE])
def test_more_prefixes_and_minutes_than_are_remembered_are_still_read(monkeypatch, name):
    monkeypatch.setattr(prefix_reader, "_MOST_KNOWN", 1)
    monkeypatch.setattr(prefix_reader, "_MOST_MINUTES", 1)
    analyzer = LogAnalyzer(local_time=utc)
    lines = tuple(DRESSES[name].write(T + 61 * number, access(500)) for number in range(6))
    for _ in range(2):
        analyzer.take(LogBatch("log", lines, T + 400, history=False))
    assert analyzer.has_requests


def test_a_log_that_goes_back_in_time_counts_no_line_twice(monkeypatch):
    monkeypatch.setattr(log_reader, "REMEMBERED", 4)
    dress = next(one for one in DRESSES.values() if one.clock is not NONE and one.clock <= 1)
    lines = tuple(dress.write(T + 20 * number, access(200)) for number in range(6))
    analyzer = LogAnalyzer(local_time=utc)
    for batch in (lines, lines[3:], (lines[5], lines[2], lines[4])):
        analyzer.take(LogBatch("log", batch, T + 120, history=True))
    assert analyzer.report(T + 120).main_requests == 6


def test_lines_with_requests_that_are_not_understood_are_shown():
    analyzer = LogAnalyzer(local_time=utc)
    analyzer.take(
        LogBatch("log", ('10.0.0.7 asked us "POST /v1/messages HTTP/1.1", which gave 500',) * 2, T, history=False)
    )
    assert analyzer.unread.startswith("2 lines with HTTP/, none understood; the first: 10.0.0.7 asked")


def test_more_servers_in_one_log_than_are_told_apart_are_read_as_the_last(monkeypatch):
    monkeypatch.setattr(log_servers, "MOST_SERVERS", 2)
    analyzer = LogAnalyzer(local_time=utc)
    line = access(500)
    lines = tuple(f"vllm-{number}  | {line.replace('50194', str(50100 + number))}" for number in range(4))
    analyzer.take(LogBatch("log", lines, T, history=False))
    assert analyzer.report(T).main_requests == 4


def test_lines_that_changed_places_within_a_second_are_all_counted():
    dress = next(one for one in DRESSES.values() if one.clock is not NONE and one.clock <= 0.001)
    lines = tuple(dress.write(T + late, access(200)) for late in (0.0, 0.9, 0.4, 1.3))
    analyzer = LogAnalyzer(local_time=utc)
    analyzer.take(LogBatch("log", lines, T + 10, history=True))
    assert analyzer.report(T + 10).main_requests == 4


def test_a_prefix_longer_than_any_is_left_alone():
    assert undress("2026-11-29T12:00:00.250Z stdout F " * 100 + "INFO: x", utc, T).text.endswith("INFO: x")


def test_a_prefix_is_searched_for_in_the_beginning_of_a_line_only():
    long = f"{'n' * 150}{' ' * 100}| "
    assert undress(f"{long * 5}INFO: x", utc, T).text == f"{long * 2}INFO: x"


def test_the_end_of_summer_time_between_two_clocks_moves_no_line():
    """A collector's local time goes back by an hour; the host's own clock behind it is in UTC."""
    before = "2026-10-25T02:30:01+02:00 Oct 25 00:30:01 gpu1 vllm[7]: INFO: ready"
    after = "2026-10-25T02:30:02+01:00 Oct 25 01:30:02 gpu1 vllm[7]: INFO: ready"
    reader = PrefixReader(utc)
    times = [reader.read(LogBatch("log", (line,), T, history=False)).times for line in (before, after, before)]
    end = datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()
    assert times == [[end - 1799], [end + 1802], [end - 1799]]


def test_a_line_whose_seconds_are_garbled_has_the_time_of_its_minute():
    reader = PrefixReader(utc)
    lines = ("2026-11-29T12:00:57Z INFO: x", "2026-11-29T12:00:?8Z INFO: x", "2026-11-29T12:00:59Z INFO: x")
    minute = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
    assert reader.read(LogBatch("log", lines[:1], T, history=False)).times == [minute + 57]
    assert reader.read(LogBatch("log", lines, T, history=False)).times == [minute + 57, minute, minute + 59]


@pytest.mark.parametrize("before", ["10.0.0.7", "", "INFO:    ", "hello ", "hello: "])
def test_a_request_with_half_an_address_is_one(before):
    found = parse_access(f'{before} - "POST /v1/messages HTTP/1.1" 500 Oops', utc, T)
    assert found is None or (found.status, found.port) == (500, 0)


def test_lines_of_one_batch_that_differ_are_read_one_by_one():
    """Lines that are alike are read the fast way; colours, another prefix and a broken clock are read all the same."""
    dress = DRESSES["docker -t"]
    alike = [dress.write(T + number, access(500)) for number in range(3)]
    odd = (alike[1].replace("INFO", "\x1b[32mINFO\x1b[0m"), access(500), alike[1].replace(":", ";", 1), "\x1b")
    for one in odd:
        analyzer = LogAnalyzer(local_time=utc)
        analyzer.take(LogBatch("log", tuple(alike), T + 10, history=False))
        analyzer.take(LogBatch("log", (alike[0], one, alike[2]), T + 20, history=False))
        assert analyzer.has_requests
    bare = PrefixReader(utc).read(LogBatch("log", tuple(alike), T + 10, history=True, times=(T, None, T + 2)))
    assert bare.times is not None
    assert bare.times == pytest.approx([T, T + 1, T + 2], abs=1)


def test_prefixes_beyond_those_that_are_remembered_are_read_each_time(monkeypatch):
    monkeypatch.setattr(prefix_reader, "_MOST_KNOWN", 0)
    monkeypatch.setattr(prefix_reader, "MOST_TEMPLATES", 1)
    analyzer = LogAnalyzer(local_time=utc)
    lines = [DRESSES[name].write(T + number, access(500)) for number, name in enumerate(DRESSES)]
    half = access(500)[:20]
    split = [f"2026-11-29T12:00:0{number}Z std{out} P {half}" for number in range(3) for out in ("out", "err")]
    for line in (*lines, *split, *lines):
        analyzer.take(LogBatch("log", (line,), T + 100, history=False))
    assert analyzer.has_requests
