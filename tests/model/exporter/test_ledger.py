"""What the ledger lists of a deck: known values only, with bounded labels."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from samples import CALM, LIVE, NOW, PROXY, VLLM
from stormdeck.model.deck import Deck
from stormdeck.model.exporter.labels import CAUSES, cause_label, code_label
from stormdeck.model.exporter.ledger import Ledger
from stormdeck.model.exporter.metrics import METRICS
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.retries.sessions import InFlight
from stormdeck.model.snapshots.traffic import Bucket, PathChange
from stormdeck.model.snapshots.wire import Usage, WireSnapshot
from stormdeck.model.traffic.upstream import LINES, Upstream
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.request import Kind

SECRETS = ("/home/ann", "ann", "a1b2c3", "sk-secret", "10.0.0.5", "make it work", "Qwen")


def listed(*decks, now=NOW):
    ledger = Ledger("1.2.3")
    for deck in decks:
        ledger.take(deck)
    return {(one.metric.series.removeprefix("stormdeck_"), *one.labels): one.value for one in ledger.samples(now)}


def test_nothing_known_is_nothing_said():
    found = listed(Deck())
    assert found[("build_info", "1.2.3")] == 1
    assert {name for name, *_ in found} <= {"build_info", "hop_up"}


def test_without_a_log_requests_are_not_said_to_be_none():
    found = listed(Deck(traffic=replace(CALM, logs=())))
    assert found[("logs",)] == 0
    assert ("attempts_total",) not in found
    assert listed(Deck(traffic=CALM))[("attempts_total",)] == sum(map(sum, CALM.buckets))


def test_hops_findings_and_amplification():
    traffic = replace(CALM, requests=30, turns=10, upstream=Upstream(30, 90, LINES, at_least=True))
    finding = Finding("URL101", Severity.ERROR, "ends in /v1", "make it work", "env.ANTHROPIC_BASE_URL")
    found = listed(Deck(traffic=traffic, vllm=VLLM, proxy=PROXY, findings=(finding, finding)))
    assert (found["hop_up", "proxy"], found["hop_up", "server"]) == (1, 1)
    assert ("hop_up", "gpu") not in found
    assert found["finding_active", "URL101", "error"] == 1
    assert (found["amplification_ratio", "client", "exact"], found["amplification_ratio", "proxy", "at_least"]) == (
        3,
        3,
    )


def test_no_ratio_over_a_change_of_the_path_or_without_turns():
    moved = replace(CALM, changes=(PathChange(NOW, "vllm.log", 0),))
    for traffic in (moved, replace(CALM, requests=0, turns=0)):
        assert not [name for name, *_ in listed(Deck(traffic=traffic)) if name == "amplification_ratio"]


def test_in_flight_by_transcripts_and_by_recorders():
    traffic = replace(CALM, waiting=1, in_flight=(InFlight("a1b2c3", "", "/home/ann", NOW - 70, 2),))
    wire = WireSnapshot(1, (Exchange("1", NOW - 40, Kind.MAIN, "a1b2c3"), Exchange("2", NOW - 5, Kind.MAIN)))
    found = listed(Deck(traffic=traffic, wire=wire))
    assert found["in_flight_requests", "transcripts"] == 1
    assert found["in_flight_oldest_seconds", "transcripts"] == 70
    assert found["in_flight_requests", "wire"] == 2
    assert found["in_flight_oldest_seconds", "wire"] == 40
    assert listed(Deck(traffic=traffic), now=NOW - 900)["in_flight_oldest_seconds", "transcripts"] == 0
    idle = listed(Deck(traffic=replace(CALM, waiting=0)))
    assert idle["in_flight_requests", "transcripts"] == idle["in_flight_oldest_seconds", "transcripts"] == 0
    assert ("in_flight_requests", "wire") not in idle


def test_abandoned_requests_and_tokens():
    engine = replace(VLLM.engine, running=5, waiting=0, prompt_tokens_unfinished=4096)
    found = listed(Deck(traffic=replace(CALM, waiting=1), vllm=replace(VLLM, engine=engine)))
    assert found["abandoned_requests", "likely"] == 4
    assert found["abandoned_prompt_tokens",] == 4096
    beside = listed(Deck(vllm=replace(VLLM, engine=engine), proxy=PROXY))
    assert beside["abandoned_requests", "possible"] == 3
    idle = replace(engine, running=0)
    assert ("abandoned_requests", "likely") not in listed(Deck(vllm=replace(VLLM, engine=idle)))


def test_tokens_of_journals_that_were_there_at_the_start_are_left_out():
    before, after = Usage(100, 50, 10), Usage(300, 60, 15)
    found = listed(Deck(), Deck(wire=WireSnapshot(1, (), before)), Deck(wire=WireSnapshot(0, (), after)))
    assert [found["tokens_total", kind] for kind in ("input", "cached", "output")] == [200, 10, 5]
    assert ("tokens_total", "input") not in listed(Deck())


def test_a_clock_set_back_keeps_totals_and_counts_on():
    first = replace(CALM, buckets=(Bucket(2, 0, 0),), newest_slice=100, storms=(LIVE,))
    second = replace(first, buckets=(Bucket(1, 0, 0),), newest_slice=9, clock_resets=1, storms=(LIVE,))
    found = listed(Deck(traffic=first), Deck(traffic=second))
    assert found["attempts_total",] == 3
    assert found["storms_begun_total", "500", "likely"] == 1
    assert found["storm_retries_total", "500", "likely"] == LIVE.attempts - 1


def test_no_label_holds_what_is_private():
    storm = replace(LIVE, cause="sk-secret 10.0.0.5", session="a1b2c3", folder="/home/ann")
    finding = Finding("sk-secret", Severity.ERROR, "ann", "make it work", "env.X")
    exchange = Exchange("1", NOW, Kind.MAIN, "a1b2c3", model="Qwen")
    deck = Deck(traffic=replace(CALM, storms=(storm,)), findings=(finding,), wire=WireSnapshot(1, (exchange,)))
    labels = [label for _, *labels in listed(deck) for label in labels]
    assert not [label for label in labels for secret in SECRETS if secret in label]


@given(st.text())
def test_any_text_becomes_one_of_few_labels(text):
    known = {one.replace(" ", "_") for one in CAUSES} | {str(status) for status in range(100, 600)}
    assert cause_label(text) in known | {"other"}
    assert code_label(text) == "other" or text.isalnum()


def test_labels_of_real_causes_and_codes():
    assert [cause_label(one) for one in ("500", "timed out", "999", "٥٠٠")] == ["500", "timed_out", "other", "other"]
    assert [code_label(one) for one in ("TRAFFIC401", "URL1", "")] == ["TRAFFIC401", "other", "other"]


def test_names_are_unique_and_of_one_family():
    names = [one.name for one in METRICS]
    assert len(names) == len(set(names))
    assert all(one.startswith("stormdeck_") and not one.endswith("_total") for one in names)
