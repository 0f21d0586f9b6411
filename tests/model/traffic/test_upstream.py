"""The requests that a proxy sends on, from its own log, compared with the log of the server behind it."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from places import TESTS
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.traffic.upstream import TIMES_LOGGED, Sent, UpstreamReader, asks_for_tokens

DATA = TESTS / "data" / "upstream"
BESIDE_S = 0.1
"""Both streams of a proxy write of the same answer, in either order."""
HANGS = "hang"
"""The recording server never answered these: no proxy writes a line of them."""


def entries(name):
    return [json.loads(text) for text in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()]


def counted(lines):
    reader = UpstreamReader()
    readings = [reader.read(line) for line in lines]
    return sum(one.requests for one in readings), sum(one.retries for one in readings) // TIMES_LOGGED


@pytest.mark.parametrize("name", ["litellm-1.109-debug", "litellm-1.80-debug"])
def test_the_router_gives_every_request_that_was_answered(name):
    truth = [one for one in entries(f"{name}.truth") if one["mode"] != HANGS]
    assert counted(one["l"] for one in entries(name))[0] == len(truth) > 10


@pytest.mark.parametrize("name", ["litellm-1.109-debug", "litellm-1.80-debug"])
def test_behind_each_request_of_the_client_stand_its_attempts(name):
    reader = UpstreamReader()
    readings = [one["t"] for one in entries(name) if reader.read(one["l"]).requests]
    real = [one["t"] for one in entries(f"{name}.truth") if one["mode"] != HANGS]
    answered = [one["t"] for one in entries(name) if (access := parse_access(one["l"])) and asks_for_tokens(access)]
    spans = list(pairwise([0.0, *(t + BESIDE_S for t in answered)]))
    behind = [sum(begun < t <= ended for t in readings) for begun, ended in spans]
    assert behind == [sum(begun < t <= ended for t in real) for begun, ended in spans]
    assert set(behind) == {0, 1, 3}


def test_without_debug_litellm_gives_the_retries_of_what_failed_for_good():
    failed = [one for one in entries("litellm-1.109-default.truth") if one["status"] == 429 or one["status"] >= 500]
    for_good = [one for one in failed if one["mode"] != "flaky"]
    """Each was sent three times; the flaky request's third attempt succeeded, and its retries are reported nowhere."""
    assert counted(one["l"] for one in entries("litellm-1.109-default")) == (0, len(for_good) * 2 // 3)
    assert len(failed) > len(for_good) == 24


def test_claude_code_proxy_gives_each_answer_and_each_retry():
    lines = [one["l"] for one in entries("claude-code-proxy-debug")]
    sent = [line for line in lines if "Sending HTTP Request: POST" in line]
    assert counted(lines)[0] == len(sent) == 9


def test_retries_after_a_silence_are_requests_without_an_answer():
    lines = [one["l"] for one in entries("claude-code-proxy-info")]
    answers = [line for line in lines if "HTTP Request: POST" in line]
    silent = 4
    """Two requests of a client timed out three times each; the third is followed by no retry."""
    assert counted(lines)[0] == len(answers) + silent


ROUTER = "18:00:00 - LiteLLM Router:INFO: r.py:1 - ageneric_api_call_with_fallbacks(model=claude) Exception litellm."
ANSWER = "2026-11-20 18:38:04,840 - INFO - HTTP Request:"


@pytest.mark.parametrize(
    "line",
    [
        f"{ROUTER}RateLimitError: No deployments available for selected model, Try again in 5 seconds.",
        f"{ROUTER}BadRequestError: You passed in model=claude. There are no healthy deployments for this model",
        f'{ANSWER} GET http://127.0.0.1:1/v1/models "HTTP/1.1 200 OK"',
        f'{ANSWER} POST http://127.0.0.1:1/v1/embeddings "HTTP/1.1 200 OK"',
        "    return await self._ageneric_api_call_with_fallbacks(",
    ],
    ids=["cooldown", "no deployment", "another method", "another path", "traceback"],
)
def test_lines_of_no_request_to_the_engine(line):
    assert counted([line]) == (0, 0)


@pytest.mark.parametrize(
    ("method", "path", "asks"),
    [
        ("POST", "/v1/messages?beta=true", True),
        ("POST", "/v1/chat/completions", True),
        ("POST", "/v1/responses", True),
        ("POST", "/v1/messages/count_tokens", False),
        ("GET", "/v1/models", False),
    ],
)
def test_what_makes_the_engine_work(method, path, asks):
    assert asks_for_tokens(parse_access(f'INFO:     127.0.0.1:1 - "{method} {path} HTTP/1.1" 200 OK')) is asks


def test_a_router_that_logs_successes_only_is_no_count_of_attempts():
    """LiteLLM 1.110 with --debug: of an attempt that failed there is no line of the router (measured)."""
    success = "18:00:00 - LiteLLM Router:INFO: core.py:812 - ageneric_api_call_with_fallbacks(model=claude) 200 OK"
    assert UpstreamReader().read(success) == Sent()
    sending = "LiteLLM completion() model= Qwen/Qwen3.5-27B; provider = hosted_vllm"
    assert UpstreamReader().read_all([sending, success, sending]) == Sent(completions=2)


def test_a_request_that_a_cooldown_refuses_was_not_sent():
    refused = "18:37:25 - LiteLLM Proxy:ERROR: c.py:1 - x - No deployments available for selected model, Try again"
    assert UpstreamReader().read(refused) == Sent(refused=1)


@settings(max_examples=40)
@given(
    st.lists(
        st.text(max_size=40)
        | st.sampled_from(["HTTP Request: POST ", "Retrying request to /", "_with_fallbacks(", "LiteLLM completion()"])
    )
)
def test_any_lines_are_read(lines):
    assert counted(lines) >= (0, 0)
