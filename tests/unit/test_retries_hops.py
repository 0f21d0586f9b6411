"""What becomes of a request on its way: multiplied, or left behind."""

from dataclasses import replace

import pytest

from samples import PROXY, VLLM
from stormdeck.model.logs.access import parse_access
from stormdeck.model.retries.hops import Amplification, abandoned, asks_for_tokens, proxy_retries


def vllm(running, waiting=0):
    return replace(VLLM, engine=replace(VLLM.engine, running=running, waiting=waiting))


def proxy(in_flight):
    return replace(PROXY, in_flight=in_flight)


def test_each_hop_multiplies():
    seen = Amplification(turns=4, requests=23, upstream=69)
    assert (seen.by_client, seen.by_proxy) == (5.75, 3.0)
    assert seen.words == "Claude Code shows 4 turns, the proxy answered 23 requests, vLLM saw 69"


def test_without_a_second_log_only_the_client_is_judged():
    seen = Amplification(turns=1, requests=3, upstream=None)
    assert (seen.by_client, seen.by_proxy) == (3.0, None)
    assert seen.words == "Claude Code shows 1 turn, the server answered 3 requests"
    assert Amplification(0, 0, 0).by_client is Amplification(0, 0, 0).by_proxy is None


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("LiteLLM Retried: 2 times, LiteLLM Max Retries: 2", 2),
        ("Unable. LiteLLM Retried: 0 times", 0),
        ("LiteLLM Retried: many times", None),
        ("nothing", None),
    ],
)
def test_the_proxy_says_how_often_it_tried(line, times):
    assert proxy_retries(line) == times


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


@pytest.mark.parametrize(
    ("running", "in_flight", "waiting", "number"),
    [
        (0, 3, 0, 3),
        (0, 3, 2, 1),
        (0, 2, 2, None),
        (3, None, 1, 2),
        (3, 1, None, 2),
        (1, 1, None, None),
        (None, 2, None, None),
        (None, None, 0, None),
    ],
    ids=[
        "clients wait for none",
        "clients wait for fewer",
        "all are waited for",
        "no proxy",
        "vLLM does more than the proxy waits for",
        "equal",
        "no engine",
        "nothing known",
    ],
)
def test_requests_that_were_left_behind(running, in_flight, waiting, number):
    found = abandoned(None if running is None else vllm(running), proxy(in_flight), waiting)
    assert (found.number if found else None) == number
    if found:
        assert "in flight" in found.evidence or "left behind" in found.evidence
