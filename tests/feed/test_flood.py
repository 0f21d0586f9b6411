"""More requests than can be analysed: their lines are shown and counted, and what was left out is said."""

import asyncio
import json
import time

import pytest

from samples import CALM, FOUND, PROXY, VLLM, WELL
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.book import LogBook
from stormdeck.model.status.document import status_json
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.verdict.ranking import statements
from stormdeck.sources.logs import follow
from stormdeck.sources.logs.follow import Follower

LINE = 'INFO:     127.0.0.1:{} - "POST /v1/messages?beta=true HTTP/1.1" {}'.format
NOW = 1_800_000_000.0


def fed(*batches):
    """Return a feed, its book and its meter after these batches."""

    async def scene():
        book, meter = LogBook(), TrafficMeter(window_s=600, bucket_s=10)
        feed = LogFeed(book, meter, lambda: None, lambda: NOW)
        feed.follow(())
        for batch in batches:
            await asyncio.to_thread(feed._offer, batch)
        await asyncio.sleep(0)
        feed.stop()
        return feed, book, meter

    return asyncio.run(scene())


def batch(count, until, at=NOW):
    lines = tuple(LINE(40000 + number, "200 OK") for number in range(count))
    return LogBatch("a.log", lines, at, history=False, since=at - 1, analyse_until=until)


def test_lines_that_come_too_fast_are_shown_and_counted_but_not_analysed():
    feed, book, meter = fed(batch(10, None), batch(2500, time.monotonic() - 1), batch(10, None))
    assert meter.snapshot(NOW).requests == 20
    assert book.end == 2520
    faults = feed.own_faults()
    assert faults.unanalysed == 2500
    assert faults.remarks == (
        "a.log: 2500 lines not analysed, they came too fast: counts and storms of that time are too low",
    )


def test_among_a_flood_of_other_lines_no_request_is_lost():
    noise = tuple(f"noise {number}" for number in range(1000))
    own = tuple(LINE(41000 + number, "200 OK") for number in range(5))
    late = LogBatch("a.log", (*noise, *own, *noise, *own), NOW, history=False, since=NOW - 1, analyse_until=0.0)
    feed, book, meter = fed(batch(10, None), late)
    assert meter.snapshot(NOW).requests == 20
    assert book.end == 2020
    assert feed.own_faults().unanalysed == 0


def test_nothing_is_left_out_in_time():
    feed, _, meter = fed(batch(2500, time.monotonic() + 1e6))
    assert meter.snapshot(NOW).requests == 2500
    assert feed.own_faults().unanalysed == 0
    assert feed.own_faults().remarks == ()


def test_what_was_left_out_is_in_the_status():
    feed, _, _ = fed(batch(1500, 0.0))
    deck = Deck()
    for snapshot in (WELL, FOUND, VLLM, PROXY, CALM, feed.own_faults()):
        deck = take(deck, snapshot)
    found = status_json(deck, statements(deck, NOW, lambda _: "14:02"))
    assert json.loads(json.dumps(found))["requests"]["lines_not_analysed"] == 1500


@pytest.mark.parametrize(("written", "is_flood"), [(300, False), (3000, True)])
def test_only_much_at_once_has_an_end_of_analysis(tmp_path, monkeypatch, written, is_flood):
    log, batches = tmp_path / "a.log", []
    log.write_text("")
    monkeypatch.setattr(follow, "_TOO_MUCH_BYTES", 100_000)
    follower = Follower(log, batches.append, lambda _: None)
    follower._poll()
    log.write_text("".join(f"{LINE(40000, 200)}\n" for _ in range(written)))
    follower._poll()
    follower._close()
    assert [line for one in batches for line in one.lines] == [LINE(40000, 200)] * written
    assert {one.analyse_until is not None for one in batches} == {is_flood}
