"""What a server does for clients that have gone."""

from dataclasses import replace

import pytest

from samples import PROXY, VLLM
from stormdeck.model.deck import Deck
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.traffic.abandoned_work import LIKELY, MEASURED, abandoned, abandoned_work

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


def vllm(running, waiting=0, unfinished=None):
    engine = replace(VLLM.engine, running=running, waiting=waiting, prompt_tokens_unfinished=unfinished)
    return replace(VLLM, engine=engine)


def proxy(in_flight):
    return replace(PROXY, in_flight=in_flight)


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
        assert "in flight" in found.evidence or "abandoned" in found.evidence
        assert found.confidence


def deck(engine, in_flight=None, waiting=None):
    return Deck(vllm=engine, proxy=proxy(in_flight), traffic=replace(TRAFFIC, waiting=waiting))


def test_requests_that_run_for_nobody_come_with_evidence_and_confidence():
    found = abandoned_work(deck(vllm(3), in_flight=3, waiting=1))
    assert (found.number, found.words, found.confidence) == (2, "2 requests run without a client", LIKELY)
    assert found.evidence == "the proxy has 3 requests in flight, clients wait for 1"


def test_tokens_that_were_read_for_nobody_are_reported_once_the_engine_rests():
    found = abandoned_work(deck(vllm(0, unfinished=4491), in_flight=0, waiting=0))
    assert (found.number, found.tokens, found.confidence) == (0, 4491, MEASURED)
    assert found.words == "4 491 prompt tokens or more were read for requests that never finished"
    assert "in the last 60 s" in found.evidence


@pytest.mark.parametrize("unfinished", [None, 0], ids=["not told", "none"])
def test_a_resting_engine_without_lost_tokens_did_nothing_for_nobody(unfinished):
    assert abandoned_work(deck(vllm(0, unfinished=unfinished), in_flight=0, waiting=0)) is None


def test_an_empty_deck_says_nothing():
    assert abandoned_work(Deck()) is None
