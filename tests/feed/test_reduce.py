"""A snapshot in the deck: findings follow from what rules read, and from nothing else."""

from dataclasses import replace

import pytest

import samples
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck


@pytest.fixture
def deck():
    found = Deck()
    for snapshot in (samples.WRONG, samples.FOUND, samples.VLLM, samples.PROXY, samples.CALM):
        found = take(found, snapshot)
    return found


def vllm(**figures):
    return replace(samples.VLLM, latency_ms=9, engine=replace(samples.VLLM.engine, **figures))


def test_figures_that_no_rule_reads_cost_no_judgement(deck):
    rates = {"generation_tokens_per_s": 1.0, "prompt_tokens_per_s": 2.0, "ttft_p50_s": 0.1, "ttft_p95_s": 3.25}
    busier = take(deck, vllm(running=9, waiting=2, kv_cache_percent=61.0, finished=871, **rates))
    assert deck.findings
    assert busier.findings is deck.findings
    assert busier.vllm.engine.running == 9


def test_a_first_token_later_than_the_timeout_is_found_at_once(deck):
    settings = samples.settings('{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:4000", "API_TIMEOUT_MS": "3000"}}')
    found = [
        {one.code for one in take(take(deck, settings), vllm(ttft_p95_s=slowest)).findings} for slowest in (2.9, 3.25)
    ]
    assert ["TIME504" in codes for codes in found] == [False, True]


def test_how_full_a_cache_is_costs_no_judgement_once_it_is_full(deck):
    full = take(deck, vllm(kv_cache_percent=99.0, waiting=4))
    assert take(full, vllm(kv_cache_percent=99.5, waiting=4)).findings is full.findings


def test_a_full_cache_is_found_at_once(deck):
    full = take(deck, vllm(kv_cache_percent=99.0, waiting=4))
    assert "SERVER907" in {finding.code for finding in full.findings} - {finding.code for finding in deck.findings}
