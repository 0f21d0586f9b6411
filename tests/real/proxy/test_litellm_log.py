"""What a real LiteLLM writes of its requests, and what becomes of it."""

import pytest
from proxied import MODEL, requests_for_tokens
from versions import value_for

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.reasons import is_cooldown, reason
from stormdeck.model.logs.records import RecordReader
from stormdeck.model.logs.requests.access import RequestKind
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.versions import below

NOW = 1_790_000_000.0
FAILED = "Exception occured"


def failures(lines):
    """Return the error records among lines, in few words."""
    read = map(RecordReader().read, lines)
    return {reason(one.message) for one in read if one is not None and one.level.is_failure}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", [MODEL, "native"])
def test_a_good_request_is_one_line(stack, model, stream):
    mark = stack.proxy.mark()
    reply = stack.ask(model, stream=stream)
    (seen,) = requests_for_tokens(stack.lines_since(mark, 1))
    assert (seen.method, seen.path, seen.kind) == ("POST", "/v1/messages?beta=true", RequestKind.MAIN)
    assert (seen.status, seen.port) == (reply.status, reply.port) == (200, reply.port)
    assert not stream or "message_stop" in reply.body


def test_other_requests_are_told_apart(stack):
    mark = stack.proxy.mark()
    with stack.client() as client:
        client.head("/")
        client.get("/v1/models")
        client.post("/v1/messages/count_tokens?beta=true", json={"model": MODEL, "messages": []})
        client.post("/v1/v1/messages", json={})
        port = stack.ask_over(client, MODEL).port
    lines = stack.lines_since(mark, 2)
    seen = [(one.path.partition("?")[0], one.kind) for one in map(parse_access, lines) if one and one.port == port]
    assert seen == [
        ("/", RequestKind.PROBE),
        ("/v1/models", RequestKind.PROBE),
        ("/v1/messages/count_tokens", RequestKind.COUNT_TOKENS),
        ("/v1/v1/messages", RequestKind.MAIN),
        ("/v1/messages", RequestKind.MAIN),
    ]


WAYS: dict = {
    "fail-400": (400, "This model's maximum context length is 4096 tokens", {"1.80.5": 3, "1.109.1": 1}),
    "fail-401": (401, "Unauthorized", {"1.80.5": 1}),
    "fail-429": (429, "Too many requests are waiting", {"1.80.5": 3}),
    "fail-500": (500, "server had an error while processing your request", {"1.80.5": 3}),
    "hang": (408, {"1.80.5": "Request timed out", "1.109.1": "Read timed out"}, {"1.80.5": 3}),
    "gone": (500, {"1.80.5": "Connection error", "1.109.1": "cannot connect to 127.0.0.1"}, {"1.80.5": 0}),
    "no-such-model": (400, "no healthy deployments for model=no-such-model", {"1.80.5": 0}),
}
"""By deployment: the client's status, the words of the error record, and how often the server behind is asked.

The last two from a version on."""


@pytest.mark.parametrize("way", WAYS)
def test_a_failure_is_one_access_line_with_its_cause(stack, way):
    status, words, asked = WAYS[way]
    expected = words if isinstance(words, str) else value_for(stack.version, words)
    before, mark = stack.upstream.asked[way], stack.proxy.mark()
    reply = stack.ask(way)
    lines = stack.lines_since(mark, 1, [FAILED])
    (seen,) = requests_for_tokens(lines)
    assert (seen.status, seen.port) == (reply.status, reply.port) == (status, reply.port)
    (first_line,) = failures(lines)
    assert first_line.startswith(expected)
    counted = stack.upstream.asked[way] - before
    assert counted == value_for(stack.version, asked)


def test_a_stream_that_breaks_is_a_200(stack):
    mark = stack.proxy.mark()
    reply = stack.ask("cut", stream=True)
    assert reply.status == 200
    if below(stack.version, "1.109.1"):
        lines = stack.lines_since(mark, 1)
        assert failures(lines) == set()
        assert "message_stop" in reply.body, "a truncated answer looks complete"
    else:
        lines = stack.lines_since(mark, 1, ["mid-stream error"])
        assert failures(lines) == {"Response payload is not completed"}
        assert "event: error" in reply.body


def test_a_wrong_name_is_one_404_and_then_the_proxys_own_429s(debugged):
    mark, behind = debugged.proxy.mark(), debugged.vllm.mark()
    statuses = [debugged.ask("ghost").status for _ in range(4)]
    assert statuses == [404, 429, 429, 429]
    lines = debugged.lines_since(mark, 4, ["cooldown_list="])
    assert len(requests_for_tokens(debugged.vllm.lines(behind))) == 1
    read = [one for one in map(RecordReader().read, lines) if one is not None and one.level.is_failure]
    assert [is_cooldown(one.message) for one in read] == [False, True, True, True]
    meter = TrafficMeter()
    meter.take(LogBatch("litellm.log", tuple(lines), NOW, history=False))
    traffic = meter.snapshot(NOW)
    assert traffic.upstream.sent == 1
    assert traffic.failure.reason == "model `Qwen3.5-27b` does not exist"
