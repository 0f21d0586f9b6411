"""What becomes of a turn on its way: multiplied by the client, and by the proxy."""

from dataclasses import replace

from stormdeck.model.retries.hops import Amplification, amplification
from stormdeck.model.retries.upstream import FAILURES, LINES, Upstream
from stormdeck.model.traffic import TrafficSnapshot

TRAFFIC = TrafficSnapshot(
    buckets=(),
    bucket_s=15,
    requests=0,
    turns=0,
    retries=0,
    requests_per_minute=0.0,
    turns_per_minute=0.0,
    retries_per_minute=0.0,
)


def test_each_hop_multiplies():
    seen = Amplification(turns=4, requests=23, upstream=69)
    assert (seen.by_client, seen.by_proxy) == (5.75, 3.0)
    assert seen.words == "Claude Code shows 4 turns, the proxy answered 23 requests, vLLM saw 69"


def test_without_a_second_log_only_the_client_is_judged():
    seen = Amplification(turns=1, requests=3, upstream=None)
    assert (seen.by_client, seen.by_proxy) == (3.0, None)
    assert seen.words == "Claude Code shows 1 turn, the server answered 3 requests"
    assert Amplification(0, 0, 0).by_client is Amplification(0, 0, 0).by_proxy is None


def test_only_requests_that_came_while_the_log_was_followed_are_compared():
    seen = Amplification(turns=4, requests=23, upstream=30, asked=10)
    assert seen.by_proxy == 3.0


def test_retries_that_may_be_hidden_are_said_to_be():
    seen = Amplification(turns=1, requests=2, upstream=4, evidence=FAILURES, at_least=True)
    assert seen.words.endswith("vLLM saw 4 or more")


def test_the_traffic_tells_its_amplification_with_the_evidence():
    traffic = replace(TRAFFIC, turns=4, requests=23, upstream=Upstream(23, 69, LINES))
    assert amplification(traffic) == Amplification(4, 23, 69, 23, LINES)
    assert amplification(replace(traffic, upstream=None)).words == (
        "Claude Code shows 4 turns, the server answered 23 requests"
    )
