"""Several real clients at once: each request is counted once, whichever client sent it."""

import json
from collections import Counter
from dataclasses import fields

import pytest

from places import TESTS
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.transcript import Entry, EntryKind
from stormdeck.model.traffic.meter import TrafficMeter

HEARD = [json.loads(line) for line in (TESTS / "data" / "several" / "five_clients.jsonl").read_text().splitlines()]
ENTRIES = [Entry(**one["entry"] | {"kind": EntryKind(one["entry"]["kind"])}) for one in HEARD if "entry" in one]
LINES = sum(len(one["lines"]) for one in HEARD if "lines" in one)


def truth():
    """Return what the clients wrote down: every request, and how many of them were the first of their turn."""
    sent = [(entry.session, entry.digest) for entry in ENTRIES if entry.kind is EntryKind.REQUEST]
    return len(sent), len(set(sent)), len(sent) - len(set(sent))


def heard(meter):
    entries = iter(ENTRIES)
    for one in HEARD:
        if "entry" in one:
            meter.take_entry(next(entries))
        else:
            meter.take(LogBatch(one["log"], tuple(one["lines"]), one["arrived"], history=False, since=one["since"]))
    return meter.snapshot(ENTRIES[-1].t + 5)


def test_every_request_is_counted_once():
    seen = heard(TrafficMeter(window_s=3600))
    assert (seen.requests, seen.turns, seen.retries) == truth() == (LINES, 55, 47)


def test_every_storm_is_there_and_names_its_session_and_folder():
    seen = heard(TrafficMeter(window_s=3600))
    tries = Counter((entry.session, entry.digest) for entry in ENTRIES if entry.kind is EntryKind.REQUEST)
    true = sorted((session, count) for (session, _), count in tries.items() if count >= 3)
    assert sorted((storm.session, storm.attempts) for storm in seen.storms) == true
    assert {(storm.cause, storm.outcome.value) for storm in seen.storms} == {("500", "recovered")}
    folders = {entry.session: entry.folder for entry in ENTRIES if entry.folder}
    assert all(storm.folder == folders[storm.session] for storm in seen.storms)


@pytest.mark.parametrize("name", [one.name for one in fields(Entry) if one.name in {"session", "folder"}])
def test_a_recording_says_nothing_of_its_machine(name):
    assert all(getattr(entry, name).startswith("/home/dev/") or len(getattr(entry, name)) < 4 for entry in ENTRIES)
