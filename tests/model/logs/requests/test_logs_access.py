"""An access line is recognised in every form that the real programs write."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_lines import lines_of, utc
from places import TESTS
from stormdeck.model.logs.requests.access import Access, RequestKind, kind_of
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.logs.requests.access_reader import AccessReader

DATA = TESTS / "data" / "logs"
CORE = '127.0.0.1:60140 - "POST /v1/messages?beta=true HTTP/1.1" 500'


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"INFO:     {CORE} Internal Server Error", id="uvicorn"),
        pytest.param(
            "\x1b[32mINFO\x1b[0m:     127.0.0.1:60140 - "
            '"\x1b[1mPOST /v1/messages?beta=true HTTP/1.1\x1b[0m" \x1b[31m500 Oops\x1b[0m\r',
            id="uvicorn-coloured",
        ),
        pytest.param(CORE, id="gunicorn"),
        pytest.param(f"(APIServer pid=26479) INFO:     {CORE} Oops", id="vllm-0.28-prefix"),
        pytest.param(f"2026-11-20 18:48:56,326 INFO:     {CORE} Oops", id="asctime"),
        pytest.param(f"2026-11-20 18:48:56,326 - INFO - {CORE}", id="asctime-dashes"),
        pytest.param(f"2026-11-20T18:48:56.326123456Z INFO:     {CORE} Oops", id="docker-timestamps"),
        pytest.param(f"litellm-1  | INFO:     {CORE} Oops", id="docker-compose"),
        pytest.param(f"Nov 20 18:48:56 box vllm[123]: INFO:     {CORE} Oops", id="journalctl"),
        pytest.param(json.dumps({"message": CORE, "level": "INFO", "component": "uvicorn.access"}), id="litellm-json"),
        pytest.param(json.dumps({"asctime": "2026-11-20 18:36:13,219", "message": CORE}), id="vllm-json"),
        pytest.param(json.dumps({"log": f"INFO:     {CORE} Oops\n", "stream": "stdout"}), id="docker-file"),
    ],
)
def test_every_form_gives_the_same_request(line: str) -> None:
    found = parse_access(line)
    assert found is not None
    assert (found.method, found.path, found.status) == ("POST", "/v1/messages?beta=true", 500)
    assert (found.host, found.port, found.kind) == ("127.0.0.1", 60140, RequestKind.MAIN)


@pytest.mark.parametrize(
    ("line", "host", "port", "status"),
    [
        pytest.param(
            'INFO:     127.0.0.1:1 - "POST /v1/messages HTTP/1.1" 529 ', "127.0.0.1", 1, 529, id="empty-reason"
        ),
        pytest.param('INFO:     127.0.0.1:1 - "POST /v1/messages HTTP/1.1" 529', "127.0.0.1", 1, 529, id="no-reason"),
        pytest.param('INFO:     ::1:50000 - "POST /v1/messages HTTP/1.1" 200 OK', "::1", 50000, 200, id="ipv6"),
        pytest.param(
            'INFO:     [fe80::1]:5 - "POST /v1/messages HTTP/1.1" 200 OK', "fe80::1", 5, 200, id="ipv6-brackets"
        ),
        pytest.param('INFO:      - "POST /v1/messages HTTP/1.1" 200 OK', "", 0, 200, id="unix-socket"),
        pytest.param('INFO:     h:1 - "POST /v1/messages HTTP/2" 200 OK', "h", 1, 200, id="http-2"),
    ],
)
def test_clients_and_statuses_of_every_kind(line: str, host: str, port: int, status: int) -> None:
    found = parse_access(line)
    assert found is not None
    assert (found.host, found.port, found.status) == (host, port, status)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param(
            'INFO - HTTP Request: POST http://h/v1/messages "HTTP/1.1 500 Internal Server Error"',
            id="a-client's-own-log",
        ),
        pytest.param(f"user wrote: {CORE} OK", id="quoted-in-a-sentence"),
        pytest.param(json.dumps({"prompt": CORE, "level": "INFO", "message": "body"}), id="quoted-in-a-prompt"),
        pytest.param('{"message": "x HTTP/1.1', id="broken-json"),
        pytest.param("{" * 5000 + " HTTP/1.1", id="deep-json"),
        pytest.param('{"a":' * 5000 + '" HTTP/1.1"', id="nested-json"),
        pytest.param('INFO:     127.0.0.1:1 - "POST /v1/messages HTTP/1.1" 50', id="cut-off-status"),
        pytest.param('INFO:     127.0.0.1:1 - "POST /v1/messages HTTP/1.1" 5000', id="no-status"),
        pytest.param('WARNING:  127.0.0.1:1 - "POST /v1/messages HTTP/1.1" refused', id="no-status-at-all"),
    ],
)
def test_other_lines_are_no_requests(line: str) -> None:
    assert parse_access(line) is None


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/messages", RequestKind.MAIN),
        ("POST", "/v1/messages?beta=true", RequestKind.MAIN),
        ("POST", "/anthropic/v1/messages", RequestKind.MAIN),
        ("POST", "/v1/v1/messages?beta=true", RequestKind.MAIN),
        ("GET", "/v1/messages", RequestKind.OTHER),
        ("POST", "/v1/messages/count_tokens?beta=true", RequestKind.COUNT_TOKENS),
        ("POST", "/v1/messages/batches", RequestKind.OTHER),
        ("POST", "/v1/chat/completions", RequestKind.OTHER),
        ("POST", "/x?u=/v1/messages", RequestKind.OTHER),
        ("POST", "/api/event_logging/batch", RequestKind.OTHER),
        ("GET", "/health", RequestKind.PROBE),
        ("GET", "/health/liveliness", RequestKind.PROBE),
        ("GET", "/v1/models?limit=1000", RequestKind.PROBE),
        ("GET", "/version", RequestKind.PROBE),
        ("GET", "/metrics", RequestKind.PROBE),
        ("GET", "/load", RequestKind.PROBE),
        ("GET", "/ping", RequestKind.PROBE),
        ("HEAD", "/", RequestKind.PROBE),
        ("GET", "/", RequestKind.PROBE),
        ("HEAD", "/api/hello", RequestKind.PROBE),
        ("GET", "/test-connection", RequestKind.OTHER),
    ],
)
def test_kinds_are_recognised_by_method_and_path(method: str, path: str, kind: RequestKind) -> None:
    assert kind_of(method, path) is kind


def test_a_time_without_zone_counts_only_where_the_zone_is_known() -> None:
    line = f"2026-11-20 18:48:56,500 INFO:     {CORE} Oops"
    in_utc, unknown = parse_access(line, utc), parse_access(line)
    assert in_utc is not None
    assert in_utc.time == datetime(2026, 11, 20, 18, 48, 56, 500000, UTC).timestamp()
    assert unknown is not None
    assert unknown.time is None


def test_a_time_with_zone_counts_by_itself() -> None:
    found = parse_access(f"2026-11-20T18:48:56.5Z INFO:     {CORE} Oops")
    assert found is not None
    assert found.time == datetime(2026, 11, 20, 18, 48, 56, 500000, UTC).timestamp()


@pytest.mark.parametrize("written", ["2026-99-99 18:48:56", "yesterday", None, True, {}])
def test_an_impossible_time_is_no_time(written: object) -> None:
    found = parse_access(json.dumps({"message": CORE, "timestamp": written}), utc)
    assert found is not None
    assert found.time is None


@pytest.mark.parametrize(
    ("log", "main", "count_tokens", "probes", "other"),
    [
        ("litellm-1.109-json_logs.log", 20, 1, 2, 0),
        ("litellm-1.109-gunicorn.log", 9, 0, 6, 0),
        ("litellm-1.109-log_config.log", 3, 0, 2, 0),
        ("litellm-1.109-pty-ansi.log", 3, 0, 0, 0),
        ("litellm-1.80-json_logs.log", 0, 0, 0, 0),
        ("litellm-1.80-debug.log", 10, 0, 1, 0),
        ("claude-code-proxy.log", 13, 1, 4, 2),
        ("claude-code-router-2.0.0.log", 18, 1, 4, 4),
        ("vllm-0.28.log", 47, 6, 15, 56),
        ("vllm-0.32-json.log", 15, 3, 13, 6),
        ("session-always529_default_2.1.112.log", 11, 0, 130, 0),
        ("session-other_client.log", 6, 0, 16, 25),
        ("session-L_401_cooldown_2.1.329.log", 6, 0, 8, 0),
    ],
)
def test_recorded_logs_hold_the_requests_that_were_made(
    log: str, main: int, count_tokens: int, probes: int, other: int
) -> None:
    reader = AccessReader(utc)
    counted = Counter(found.kind for line in lines_of(log) if (found := reader.read(line)))
    kinds = (RequestKind.MAIN, RequestKind.COUNT_TOKENS, RequestKind.PROBE, RequestKind.OTHER)
    assert tuple(counted[kind] for kind in kinds) == (main, count_tokens, probes, other)


def test_claude_code_router_gives_the_status_on_a_later_line() -> None:
    reader = AccessReader()
    came = {"level": 30, "time": 1795200050742, "pid": 1, "reqId": "req-2", "msg": "incoming request"}
    came["req"] = {"method": "POST", "url": "/v1/messages", "remoteAddress": "127.0.0.1", "remotePort": 46046}
    went = {
        "level": 30,
        "time": 1795200050867,
        "pid": 1,
        "reqId": "req-2",
        "res": {"statusCode": 500},
        "msg": "request completed",
    }

    def line(fields: dict[str, object]) -> str:
        return json.dumps(fields, separators=(",", ":"))

    assert reader.read(line(came)) is None
    assert reader.in_flight == 1
    assert reader.read(line(went | {"pid": 2})) is None
    expected = Access("POST", "/v1/messages", 500, "127.0.0.1", 46046, RequestKind.MAIN, 1795200050.867)
    assert reader.read(line(went)) == expected
    assert reader.in_flight == 0
    assert reader.read(line(went)) is None


def test_the_recorded_hang_stays_in_flight() -> None:
    reader = AccessReader()
    for line in lines_of("claude-code-router-2.0.0.log"):
        reader.read(line)
    assert reader.in_flight == 1


def test_open_requests_are_bounded() -> None:
    reader = AccessReader()
    for number in range(1500):
        reader.read(f'{{"pid":1,"reqId":"r{number}","req":{{"method":"GET","url":"/"}},"msg":"incoming request"}}')
    assert reader.in_flight == 1000


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=200), st.sampled_from(["", "{", 'INFO:     1:1 - "POST /v1/messages', '{"reqId":"statusCode":'])
)
def test_no_line_breaks_the_reader(noise: str, start: str) -> None:
    AccessReader(utc).read(f"{start}{noise} HTTP/1.1{noise}")
