"""The tokens of requests that ended: each once, where it was seen nearest to the client."""

from dataclasses import replace

from stormdeck.model.snapshots.wire import Usage
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.hop import Hop
from stormdeck.model.wire.request import Kind
from stormdeck.model.wire.running import RunningRequests

BEGUN = Exchange("1", 100.0, Kind.MAIN, "a1b2")
ENDED = replace(BEGUN, input_tokens=200, cached_tokens=150, output_tokens=30, outcome=Outcome.ANSWERED)


def usage(*lines):
    running = RunningRequests()
    for exchange in lines:
        running.take(exchange.hop.value, exchange)
    return running.snapshot(list(Hop)).usage


def test_a_request_counts_when_it_ends():
    assert usage(BEGUN) == Usage()
    assert usage(BEGUN, ENDED) == Usage(200, 150, 30)
    assert usage(BEGUN, ENDED, replace(ENDED, id="2", cached_tokens=None)) == Usage(400, 150, 60)


def test_a_place_farther_from_the_client_counts_no_second_time():
    assert usage(BEGUN, ENDED, replace(ENDED, hop=Hop.SERVER), replace(ENDED, hop=Hop.BEHIND)) == Usage(200, 150, 30)
