"""Data-parallel engines are judged one by one: the full one, the waiting one and the hung one may be three."""

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from samples import NOW, VLLM, WELL
from served import WITH_MESSAGES
from servers import Clock, Reply, serving, vllm
from stacks import deck
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.vllm.engine import kv_cache_full
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.vllm_metrics import window
from stormdeck.model.verdict.vllm_load import problems
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.servers.prometheus import read_metrics
from stormdeck.sources.servers.vllm import VllmSource


def page(*engines):
    """Return the metrics of engines: (running, waiting, share of the KV cache, tokens)."""
    rows = []
    for number, (running, waiting, cache, tokens) in enumerate(engines):
        labels = f'{{engine="{number}",model_name="q"}}'
        rows += [
            f"vllm:num_requests_running{labels} {running}",
            f"vllm:num_requests_waiting{labels} {waiting}",
            f"vllm:kv_cache_usage_perc{labels} {cache}",
            f"vllm:generation_tokens_total{labels} {tokens}",
        ]
    return "\n".join([*rows, ""]).encode()


def stats(*engines):
    return window([read_metrics(page(*engines), 1.0)])


def headlines(engine):
    return [one.headline for one in problems(deck(WELL, replace(VLLM, engine=engine)), NOW)]


FULL = {
    "the full engine and the waiting one are two": ([(3, 0, 0.97, 9), (3, 7, 0.4, 9)], []),
    "the full engine waits itself": (
        [(3, 0, 0.4, 9), (3, 7, 0.97, 9)],
        ["vLLM's engine 1, one of 2, is short of memory: KV cache 97 %, 7 requests waiting"],
    ),
    "two of four": (
        [(3, 2, 0.96, 9), (0, 0, 0.1, 9), (3, 7, 0.99, 9), (1, 5, 0.2, 9)],
        ["2 of 4 vLLM engines are short of memory: KV cache up to 99 %, 9 requests waiting"],
    ),
    "one engine": ([(3, 7, 0.97, 9)], ["vLLM is short of memory: KV cache 97 %, 7 requests waiting"]),
}


@pytest.mark.parametrize(("engines", "expected"), FULL.values(), ids=FULL)
def test_a_full_cache_is_that_of_an_engine_whose_own_requests_wait(engines, expected):
    engine = stats(*engines)
    assert headlines(engine) == expected
    found = list(kv_cache_full.find(cast("Facts", SimpleNamespace(live=SimpleNamespace(engine=engine)))))
    assert len(found) == len(expected)


def test_sums_stay_as_they_were():
    engine = stats((3, 0, 0.97, 9), (3, 7, 0.4, 9))
    assert (engine.running, engine.waiting, engine.kv_cache_percent) == (6, 7, 97.0)
    assert [one.name for one in engine.engines] == ["0", "1"]


def test_more_engines_than_are_judged_one_by_one_cost_nothing():
    began = read_metrics(page(*[(1, 1, 0.5, 9)] * 65), 1.0)
    assert began.engines == {}
    assert began.gauges["running"] == 65


def polled(pages, step_s=10.0):
    """Return the last snapshot after polls of a vLLM that shows these pages, ten seconds apart."""

    async def scene():
        clock, left = Clock(time.time()), list(pages)
        server = vllm(**WITH_MESSAGES, _metrics=lambda _: Reply(left.pop(0)))
        async with serving(server) as url, HttpClient("9") as http:
            source = VllmSource(url, http, clock)
            for _ in pages:
                snapshot = await source.poll()
                clock.move(step_s)
        return snapshot

    return asyncio.run(scene())


def test_one_engine_that_hangs_among_others_that_work():
    seen = polled([page((2, 0, 0.3, 100), (2, 0, 0.3, 100 + at)) for at in range(6)])
    assert seen.state is ServerState.UP
    assert [one.stalled_s for one in seen.engine.engines] == [50, 0]
    (said,) = headlines(seen.engine)
    assert said == "vLLM's engine 0, one of 2, hangs: 2 requests run there and no token came out for 50 s"


def test_engines_that_all_hang_are_a_hung_server():
    seen = polled([page((2, 0, 0.3, 100), (1, 0, 0.3, 100))] * 6)
    assert seen.state is ServerState.DEGRADED
    assert "the engine hangs" in seen.detail


def test_an_idle_engine_beside_one_that_hangs_still_answers():
    seen = polled([page((2, 0, 0.3, 100), (0, 0, 0.0, 100))] * 6)
    assert seen.state is ServerState.UP
    assert [one.stalled_s for one in seen.engine.engines] == [50, 0]
