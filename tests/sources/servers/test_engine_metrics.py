"""The pages of SGLang, llama-server and TGI, read under vLLM's names."""

import pytest

from other_servers import described
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.servers.engine_metrics import read_engine_page

PAGES = {
    ServerKind.SGLANG: ("sglang", {"running": 7.0, "waiting": 3.0, "kv_cache": 0.66}, {"prompt_tokens": 12345.0}),
    ServerKind.LLAMA_SERVER: ("llama-server", {"running": 3.0, "waiting": 1.0}, {"prompt_tokens": 6886.0}),
    ServerKind.TGI: ("tgi", {"running": 1.0, "waiting": 2.0}, {}),
}


def page(name):
    return described(name)["routes"]["/metrics"]["body"].encode()


@pytest.mark.parametrize("kind", PAGES)
def test_figures_are_read(kind):
    name, gauges, counters = PAGES[kind]
    sample, why = read_engine_page(page(name), 1.0, kind)
    assert why == ""
    assert dict(sample.gauges) == gauges
    assert counters.items() <= sample.counters.items()


def test_another_rank_of_the_same_engine_is_not_added():
    """Ranks of a tensor-parallel engine repeat its figures; those of data-parallel engines are its parts."""
    rows = [
        b'sglang:num_running_reqs{tp_rank="%d",dp_rank="%d"} 2.0' % (tensor, data)
        for tensor in (0, 1)
        for data in (0, 1)
    ]
    sample, _ = read_engine_page(b"\n".join(rows), 1.0, ServerKind.SGLANG)
    assert sample.gauges["running"] == 4.0


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize(
    "text",
    [b"", b"\n" * 1_000_000, b"a" * 1_000_000, b"sglang:num_running_reqs{" * 100_000, b"\xff\x00tgi_queue_size 1"],
    ids=["empty", "blank lines", "one line", "open labels", "no text"],
)
def test_a_hostile_page_has_no_figures(kind, text):
    sample, why = read_engine_page(text, 1.0, kind)
    assert sample is None
    assert kind.value in why


@pytest.mark.parametrize("other", ["vllm:num_requests_running 3\n", "sglang:num_running_reqs NaN\n", "other 1\n"])
def test_names_of_another_program_do_not_count(other):
    assert read_engine_page(other.encode(), 1.0, ServerKind.SGLANG)[0] is None
