"""What a log reader forgets, and lines that it reads twice."""

import pytest

from log_lines import access, batch
from stormdeck.model.logs.requests.access_reader import AccessReader
from stormdeck.model.retries.chain import Request, first_attempt
from stormdeck.model.retries.pairing import _could_be, _may_be
from stormdeck.model.retries.sessions import End, TranscriptTurn
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.registry import is_not_applicable
from stormdeck.model.traffic import log_reader
from stormdeck.model.traffic.meter import TrafficMeter

T = 1_795_202_521.0
TURN = TranscriptTurn("s", "", "", T, T + 10, end=End.ANSWERED)


def chain(t, status=200):
    return first_attempt(1, Request("log", status, "h", 1, t))


@pytest.mark.parametrize("t", [None, T - 60, T + 60])
def test_a_chain_of_another_time_is_not_the_turn(t):
    assert not _may_be(TURN, chain(t), 0.0)
    assert _could_be(TURN, chain(t)) is (t is None)


def test_a_log_that_is_no_longer_followed_leaves_its_counts():
    meter = TrafficMeter()
    meter.take(batch(access(500), t=T, log="a"))
    before = meter.snapshot(T + 1).requests
    meter.forget("a")
    assert meter.snapshot(T + 1).requests == before


def test_connections_and_lines_beyond_the_memory_are_read_again(monkeypatch):
    monkeypatch.setattr(log_reader, "CONNECTIONS", 1)
    monkeypatch.setattr(log_reader, "REMEMBERED", 1)
    meter = TrafficMeter()
    for at in range(4):
        meter.take(batch(access(200, port=5000 + at), t=T + at, log="a"))
        meter.take(
            batch(
                f'2026-11-20T19:22:0{at}Z 127.0.0.1:{6000 + at} - "POST /v1/messages HTTP/1.1" 200', t=T + at, log="a"
            )
        )
    assert meter.snapshot(T + 5).requests >= 4


@pytest.mark.parametrize(
    "line",
    [
        '{"reqId": "incoming request"',
        '{"reqId":1,"statusCode":1}',
        '[{"reqId":1,"statusCode":1}]',
        '{"reqId": x "statusCode":',
    ],
)
def test_a_damaged_line_of_pairs_is_no_request(line):
    assert AccessReader().read(line) is None


def test_a_rule_that_does_not_exist_is_not_judged():
    assert not is_not_applicable("NONE000", Facts(values={}))
