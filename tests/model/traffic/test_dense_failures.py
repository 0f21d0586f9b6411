"""Failures as dense as chance: counted and explained, but no storm."""

from noise import Noise, requests_of
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.symbols import Health
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.verdict.storms import failing

NOISE = Noise(0.8, 0.6, 10, length_s=250)


def played():
    """Return a meter that has read the noise, and the time after it."""
    meter, t = TrafficMeter(), 0.0
    for request in requests_of(NOISE, 3):
        text = f'INFO:     {request.host}:{request.port} - "POST /v1/messages HTTP/1.1" {request.status} X'
        meter.take(LogBatch("vllm.log", (text,), request.t, history=False))
        t = request.t
        assert meter.snapshot(t).live_storm is None
    return meter, t + 1


def test_no_storm_is_live_or_kept():
    meter, now = played()
    traffic = meter.snapshot(now)
    assert traffic.storms == ()
    assert traffic.retries < 10


def test_the_headline_gives_the_rate_and_how_to_see_more():
    meter, now = played()
    traffic = meter.snapshot(now)
    (statement,) = failing(Deck(traffic=traffic), now)
    unclear = traffic.unclear
    assert statement.headline.startswith(f"{unclear.failed} of {unclear.requests} requests failed")
    assert statement.health is Health.WARNING
    assert statement.step == "stormdeck run -- claude"
    assert meter.snapshot(now + 300).unclear is None
