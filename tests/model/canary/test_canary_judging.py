"""The verdict on each recorded answer: its rule, its hop, its words."""

import json
import re
from pathlib import Path

import pytest

from canary_samples import NEW, OLD, TO_PROXY, TO_VLLM, TOKEN, from_litellm, judged, recorded
from stormdeck.model.canary import judge
from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.judge import first_token, is_hopeless
from stormdeck.model.canary.response import Endpoint
from stormdeck.model.finding import HopKind
from stormdeck.model.rules.registry import page_of
from stormdeck.model.snapshots.failure import FailureKind

CLIENT, PROXY, SERVER = HopKind.CLIENT, HopKind.PROXY, HopKind.SERVER
PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN
Q = Question
STRICT = "System message must be at the beginning."
OLD_ROLES = "1 validation error: messages.1.role Input should be 'user' or 'assistant'"
NO_TOOLS = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'


def said(status, message, kind="BadRequestError"):
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return status, "application/json", json.dumps(body).encode()


def streamed(*blocks, stop="end_turn", end=True, error=None):
    """Return a stream of blocks: a text, or (tool, arguments)."""
    events: list[dict] = [{"type": "message_start", "message": {"usage": {"input_tokens": 18, "output_tokens": 0}}}]
    for block in blocks:
        kind, key, text = ("text_delta", "text", block) if isinstance(block, str) else ("x", "partial_json", block[1])
        start: dict = {"type": "text", "text": ""}
        if not isinstance(block, str):
            start = {"type": "tool_use", "name": block[0], "input": {}}
        events += [{"type": "content_block_start", "content_block": start}]
        events += [{"type": "content_block_delta", "delta": {"type": kind, key: text}}]
    if error is not None:
        events += [{"type": "error", "error": {"type": "api_error", "message": error}}]
    elif end:
        usage = {"output_tokens": 9}
        events += [{"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage}, {"type": "message_stop"}]
    text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return 200, "text/event-stream; charset=utf-8", text.encode()


def thought(text):
    start = {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": ""}}
    delta = {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": text}}
    status, kind, body = streamed("5")
    extra = "".join(f"data: {json.dumps(one)}\n\n" for one in (start, delta)).encode()
    return status, kind, extra + body


CASES = {
    "vLLM, plain": (Q.PLAIN, recorded("msg_01_plain"), TO_VLLM, PASS, None, SERVER),
    "vLLM, stream": (Q.STREAM, recorded("msg_05_stream"), TO_VLLM, PASS, None, SERVER),
    "vLLM, late system": (Q.LATE_SYSTEM, recorded("msg_21_midconv_system"), TO_VLLM, PASS, None, SERVER),
    "vLLM, thinking": (Q.THINKING, recorded("msg_05_stream"), TO_VLLM, PASS, None, SERVER),
    "vLLM, count": (Q.COUNT_TOKENS, recorded("msg_12_count_tokens"), TO_VLLM, PASS, None, SERVER),
    "vLLM, unknown": (Q.UNKNOWN_MODEL, recorded("msg_32_wrong_model"), TO_VLLM, PASS, None, SERVER),
    "vLLM, tool, whole": (Q.TOOL_FORCED, streamed(("Bash", '{"command": "ls"}')), TO_VLLM, PASS, None, SERVER),
    "vLLM, tool, dummy weights": (
        *(Q.TOOL_FORCED, recorded("msg_08_tools_forced_stream"), TO_VLLM),
        *(WARN, None, SERVER),
    ),
    "vLLM, tool, dummy weights, no stream": (
        *(Q.TOOL_FORCED, recorded("msg_07_tools_forced"), TO_VLLM),
        *(WARN, None, SERVER),
    ),
    "vLLM, wrong id": (Q.PLAIN, recorded("msg_32_wrong_model"), TO_VLLM, FAIL, "MODEL303", CLIENT),
    "vLLM, wrong key": (Q.PLAIN, recorded("auth_05_messages_bearer_wrong"), TO_VLLM, FAIL, "AUTH205", CLIENT),
    "vLLM, /v1/v1": (
        *(Q.PLAIN, recorded("msg_49_v1v1"), Endpoint(Route.CLIENT, SERVER, "http://h/v1", has_path=True)),
        *(FAIL, "URL101", CLIENT),
    ),
    "vLLM, no messages API": (Q.PLAIN, recorded("msg_49_v1v1"), TO_VLLM, FAIL, "URL106", CLIENT),
    "vLLM, budget": (Q.THINKING, recorded("msg_17_thinking_enabled"), TO_VLLM, FAIL, "TRAFFIC403", SERVER),
    "vLLM before 0.17, count": (Q.COUNT_TOKENS, recorded("msg_49_v1v1"), TO_VLLM, WARN, "SERVER903", SERVER),
    "vLLM before 0.23, late system": (Q.LATE_SYSTEM, said(400, OLD_ROLES), TO_VLLM, FAIL, "SERVER903", SERVER),
    "strict template behind a proxy": (Q.LATE_SYSTEM, said(400, STRICT), TO_PROXY, FAIL, "SERVER903", PROXY),
    "no tool parser": (Q.TOOL_FREE, said(400, NO_TOOLS), TO_VLLM, FAIL, "SERVER901", SERVER),
    "engine dead": (
        *(Q.PLAIN, said(500, "EngineCore encountered an issue.", "InternalServerError"), TO_VLLM),
        *(FAIL, "SERVER905", SERVER),
    ),
    "window too small": (
        *(Q.PLAIN, said(400, "This model's maximum context length is 16 tokens."), TO_VLLM),
        *(FAIL, "SERVER904", SERVER),
    ),
    "redirect": (Q.PLAIN, (307, "text/plain", b""), TO_VLLM, FAIL, "URL106", CLIENT),
    "a web page": (Q.PLAIN, (200, "text/html", b"<!doctype html><p>hi"), TO_VLLM, FAIL, "URL106", SERVER),
    "an empty 200": (Q.PLAIN, (200, "application/json", b""), TO_VLLM, FAIL, "URL106", SERVER),
    "LiteLLM, plain": (Q.PLAIN, from_litellm("ok"), TO_PROXY, PASS, None, PROXY),
    "LiteLLM, count": (Q.COUNT_TOKENS, from_litellm("count_tokens"), TO_PROXY, PASS, None, PROXY),
    "LiteLLM, openai/, count": (
        *(Q.COUNT_TOKENS, from_litellm("count_tokens", "1.109-default"), TO_PROXY),
        *(WARN, "PROXY807", PROXY),
    ),
    "LiteLLM, unknown": (Q.UNKNOWN_MODEL, from_litellm("unknown_model"), TO_PROXY, PASS, None, PROXY),
    "LiteLLM, old, unknown": (
        *(Q.UNKNOWN_MODEL, from_litellm("unknown_model", "1.80-default"), TO_PROXY),
        *(PASS, None, PROXY),
    ),
    "LiteLLM, id not covered": (Q.BACKGROUND, from_litellm("unknown_model"), TO_PROXY, WARN, "PROXY806", PROXY),
    "LiteLLM, id not covered, main": (Q.PLAIN, from_litellm("unknown_model"), TO_PROXY, FAIL, "PROXY806", PROXY),
    "LiteLLM, no tool parser": (Q.TOOL_FREE, from_litellm("err400tool"), TO_PROXY, FAIL, "SERVER901", SERVER),
    "LiteLLM, old, no tool parser": (
        *(Q.TOOL_FREE, from_litellm("err400tool", "1.80-default"), TO_PROXY),
        *(FAIL, "SERVER901", SERVER),
    ),
    "LiteLLM, no key": (Q.PLAIN, from_litellm("no_auth", "1.109-master_key"), TO_PROXY, FAIL, "AUTH204", CLIENT),
    "LiteLLM, wrong key": (Q.PLAIN, from_litellm("wrong_auth", "1.109-master_key"), TO_PROXY, FAIL, "AUTH204", CLIENT),
    "LiteLLM, its own key is wrong": (Q.PLAIN, from_litellm("err401"), TO_PROXY, FAIL, None, PROXY),
    "LiteLLM, engine dead": (Q.PLAIN, from_litellm("err500"), TO_PROXY, FAIL, "SERVER905", SERVER),
    "LiteLLM, 503 behind it": (Q.PLAIN, from_litellm("err503"), TO_PROXY, FAIL, None, SERVER),
    "LiteLLM, too many requests": (Q.PLAIN, from_litellm("err429"), TO_PROXY, FAIL, None, PROXY),
    "LiteLLM, cooldown": (
        *(Q.PLAIN, said(429, "No deployments available for selected model, Try again in 5 seconds."), TO_PROXY),
        *(FAIL, "PROXY808", PROXY),
    ),
    "LiteLLM, id not served behind it": (
        *(Q.PLAIN, said(404, "litellm.NotFoundError: Hosted_vllmException - The model `x` does not exist."), TO_PROXY),
        *(FAIL, "PROXY815", PROXY),
    ),
    "LiteLLM, wrong path behind it": (
        *(Q.PLAIN, said(404, 'litellm.NotFoundError: OpenAIException - {"detail": "Not Found"}'), TO_PROXY),
        *(FAIL, "PROXY804", PROXY),
    ),
    "error in a stream": (Q.STREAM, streamed("a", error="EngineCore died"), TO_VLLM, FAIL, "SERVER905", SERVER),
    "stream without message_stop": (Q.STREAM, streamed("a", end=False), TO_VLLM, FAIL, None, SERVER),
    "no stream though asked": (Q.STREAM, recorded("msg_01_plain"), TO_PROXY, FAIL, None, PROXY),
    "Hermes text": (
        *(Q.TOOL_FREE, streamed('<tool_call>\n{"name": "Bash", "arguments": {}}\n</tool_call>'), TO_VLLM),
        *(FAIL, "SERVER902", SERVER),
    ),
    "Qwen coder prose": (
        *(Q.TOOL_FREE, streamed("<function=Bash>\n<parameter=command>echo ok"), TO_PROXY),
        *(FAIL, "SERVER902", SERVER),
    ),
    "Mistral prose": (Q.TOOL_FREE, streamed('[TOOL_CALLS][{"name": "Bash"}]'), TO_VLLM, FAIL, "SERVER902", SERVER),
    "JSON prose": (
        *(Q.TOOL_FREE, streamed('```json\n{"name": "Bash", "arguments": {"command": "echo ok"}}'), TO_VLLM),
        *(FAIL, "SERVER902", SERVER),
    ),
    "words instead of a call": (Q.TOOL_FREE, streamed("I cannot run that."), TO_VLLM, UNKNOWN, None, SERVER),
    "cut before a call": (Q.TOOL_FREE, streamed("Let me", stop="max_tokens"), TO_VLLM, UNKNOWN, None, SERVER),
    "a call that was cut": (
        *(Q.TOOL_FREE, streamed(("Bash", '{"comm'), stop="max_tokens"), TO_VLLM),
        *(PASS, None, SERVER),
    ),
    "a call of a tool that is none": (Q.TOOL_FREE, streamed(("Rm", "{}")), TO_VLLM, FAIL, "SERVER902", SERVER),
    "a forced call lost": (Q.TOOL_FORCED, streamed("Sure!"), TO_PROXY, FAIL, None, PROXY),
    "thinking as blocks": (Q.THINKING, thought("hm"), TO_VLLM, PASS, None, SERVER),
    "thinking as text": (Q.THINKING, streamed("<think>hm</think>5"), TO_VLLM, WARN, None, SERVER),
    "betas refused": (
        *(Q.THINKING, said(400, "context_management: Extra inputs are not permitted"), TO_PROXY),
        *(FAIL, "TRAFFIC403", PROXY),
    ),
    "drop_params": (
        *(Q.THINKING, said(400, "hosted_vllm does not support parameters: ['thinking']"), TO_PROXY),
        *(FAIL, "PROXY802", PROXY),
    ),
    "all tokens went into hidden thinking": (Q.STREAM, streamed(), TO_VLLM, PASS, None, SERVER),
    "an empty answer": (
        *(Q.PLAIN, (200, "application/json", b'{"type": "message", "content": []}'), TO_VLLM),
        *(WARN, None, SERVER),
    ),
    "unknown answered": (Q.UNKNOWN_MODEL, recorded("msg_01_plain"), TO_PROXY, WARN, None, PROXY),
}


@pytest.mark.parametrize(("question", "answer", "way", "verdict", "code", "hop"), CASES.values(), ids=list(CASES))
def test_each_answer_is_judged(question, answer, way, verdict, code, hop):
    check = judged(question, answer, way)
    assert (check.verdict, check.code, check.hop) == (verdict, code, hop), check.message
    assert check.message
    assert check.message.isprintable()
    assert code is None or page_of(code) is not None


NO_ANSWER = {
    "refused": (FailureKind.REFUSED, None, "URL105", SERVER),
    "unresolved": (FailureKind.UNRESOLVED, None, "URL105", SERVER),
    "tls": (FailureKind.TLS, None, None, CLIENT),
    "untrusted": (FailureKind.UNTRUSTED, None, "URL111", CLIENT),
    "expired": (FailureKind.CERTIFICATE, None, "URL111", CLIENT),
    "no url": (FailureKind.BAD_URL, None, "URL103", CLIENT),
    "not http": (FailureKind.NOT_HTTP, None, "URL106", CLIENT),
    "hangs": (FailureKind.TIMEOUT, None, "SERVER905", SERVER),
    "cut": (FailureKind.CUT, None, None, SERVER),
    "endless": (FailureKind.TOO_BIG, 200, None, SERVER),
    "stalls": (FailureKind.TIMEOUT, 200, "SERVER905", SERVER),
}


@pytest.mark.parametrize(("gone", "status", "code", "hop"), NO_ANSWER.values(), ids=list(NO_ANSWER))
def test_no_answer_is_a_failure_with_its_reason(gone, status, code, hop):
    answer = (status, "text/event-stream", b"data: {}\n\n")
    check = judged(Q.STREAM, answer, gone=gone, detail="so it was")
    assert (check.verdict, check.code, check.hop) == (FAIL, code, hop)
    assert "so it was" in check.message


@pytest.mark.parametrize("failure", [FailureKind.OURS, FailureKind.LOOKUP])
def test_a_failure_of_this_machine_proves_nothing_about_the_server(failure):
    check = judged(Q.STREAM, (None, "", b""), gone=failure, detail="no descriptor left")
    assert (check.verdict, check.code, check.hop) == (Verdict.UNKNOWN, None, CLIENT)
    assert "no descriptor left" in check.message


def test_every_rule_that_is_named_has_a_page():
    package = Path(judge.__file__).parent
    codes = {code for file in package.glob("*.py") for code in re.findall(r'"([A-Z]{3,7}\d{3})"', file.read_text())}
    assert len(codes) > 15
    assert {code for code in codes if page_of(code) is None} == set()


def test_a_stream_gives_first_token_gap_and_tokens():
    check = judged(Q.STREAM, recorded("msg_05_stream"))
    assert (check.input_tokens, check.output_tokens) == (18, 10)
    assert (check.ttft_ms, check.gap_ms) == (900, 300)
    assert "message_stop" in check.message


def test_an_old_client_never_sends_a_late_system_message():
    check = judged(Q.LATE_SYSTEM, said(400, STRICT), TO_PROXY, version=OLD)
    assert (check.verdict, check.code) == (WARN, "SERVER903")
    assert "2.1.154" in check.message
    assert judged(Q.LATE_SYSTEM, said(400, STRICT), TO_PROXY, version=NEW).verdict is FAIL


def test_a_server_that_quotes_the_key_is_not_quoted():
    check = judged(Q.PLAIN, said(401, f"bad key {TOKEN} and sk-another-one-1234"))
    assert TOKEN not in check.message
    assert "sk-another" not in check.message


def test_escapes_and_long_words_of_a_server_stay_out():
    check = judged(Q.PLAIN, said(400, "\x1b[31mred\x1b[0m \u202e" + "x" * 5000))
    assert check.message.startswith("400: the request is refused (red")
    assert len(check.message) < 250


def test_only_what_every_request_would_meet_stops_the_rest():
    assert is_hopeless(judged(Q.PLAIN, recorded("msg_32_wrong_model")))
    assert not is_hopeless(judged(Q.PLAIN, said(400, STRICT)))
    assert not is_hopeless(judged(Q.PLAIN, recorded("msg_01_plain")))
    assert not is_hopeless(judged(Q.STREAM, recorded("msg_32_wrong_model")))


@pytest.mark.parametrize(
    ("ttft_ms", "limit_ms", "verdict"),
    [(400, 361_000, PASS), (40_000, 361_000, WARN), (400, 10, FAIL), (None, 361_000, Verdict.SKIP)],
    ids=["soon", "slow", "later than the client waits", "never"],
)
def test_the_first_token_is_held_against_what_the_client_waits(ttft_ms, limit_ms, verdict):
    stream = Check(Q.STREAM, Route.CLIENT, SERVER, PASS, "", ttft_ms=ttft_ms)
    check = first_token(stream, limit_ms, "API_TIMEOUT_MS")
    assert (check.verdict, check.sent) == (verdict, False)
    assert "API_TIMEOUT_MS" in check.message
