"""What may be chance: ``watch`` announces nothing of it, counts it apart, and the panel gets no storm of it."""

from typing import Any

import pytest

from noise import Noise, requests_of
from stormdeck.commands.colour import Paint
from stormdeck.commands.retries.events import Counts, Watcher, as_text, to_json
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.storms.changes import Change
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.traffic.meter import TrafficMeter

BUSY = Noise(rate=4.0, failing=0.3, users=20, connections="pool", length_s=130.0)
LADDER = Noise(rate=0.02, failing=0.6, users=1, length_s=900.0, sdk="claude")


def batches(noise):
    for one in requests_of(noise, 5):
        line = f'INFO:     {one.host}:{one.port} - "POST /v1/messages?beta=true HTTP/1.1" {one.status} Said'
        yield LogBatch("vllm.log", (line,), one.t, history=False)


def watched(noise):
    """Return all events of a watch, and the analyzer."""
    analyzer, events, watcher = LogAnalyzer(), [], None
    for batch in batches(noise):
        watcher = watcher or Watcher(analyzer, batch.arrived - 1)
        watcher.take(batch, batch.arrived)
        events += watcher.update(batch.arrived)
        end = batch.arrived
    return events + watcher.update(end + 60), analyzer.report(end + 60)


def test_errors_of_many_clients_announce_no_storm_and_their_repeats_are_counted_apart():
    events, report = watched(BUSY)
    assert not [event for event in events if isinstance(event, Change)]
    counts = [event for event in events if isinstance(event, Counts)]
    assert {storm.confidence for storm in report.storms} <= {Confidence.UNSURE}
    assert report.retries_unsure > 0
    assert sum(one.retries_unsure for one in counts) > 0
    document = to_json(counts[0], 1.0)
    assert {"retries", "retries_unsure", "turns"} <= document.keys()
    unsure = next(one for one in counts if one.retries_unsure)
    assert f"{unsure.retries_unsure} of these turns may be retries, or chance" in as_text(
        unsure, 1.0, Paint(coloured=False)
    )


def test_the_ladder_of_one_client_is_announced_with_its_confidence():
    events, _ = watched(LADDER)
    storms: list[Any] = [to_json(event, 1.0)["storm"] for event in events if isinstance(event, Change)]
    assert storms
    assert {storm["confidence"] for storm in storms} <= {"sure", "likely"}


@pytest.mark.parametrize(("noise", "has_storms"), [(BUSY, False), (LADDER, True)])
def test_the_panel_gets_storms_only_that_it_may_announce(noise, has_storms):
    meter = TrafficMeter()
    seen = []
    for batch in batches(noise):
        meter.take(batch)
        seen += meter.snapshot(batch.arrived).storms
    assert bool(seen) is has_storms
    assert Confidence.UNSURE not in {storm.confidence for storm in seen}
