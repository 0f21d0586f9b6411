"""The path: each hop with its health, the worst thing known of it."""

from dataclasses import replace

import pytest

from samples import DOWN_VLLM, FOUND, GPUS, NO_GPU, NOTHING, PROXY, VLLM, WELL, gpu
from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.request_path import path
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.urls import place, why_no_url

WHOLE = Deck(discovery=FOUND, settings=WELL, vllm=VLLM, proxy=PROXY, gpu=GPUS, client_version="2.1.329")


def lights(deck):
    return [(hop.kind, hop.health) for hop in path(deck)]


def test_a_path_where_all_is_well():
    assert [hop.name for hop in path(WHOLE)] == ["claude 2.1.329", "LiteLLM", "vLLM", "2 × H200"]
    assert [hop.figure for hop in path(WHOLE)] == ["", "2 ms", "4 ms", "90 %"]
    assert {health for _, health in lights(WHOLE)} == {Health.OK}


def test_without_a_proxy_there_is_no_such_hop():
    assert HopKind.PROXY not in dict(lights(replace(WHOLE, proxy=None)))


def test_a_server_that_is_down_is_broken_in_a_word():
    server = path(replace(WHOLE, vllm=DOWN_VLLM))[2]
    assert (server.health, server.figure) == (Health.ERROR, "down")


@pytest.mark.parametrize(("severity", "health"), [(Severity.ERROR, Health.ERROR), (Severity.WARNING, Health.WARNING)])
def test_a_finding_about_the_settings_shows_at_the_client(severity, health):
    finding = Finding("URL101", severity, "ends in /v1", "", "env.ANTHROPIC_BASE_URL")
    assert lights(replace(WHOLE, findings=(finding,)))[0] == (HopKind.CLIENT, health)


@pytest.mark.parametrize(("severity", "health"), [(Severity.ERROR, Health.ERROR), (Severity.WARNING, Health.WARNING)])
def test_a_finding_about_a_server_that_answers_shows_there_with_its_own_severity(severity, health):
    finding = Finding("SERVER901", severity, "no parser", "", "--tool-call-parser", hop=HopKind.SERVER)
    deck = replace(WHOLE, findings=(finding,))
    assert dict(lights(deck))[HopKind.SERVER] is health
    assert dict(lights(deck))[HopKind.CLIENT] is Health.OK


def test_no_gpu_is_no_fault_and_a_lost_one_is():
    lost = GpuSnapshot(GpuState.OK, gpus=(replace(gpu(0, 0, 0, 0), lost=True),))
    assert dict(lights(replace(WHOLE, gpu=NO_GPU)))[HopKind.GPU] is Health.UNKNOWN
    assert dict(lights(replace(WHOLE, gpu=lost)))[HopKind.GPU] is Health.ERROR


def test_where_nothing_is_found_the_server_is_unknown():
    assert lights(Deck(discovery=NOTHING))[1] == (HopKind.SERVER, Health.UNKNOWN)


@pytest.mark.parametrize(
    ("met", "reach", "health", "figure"),
    [
        (ServerState.DOWN, Reach.REFUSED, Health.ERROR, "down"),
        (ServerState.SILENT, Reach.SILENT, Health.ERROR, "no answer"),
        (ServerState.SILENT, Reach.UNKNOWN, Health.UNKNOWN, "no answer"),
        (ServerState.UP, Reach.ANSWERS, Health.WARNING, "of another kind"),
    ],
)
def test_a_base_url_without_a_known_server_is_a_hop_with_what_was_met_there(met, reach, health, figure):
    base = Found("http://127.0.0.1:9", ServerKind.OTHER, "ANTHROPIC_BASE_URL", met=met)
    deck = Deck(discovery=DiscoverySnapshot(found=(base,), done=True), probe=Probe(base.url, reach))
    assert (path(deck)[1].place, path(deck)[1].health, path(deck)[1].figure) == (":9", health, figure)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1:8000", ":8000"),
        ("http://localhost:4000", ":4000"),
        ("https://gpu-box", "gpu-box:443"),
        ("http://[::1]:8000", ":8000"),
        ("http://host:port", ""),
    ],
)
def test_a_place_names_the_host_only_where_it_is_another_machine(url, text):
    assert place(url) == text


@pytest.mark.parametrize(
    ("state", "health"),
    [
        (GpuState.NO_GPU, Health.UNKNOWN),
        (GpuState.OFF, Health.UNKNOWN),
        (GpuState.NO_PERMISSION, Health.UNKNOWN),
        (GpuState.LOST, Health.ERROR),
        (GpuState.FAILED, Health.ERROR),
        (GpuState.OK, Health.OK),
    ],
)
def test_a_gpu_is_an_error_only_if_it_worked_or_its_driver_fails(state, health):
    assert state.health is health
    assert path(replace(WHOLE, gpu=replace(GPUS, state=state)))[-1].health is health


@pytest.mark.parametrize(("text", "reason"), [("http://[nonsense]:8000", "text in brackets is no IPv6 address")])
def test_a_url_that_is_none_has_a_reason(text, reason):
    assert why_no_url(text) == reason
