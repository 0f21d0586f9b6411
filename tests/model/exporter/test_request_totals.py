"""Attempts, turns and retries as totals: they never fall, and are the truth where nothing is corrected."""

from hypothesis import given
from hypothesis import strategies as st

from stormdeck.model.exporter.requests import RequestTotals
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.snapshots.traffic import Bucket, TrafficSnapshot
from stormdeck.model.traffic.meter import TrafficMeter

SIZE = 4
BUCKET = st.builds(Bucket, *[st.integers(0, 5)] * 3)
ANSWER = 'INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 200 OK'


def snapshot(newest, buckets, resets=0, bucket_s=15):
    retries = sum(one.retry for one in buckets)
    requests = sum(map(sum, buckets))
    return TrafficSnapshot(
        tuple(buckets), bucket_s, requests, requests - retries, retries, 0.0, 0.0, 0.0,
        newest_slice=newest, clock_resets=resets,
    )  # fmt: skip


def shown(truth, newest, resets=0):
    empty = Bucket(0, 0, 0)
    return snapshot(newest, [truth.get(at, empty) for at in range(newest - SIZE + 1, newest + 1)], resets)


def numbers(totals):
    return totals.attempts, totals.turns, totals.retries


@given(st.lists(st.tuples(st.integers(-9, 9), st.lists(BUCKET, min_size=SIZE, max_size=SIZE), st.integers(0, 2))))
def test_no_snapshot_makes_a_total_fall(steps):
    totals, newest, before = RequestTotals(), 100, (0, 0, 0)
    for step, buckets, resets in steps:
        newest += step
        totals.take(snapshot(newest, buckets, resets))
        now = numbers(totals)
        assert all(new >= old for new, old in zip(now, before, strict=True))
        before = now


@given(st.lists(st.tuples(st.integers(0, SIZE), BUCKET)))
def test_without_corrections_the_totals_are_the_truth(steps):
    totals, truth, newest = RequestTotals(), {}, 100
    for step, more in steps:
        newest += step
        old = truth.get(newest, Bucket(0, 0, 0))
        truth[newest] = Bucket(*(one + other for one, other in zip(old, more, strict=True)))
        totals.take(shown(truth, newest))
    retries, attempts = sum(one.retry for one in truth.values()), sum(map(sum, truth.values()))
    assert numbers(totals) == (attempts, attempts - retries, retries)


def test_a_turn_that_becomes_a_retry_counts_once():
    totals = RequestTotals()
    totals.take(shown({7: Bucket(3, 1, 0)}, 7))
    totals.take(shown({7: Bucket(2, 1, 1)}, 7))
    assert numbers(totals) == (4, 4, 1)
    totals.take(shown({7: Bucket(4, 1, 1)}, 7))
    assert numbers(totals) == (6, 5, 1)


def test_a_clock_that_falls_back_by_a_slice_counts_nothing_twice():
    totals, truth = RequestTotals(), {6: Bucket(1, 0, 0), 7: Bucket(2, 0, 0)}
    for newest in (7, 6, 7, 8):
        totals.take(shown(truth, newest))
    assert totals.attempts == 3


def test_after_a_reset_of_the_clock_the_same_slices_are_new_ones():
    totals = RequestTotals(since=6 * 15.0)
    totals.take(shown({6: Bucket(1, 0, 0), 7: Bucket(2, 0, 1)}, 7))
    totals.take(shown({}, 2, resets=1))
    totals.take(shown({2: Bucket(1, 0, 0)}, 2, resets=1))
    assert numbers(totals) == (5, 4, 1)


def test_what_was_before_the_start_is_not_counted_again():
    totals = RequestTotals(since=7 * 15.0 + 3)
    totals.take(shown({6: Bucket(9, 0, 0), 7: Bucket(2, 0, 0)}, 7))
    assert totals.attempts == 2


def test_a_real_meter_is_counted_to_the_request_through_its_window_and_a_clock_set_back():
    meter, totals, sent = TrafficMeter(window_s=60), RequestTotals(), 0
    for now in (*range(1000, 1300, 7), *range(400, 600, 7)):
        totals.take(meter.snapshot(float(now)))
        meter.take(LogBatch("vllm.log", (ANSWER,), arrived=float(now), history=False))
        totals.take(meter.snapshot(float(now)))
        sent += 1
    assert numbers(totals) == (sent, sent, 0)
