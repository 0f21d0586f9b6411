"""What a runtime says of a container explains why its server is down, and warns before it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.spec import Runtime
from stormdeck.model.request_path import path
from stormdeck.model.snapshots.containers import ContainerFacts, ContainersSnapshot, ContainerState
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, LogPlace
from stormdeck.model.snapshots.server import ServerKind, ServerState, VllmSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.ranking import statements
from stormdeck.model.verdict.statement import Statement

URL = "http://127.0.0.1:8001"
RUNNING = ContainerFacts(Runtime.DOCKER, "ab" * 32, "vllm", service="vllm", state=ContainerState.RUNNING)
KILLED = replace(RUNNING, state=ContainerState.EXITED, exit_code=137, oom_killed=True)


def deck(facts: ContainerFacts, state: ServerState = ServerState.UP, url: str = URL) -> Deck:
    place = LogPlace(ServerKind.VLLM, facts.log, url, RUNNING)
    found = DiscoverySnapshot((Found(URL, ServerKind.VLLM, "x"),), places=(place,), done=True)
    vllm = VllmSnapshot(URL, state, detail="connection refused")
    return Deck(discovery=found, vllm=vllm, containers=ContainersSnapshot((facts,)))


def said(of: Deck, words: str) -> Statement:
    found = statements(of, 1000.0, lambda t: f"{t:.0f}")
    return next(one for one in found if words in one.headline)


def test_a_server_that_is_down_has_its_containers_reason() -> None:
    one = said(deck(KILLED, ServerState.DOWN), "is down")
    assert "its container vllm has exited with code 137" in one.headline
    assert "(OOMKilled)" in one.headline
    assert one.step == "give the container more memory, then docker start vllm"


def test_a_server_that_is_not_asked_has_its_own_statement() -> None:
    one = said(deck(KILLED, url=""), "vLLM's container vllm has exited with code 137")
    assert (one.health, one.hop, one.cause) == (Health.ERROR, HopKind.SERVER, "its memory limit")


def test_the_hop_of_a_server_that_is_not_asked_shows_that_its_container_ended() -> None:
    for facts, health in ((KILLED, Health.ERROR), (RUNNING, Health.UNKNOWN)):
        hop = path(replace(deck(facts, url=""), vllm=None))[-2]
        assert (hop.health, hop.figure == "exited") == (health, health is Health.ERROR)


def test_a_running_container_is_no_reason() -> None:
    assert "container" not in said(deck(RUNNING, ServerState.DOWN), "is down").headline
    found = statements(deck(RUNNING), 1000.0, str)
    assert not any("container" in one.headline for one in found)


def test_a_failing_health_check_is_a_warning() -> None:
    one = said(deck(replace(RUNNING, health="unhealthy")), "The health check of vLLM's container vllm fails")
    assert one.health is Health.WARNING


@pytest.mark.parametrize(("started", "is_said"), [(900.0, True), (100.0, False), (None, False)])
def test_restarts_are_reported_while_they_are_new(started: float | None, is_said: bool) -> None:
    found = statements(deck(replace(RUNNING, restarts=3, started=started)), 1000.0, lambda t: f"{t:.0f}")
    words = "vLLM's container vllm was restarted 3 times by its restart policy, last at 900"
    assert any(one.headline == words for one in found) is is_said


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (RUNNING, ""),
        (replace(RUNNING, state=ContainerState.PAUSED), ""),
        (replace(RUNNING, state=ContainerState.EXITED), "has exited with code 0"),
        (
            replace(RUNNING, state=ContainerState.EXITED, exit_code=127, error="exec: no such file"),
            "has exited with code 127: exec: no such file",
        ),
        (replace(RUNNING, state=ContainerState.EXITED, exit_code=3), "has exited with code 3"),
        (
            replace(RUNNING, state=ContainerState.RESTARTING, exit_code=1),
            "is restarted again and again, last exited with code 1",
        ),
        (replace(RUNNING, state=ContainerState.REMOVED), "was removed"),
        (replace(RUNNING, state=ContainerState.CREATED, error="port is taken"), "port is taken"),
    ],
)
def test_an_end_is_reported_in_words(facts: ContainerFacts, words: str) -> None:
    assert facts.ending == words


def test_a_removed_container_is_created_again() -> None:
    gone = replace(RUNNING, state=ContainerState.REMOVED)
    assert said(deck(gone, ServerState.DOWN), "was removed").step == "docker compose up -d vllm"
