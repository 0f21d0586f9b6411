"""The engine's figures are differences of two pages, never totals."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.snapshots.vllm_metrics import MetricsSample, quantile, window

ENDS = (0.1, 0.5, 1.0, math.inf)


def sample(at, tokens=0.0, *, running=0.0, ttft=(0, 0, 0, 0), **counters):
    return MetricsSample(
        at=at,
        gauges={"running": running, "waiting": 2.0, "kv_cache": 0.416},
        counters={"generation_tokens": tokens, **counters},
        ttft=tuple(zip(ENDS, map(float, ttft), strict=True)),
    )


def test_one_look_shows_gauges_and_no_rate():
    stats = window([sample(0, 5000, running=3)])
    assert (stats.running, stats.waiting, stats.kv_cache_percent) == (3, 2, 42.0)
    assert (stats.generation_tokens_per_s, stats.ttft_p50_s, stats.window_s) == (None, None, 0)


def test_rates_cover_ten_seconds_and_percentiles_sixty():
    looks = [sample(at, tokens=min(at, 50) * 100, ttft=(at, at, at, at)) for at in range(0, 121, 2)]
    stats = window(looks)
    assert stats.generation_tokens_per_s == 0.0
    assert stats.window_s == 60
    assert stats.ttft_p50_s == pytest.approx(0.05)


def test_a_busy_engine_after_an_idle_minute_shows_its_rate_at_once():
    looks = [sample(at) for at in range(0, 60, 2)] + [sample(60 + at, tokens=at * 80) for at in range(0, 11, 2)]
    assert window(looks).generation_tokens_per_s == 80.0


def test_nothing_asked_of_the_prefix_cache_is_not_zero_percent():
    before = sample(0, prefix_queries=1000.0, prefix_hits=990.0)
    assert window([before, sample(2, prefix_queries=1000.0, prefix_hits=990.0)]).prefix_hit_percent is None
    assert window([before, sample(2, prefix_queries=1200.0, prefix_hits=1030.0)]).prefix_hit_percent == 20.0


def test_a_restart_starts_over_instead_of_going_negative():
    looks = [sample(0, 90_000, ttft=(5, 9, 9, 9)), sample(2, 91_000, ttft=(5, 9, 9, 9)), sample(4, 10), sample(6, 50)]
    stats = window(looks)
    assert stats.generation_tokens_per_s == 20.0
    assert (stats.ttft_p50_s, stats.window_s) == (None, 2)


def test_a_clock_set_back_is_survived():
    stats = window([sample(5000, 100), sample(1000, 200), sample(1004, 280)])
    assert stats.generation_tokens_per_s == 20.0


def test_looks_within_a_moment_give_no_rate():
    assert window([sample(0, 0), sample(0.05, 100)]).generation_tokens_per_s is None


def test_preemptions_of_the_window_are_counted():
    assert window([sample(0, preemptions=30.0), sample(2, preemptions=35.0)]).preemptions == 5


@pytest.mark.parametrize(
    ("running", "waiting", "preempted", "lost"),
    [(0, 0, 0, 700), (1, 0, 0, None), (0, 1, 0, None), (0, 0, 1, None)],
    ids=["at rest", "one runs", "one waits", "one read its prompt twice"],
)
def test_prompt_tokens_of_requests_that_never_finished_are_reported_at_rest(running, waiting, preempted, lost):
    first = sample(0, prompt_tokens=1000.0, prompt_tokens_finished=900.0, preemptions=0.0)
    last = sample(30, prompt_tokens=3000.0, prompt_tokens_finished=2200.0, preemptions=float(preempted))
    last = replace(last, gauges={**last.gauges, "running": float(running), "waiting": float(waiting)})
    assert window([first, last]).prompt_tokens_unfinished == lost


def test_requests_that_began_before_the_window_lose_no_tokens():
    looks = [
        sample(at, prompt_tokens=1000.0, prompt_tokens_finished=finished) for at, finished in ((0, 100.0), (30, 900.0))
    ]
    looks = [replace(look, gauges={"running": 0.0}) for look in looks]
    assert window(looks).prompt_tokens_unfinished == 0


def test_a_page_without_an_engine_is_no_engine():
    assert window([]) is None
    assert window([MetricsSample(at=1.0, gauges={"started": 1.0})]) is None


def test_two_windows_that_show_the_same_are_equal():
    assert window([sample(0, 1000), sample(2.0, 1400)]) == window([sample(0, 1000), sample(2.004, 1400.9)])


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        pytest.param((10, 10, 10, 10), 0.5, 0.05, id="in the first bucket from zero"),
        pytest.param((0, 10, 10, 10), 0.5, 0.3, id="linear within a bucket"),
        pytest.param((5, 9, 10, 10), 0.95, 0.75, id="tail"),
        pytest.param((0, 0, 0, 10), 0.5, 1.0, id="beyond the last bound: at least that"),
        pytest.param((0, 0, 0, 0), 0.5, None, id="nothing observed"),
    ],
)
def test_quantile_is_that_of_prometheus(counts, share, value):
    got = quantile(tuple(zip(ENDS, map(float, counts), strict=True)), share)
    assert got == (None if value is None else pytest.approx(value))


def test_progress_gives_a_working_engine_from_a_hung_one():
    assert sample(0, 10, running=1).progress == sample(30, 10, running=1).progress
    assert sample(0, 10, running=1).progress != sample(2, 11, running=1).progress


_number = st.floats(0, 1e15)
_looks = st.lists(
    st.builds(
        MetricsSample,
        at=st.floats(0, 1e6),
        gauges=st.dictionaries(st.sampled_from(["running", "waiting", "kv_cache", "started"]), _number),
        counters=st.dictionaries(st.sampled_from(["prompt_tokens", "prefix_queries", "prefix_hits"]), _number),
        ttft=st.lists(_number, min_size=4, max_size=4).map(lambda counts: tuple(zip(ENDS, counts, strict=True))),
    ),
    max_size=8,
)


@given(_looks)
@settings(max_examples=80, deadline=None)
def test_any_looks_give_sane_figures(looks):
    stats = window(looks)
    if stats is None:
        return
    assert stats.running >= 0
    assert stats.preemptions >= 0
    for percent in (stats.kv_cache_percent, stats.prefix_hit_percent):
        assert percent is None or 0 <= percent <= 100
    for value in (stats.prompt_tokens_per_s, stats.ttft_p50_s, stats.ttft_p95_s):
        assert value is None or (value >= 0 and math.isfinite(value))
    if stats.ttft_p50_s is not None:
        assert stats.ttft_p50_s <= stats.ttft_p95_s
