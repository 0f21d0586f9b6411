"""The access logs of fronts and other servers: requests, times, durations, user agents and the real client's address.

nginx 1.22, Apache 2.4, HAProxy 2.6 and Caddy 2.6 are recorded (tests/data/logs/fronts): three requests that failed, one
that took 0.7 s, one whose client left after a second, one poll. The others are as documented.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from log_lines import lines_of, utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.requests.access import RequestKind, client_version
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.traffic.meter import TrafficMeter

AGENT = "claude-cli/2.1.332 (external, cli)"
T = 1795953600.0
RECORDED = {
    "nginx-combined": ("127.0.0.1", False, 499),
    "nginx-timed": ("10.0.0.7", True, 499),
    "nginx-json": ("10.0.0.7", True, 499),
    # Apache logs the status that it would have sent.
    "apache-combined": ("127.0.0.1", False, 200),
    "apache-vhost": ("127.0.0.1", False, 200),
    "caddy-json": ("127.0.0.1", True, 499),
    "caddy-console": ("127.0.0.1", True, 499),
}


def read(name):
    found = [parse_access(line, utc, T) for line in lines_of(f"fronts/{name}.log") if line]
    assert None not in found
    return found


@pytest.mark.parametrize("name", RECORDED)
def test_the_recorded_logs_of_fronts_are_read(name):
    host, has_seconds, left = RECORDED[name]
    found = read(name)
    main = [one for one in found if one.kind is RequestKind.MAIN]
    assert sorted(one.status for one in main) == sorted([500, 500, 500, 200, left])
    assert [one.agent for one in found if one.kind is RequestKind.PROBE] == ["kube-probe/1.29"]
    assert {one.agent for one in main} == {AGENT}
    assert main[0].host == host
    assert all(one.is_front and one.time is not None for one in found)
    moments = [datetime.fromtimestamp(one.time, UTC) for one in found]
    assert {f"{moment:%Y-%m-%d %H:%M}" for moment in moments} == {"2026-11-30 20:16"}
    assert all((one.seconds is not None) is has_seconds for one in found)
    if has_seconds:
        slow = max(one.seconds for one in main if one.status == 200)
        assert slow == pytest.approx(0.75, abs=0.06)


def test_the_recorded_log_of_haproxy_is_read():
    found = read("haproxy")
    main = [one for one in found if one.kind is RequestKind.MAIN]
    assert sorted(one.status for one in main) == sorted([500, 500, 500, 200, 200] * 2)
    assert all(one.port for one in found)
    assert main[3].seconds == pytest.approx(0.714)
    # HAProxy writes when the request began.
    begun = datetime(2026, 11, 30, 20, 16, 22, 92000, UTC).timestamp()
    assert main[3].time == pytest.approx(begun + 0.714)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            '10.0.0.7 - - [29/Nov/2026:12:00:00 +0000] "POST /v1/messages?beta=true HTTP/1.1" 499 0 "-" '
            f'"{AGENT}" 12 "litellm@docker" "http://172.18.0.3:4000" 1501ms',
            (499, "10.0.0.7", 0, T, AGENT, 1.501),
            id="traefik",
        ),
        pytest.param(
            '{"ClientAddr":"10.0.0.7:50194","ClientHost":"10.0.0.7","ClientPort":"50194","DownstreamStatus":502,'
            '"Duration":501000000,"RequestMethod":"POST","RequestPath":"/v1/messages?beta=true",'
            '"RequestProtocol":"HTTP/1.1","StartUTC":"2026-11-29T12:00:00Z",'
            f'"request_User-Agent":"{AGENT}","time":"2026-11-29T12:00:00Z"}}',
            (502, "10.0.0.7", 50194, T + 0.501, AGENT, 0.501),
            id="traefik-json",
        ),
        pytest.param(
            '[2026-11-29T12:00:00.000Z] "POST /v1/messages?beta=true HTTP/1.1" 503 UF 1234 5678 501 - '
            f'"10.0.0.7" "{AGENT}" "id-1" "litellm" "10.0.0.5:4000"',
            (503, "10.0.0.7", 0, T + 0.501, AGENT, 0.501),
            id="envoy",
        ),
        pytest.param(
            '[2026-11-29T12:00:00.000Z] "POST /v1/messages?beta=true HTTP/1.1" 0 DC downstream_remote_disconnect - "-" '
            f'1234 0 501 - "10.0.0.7,172.18.0.1" "{AGENT}" "id-1" "litellm" "10.0.0.5:4000"',
            (499, "10.0.0.7", 0, T + 0.501, AGENT, 0.501),
            id="istio-client-left",
        ),
        pytest.param(
            '{"duration":501,"method":"POST","path":"/v1/messages?beta=true","protocol":"HTTP/1.1",'
            '"response_code":500,"response_flags":"-","start_time":"2026-11-29T12:00:00.000Z",'
            f'"user_agent":"{AGENT}","downstream_remote_address":"10.0.0.7:50194","x_forwarded_for":null}}',
            (500, "10.0.0.7", 50194, T + 0.501, AGENT, 0.501),
            id="envoy-json",
        ),
        pytest.param(
            "10.0.0.7:50194 [29/Nov/2026:12:00:00.000] claude vllm/gpu1 0/0/0/-1/501 -1 0 - - CH-- 1/1/0/0/0 0/0 "
            f'{{llm.example|{AGENT}}} "POST /v1/messages?beta=true HTTP/1.1"',
            (499, "10.0.0.7", 50194, T + 0.501, AGENT, 0.501),
            id="haproxy-client-left",
        ),
        pytest.param(
            '[2026-11-29 12:00:00] INFO:     10.0.0.7:50194 - "POST /v1/messages?beta=true HTTP/1.1" 200 OK',
            (200, "10.0.0.7", 50194, T, "", None),
            id="sglang",
        ),
        pytest.param(
            "srv  log_server_r: done request: POST /v1/messages?beta=true 10.0.0.7 500",
            (500, "10.0.0.7", 0, None, "", None),
            id="llama-server",
        ),
        pytest.param(
            'INFO [      log_server_request] request | tid="1" timestamp=1795953600 remote_addr="10.0.0.7" '
            'remote_port=50194 status=200 method="POST" path="/v1/messages?beta=true" params={}',
            (200, "10.0.0.7", 50194, T, "", None),
            id="llama-server-before-2025",
        ),
        pytest.param(
            '{"tid":"1","timestamp":1795953600,"level":"INFO","function":"log_server_request","line":2345,'
            '"message":"request","remote_addr":"10.0.0.7","remote_port":50194,"status":200,"method":"POST",'
            '"path":"/v1/messages?beta=true","params":{}}',
            (200, "10.0.0.7", 50194, T, "", None),
            id="llama-server-json",
        ),
        pytest.param(
            '[GIN] 2026/11/29 - 12:00:00 | 200 |  1.501234567s |        10.0.0.7 | POST     "/v1/messages?beta=true"',
            (200, "10.0.0.7", 0, T, "", 1.501234567),
            id="ollama",
        ),
        pytest.param(
            '10.0.0.7 [29/Nov/2026:12:00:00 +0000] "POST /v1/messages?beta=true HTTP/1.1" 200 156 "-" "-"',
            (200, "10.0.0.7", 0, T, "", None),
            id="aiohttp",
        ),
        pytest.param(
            '{"httpRequest":{"requestMethod":"POST","requestUrl":"https://llm.example/v1/messages?beta=true",'
            f'"status":504,"userAgent":"{AGENT}","remoteIp":"10.0.0.7","latency":"0.501s","protocol":"HTTP/1.1"}},'
            '"timestamp":"2026-11-29T12:00:00Z"}',
            (504, "10.0.0.7", 0, T, AGENT, 0.501),
            id="google-cloud",
        ),
    ],
)
@pytest.mark.parametrize("prefix", ["", "front-1  | ", "2026-11-29T12:00:00Z stdout F "])
def test_documented_formats_are_read(line, expected, prefix):
    status, host, port, time, agent, seconds = expected
    found = parse_access(prefix + line, utc, T)
    assert found is not None
    assert (found.method, found.path, found.kind) == ("POST", "/v1/messages?beta=true", RequestKind.MAIN)
    assert (found.status, found.host, found.port) == (status, host, port)
    assert (found.agent, found.seconds) == (agent, seconds)
    if not prefix.startswith("2026"):
        assert found.time == (None if time is None else pytest.approx(time))


def test_the_user_agent_gives_the_client_and_its_version():
    assert client_version(AGENT) == "2.1.332"
    assert client_version("curl/8.0 claude-cli/1.0") == ""
    lines = tuple(line for line in lines_of("fronts/nginx-combined.log") if line)
    analyzer = LogAnalyzer(local_time=utc)
    analyzer.take(LogBatch("access.log", lines, T + 1e6, history=True))
    assert analyzer.report().clients == {AGENT: 5}
    meter = TrafficMeter(local_time=utc)
    meter.take(LogBatch("access.log", lines, T + 1e6, history=True))
    assert meter.client_version == "2.1.332"
