"""Pages of real vLLMs, old names, and pages that are damaged on purpose."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers import DATA
from stormdeck.model.snapshots.vllm_metrics import window
from stormdeck.sources.servers.prometheus import read_metrics


def page(name):
    return (DATA / "metrics" / f"{name}.txt").read_bytes()


@pytest.mark.parametrize("name", ["0.28", "full", "under_load"])
def test_recorded_pages_give_all_that_is_shown(name):
    sample = read_metrics(page(name), 1.0)
    assert set(sample.gauges) == {"running", "waiting", "kv_cache", "started"}
    assert set(sample.counters) == {
        "prompt_tokens",
        "prompt_tokens_finished",
        "generation_tokens",
        "prefix_queries",
        "prefix_hits",
        "preemptions",
        "finished",
    }
    assert sample.engines == {}
    assert len(sample.ttft) == 23


def test_two_recorded_pages_give_the_figures_between_them():
    stats = window([read_metrics(page("under_load"), 0.0), read_metrics(page("full"), 30.0)])
    assert stats.generation_tokens_per_s == 617.0  # (33597 - 15075) / 30
    assert stats.prefix_hit_percent == 63.0  # (19968 - 7936) / (33657 - 14443)
    assert (stats.ttft_p50_s, stats.ttft_p95_s) == (0.01, 0.03)
    assert stats.prompt_tokens_unfinished == 4495  # (33657 - 14443) - (28344 - 13625); clients left in between


OLD = """
vllm:num_requests_running{engine="0",model_name="q"} 2.0
vllm:gpu_cache_usage_perc{engine="0",model_name="q"} 0.5
vllm:gpu_prefix_cache_queries_total{engine="0",model_name="q"} 100.0
vllm:gpu_prefix_cache_hits_total{engine="0",model_name="q"} 40.0
"""


QUOTED = st.text('{}",= #\\\n1ae', max_size=12).map(lambda text: f'{{engine="{text}"}}')
LABELS = QUOTED | st.text('{}",=#1ae', max_size=8)
NUMBERS = st.floats().map(repr) | st.text("0123456789.eE+-_", min_size=1, max_size=6)


@given(LABELS, NUMBERS)
def test_a_line_gives_the_same_with_a_time_behind_it(labels, number):
    """Lines with one go through the library's parser, as does a series that was never seen."""
    line = f"vllm:num_requests_running{labels} {number}"
    assert read_metrics(f"{line}\n".encode(), 1.0) == read_metrics(f"{line} 1763700000\n".encode(), 1.0)


def test_names_of_old_versions_are_understood():
    sample = read_metrics(OLD.encode(), 1.0)
    assert sample.gauges["kv_cache"] == 0.5
    assert (sample.counters["prefix_queries"], sample.counters["prefix_hits"]) == (100.0, 40.0)


def test_both_generations_on_one_page_are_not_added():
    both = OLD + OLD.replace("gpu_cache", "kv_cache").replace("gpu_prefix", "prefix").replace(
        "num_requests_running", "x"
    )
    sample = read_metrics(both.encode(), 1.0)
    assert sample.gauges["kv_cache"] == 0.5
    assert sample.counters["prefix_queries"] == 100.0


def test_engines_are_summed_and_the_fullest_cache_counts():
    text = 'vllm:num_requests_running{engine="0"} 2\nvllm:num_requests_running{engine="1"} 3\n'
    text += 'vllm:kv_cache_usage_perc{engine="0"} 0.2\nvllm:kv_cache_usage_perc{engine="1"} 0.9\n'
    text += 'vllm:generation_tokens_total{engine="0"} 10\nvllm:generation_tokens_total{engine="1"} 5\n'
    sample = read_metrics(text.encode(), 1.0)
    assert sample.gauges == {"running": 5.0, "kv_cache": 0.9}
    assert sample.counters["generation_tokens"] == 15.0


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1", "1e300", "oops", ""])
def test_a_value_that_makes_no_sense_is_left_out(value):
    sample = read_metrics(f"vllm:num_requests_running {value}\nvllm:num_requests_waiting 4\n".encode(), 1.0)
    assert sample.gauges == {"waiting": 4.0}


def test_a_damaged_line_costs_only_itself():
    sample = read_metrics(b'vllm:num_requests_running{engine="0 7\nvllm:num_requests_waiting{engine="0"} 4\n', 1.0)
    assert sample.gauges == {"waiting": 4.0}


@pytest.mark.parametrize(
    "text", [b"", b"<html>vllm:</html>", b"python_info 1\nprocess_start_time_seconds 1.7e9\n", b"\xff\xfe\0"]
)
def test_a_page_without_vllm_is_none(text):
    assert read_metrics(text, 1.0) is None


@given(st.integers(0, 60_000), st.binary(max_size=30))
@settings(max_examples=40, deadline=None)
def test_damage_anywhere_never_raises(place, junk):
    whole = page("0.28")
    sample = read_metrics(whole[:place] + junk + whole[place + len(junk) :], 1.0)
    assert sample is None or window([sample]) is not None
