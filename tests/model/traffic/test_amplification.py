"""The requests of a turn at each hop: multiplied by the client and by the proxy."""

import json
from dataclasses import replace

from places import TESTS
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.traffic.amplification import Amplification, amplification
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.traffic.upstream import BEHIND, FAILURES, LINES, Upstream

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
    seen = Amplification(turns=4, requests=23, upstream=69, evidence=BEHIND)
    assert seen.words == "Claude Code shows 4 turns, the proxy answered 23 requests, vLLM saw 69"


def test_without_a_second_log_only_the_client_is_judged():
    seen = Amplification(turns=1, requests=3, upstream=None)
    assert seen.words == "Claude Code shows 1 turn, the server answered 3 requests"


def test_retries_that_may_be_hidden_are_said_to_be():
    seen = Amplification(turns=1, requests=2, upstream=4, evidence=FAILURES, at_least=True)
    assert seen.words.endswith("it asked vLLM 4 times or more")


def test_the_traffic_gives_its_amplification_with_the_evidence():
    traffic = replace(TRAFFIC, turns=4, requests=23, upstream=Upstream(23, 69, LINES))
    assert amplification(traffic) == Amplification(4, 23, 69, 23, LINES)
    assert amplification(replace(traffic, upstream=None)).words == (
        "Claude Code shows 4 turns, the server answered 23 requests"
    )


def test_the_amplification_of_a_recorded_session_is_the_real_one():
    recording = TESTS / "recordings" / "L_500_amp2_2.1.42"
    real = json.loads((recording / "truth.json").read_text("utf-8"))["upstream"]
    meter = TrafficMeter(window_s=3600)
    for text in (recording / "access.lines.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(text)
        meter.take(LogBatch("proxy.log", (entry["line"],), entry["t"], history=False))
    seen = amplification(meter.snapshot(entry["t"]))
    assert (seen.requests, seen.upstream) == (real["client_model_requests"], real["model_requests"])
    assert (seen.upstream / seen.asked, seen.evidence) == (real["amplification"], FAILURES)
    assert seen.words == "Claude Code shows 1 turn, the proxy answered 5 requests, it asked vLLM 15 times or more"


def test_requests_of_a_path_that_changed_are_no_single_hops():
    seen = Amplification(turns=7, requests=7, upstream=4, asked=5, evidence=BEHIND, moved=True)
    assert seen.words == (
        "Claude Code shows 7 turns and 7 requests, while the path changed; this proxy answered 5, vLLM saw 4"
    )
    assert replace(seen, upstream=None).words == "Claude Code shows 7 turns and 7 requests, while the path changed"
