"""Storms second by second: recordings of the real client, played in time, against what was sent by then."""

import json

import pytest

from places import TESTS
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.retries.transcript import parse_entry
from stormdeck.model.traffic.meter import TrafficMeter

RECORDINGS = TESTS / "recordings"
READ_S = 0.3
"""How long after an event its entry in a transcript is read (0.2 to 0.4 s measured)."""
BEHIND_S = 1.2
"""A panel that counts each second may be that far behind."""
AFTER_S = 90
NEAR_S = 2.0
"""Storms that began at the same time cannot be distinguished by their starts."""
NAMES = sorted(
    folder.name
    for folder in RECORDINGS.iterdir()
    if folder.name.endswith(("2.1.329", "2.1.332")) and (folder / "transcripts").is_dir()
)


def events(folder):
    """Return the lines of a log and the entries of its transcripts, by the time at which a panel reads them."""
    lines = map(json.loads, (folder / "access.lines.jsonl").read_text().splitlines())
    texts = (text for file in (folder / "transcripts").rglob("*.jsonl") for text in file.read_text().splitlines())
    entries = [entry for entry in map(parse_entry, texts) if entry is not None]
    read = [(line["t"], 0, line["line"]) for line in lines] + [(entry.t + READ_S, 1, entry) for entry in entries]
    return sorted(read, key=lambda event: event[:2])


def play(folder):
    """Yield the storms that go on at each second, with the time."""
    meter, coming = TrafficMeter(), events(folder)
    meter.set_primary("log")
    end, at = coming[-1][0] + AFTER_S, coming[0][0]
    while at < end:
        at += 1.0
        while coming and coming[0][0] <= at:
            t, is_entry, what = coming.pop(0)
            if is_entry:
                meter.take_entry(what)
            else:
                meter.take(LogBatch("log", (what,), t, history=False))
        yield at, [storm for storm in meter.snapshot(at).storms if storm.outcome is Outcome.LIVE]


@pytest.mark.parametrize("name", NAMES)
def test_a_storm_stands_as_it_does_at_each_second(name):
    truth = json.loads((RECORDINGS / name / "truth.json").read_text())
    storms = [storm for storm in truth["storms"] if storm["class"] == "main"]
    for at, live in play(RECORDINGS / name):
        assert len(live) <= len(storms)
        for live_storm in live:
            near = [storm for storm in storms if abs(storm["start_t"] - live_storm.started) < NEAR_S]
            assert any(stands_so(live_storm, storm, truth["requests"], at) for storm in near), (at, live_storm)


def stands_so(live_storm, storm, requests, at):
    """Return whether a storm has as many attempts as were sent, and awaits none once it is over."""
    own = [requests[index] for index in storm["requests"]]
    least = sum(request["t"] <= at - BEHIND_S for request in own)
    most = sum(request["t"] <= at + READ_S for request in own)
    ended = max(own[-1]["t_end"] or 0.0, storm["end_t"])
    awaited = live_storm.attempts < len(own) or at <= ended + 2.0
    return least <= live_storm.attempts <= most and (
        awaited if live_storm.fails else live_storm.answered_at is not None
    )
