"""The headline about a fleet: after the user's own path, and nothing where no Prometheus is given."""

from dataclasses import replace

import pytest

from running_panel import deck_of
from samples import CALM, FOUND, NOW, PROXY, STORMY, VLLM, WELL
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState, FleetStatement, Replica
from stormdeck.model.status.document import DEGRADED, state_of
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.ranking import statements

CALM_DECK, STORM = deck_of(WELL, FOUND, VLLM, PROXY, CALM), deck_of(WELL, FOUND, VLLM, PROXY, STORMY)
DOWN = FleetStatement(
    "replica 2 of qwen (b) is down: x", error=True, keys=("b",), brief=("replica 2 of qwen", "is down")
)
SLOW = FleetStatement("replica 1 of qwen (a): first token 4.1 s, 4 times its siblings' 1.0 s", keys=("a",))
ROWS = (Replica("a", "a", "qwen", up=True), Replica("b", "b", "qwen", up=False))


def said(deck, **fleet):
    return statements(replace(deck, fleet=FleetSnapshot(**fleet)), NOW, str)


def test_what_is_wrong_is_the_headline_of_a_path_that_is_well():
    first, second, *_ = said(CALM_DECK, state=FleetState.OK, replicas=ROWS, statements=(DOWN, SLOW))
    assert (first.headline, first.health) == (DOWN.text, Health.ERROR)
    assert first.brief == "replica 2 of qwen\nis down"
    assert state_of(first) == DEGRADED
    assert second.headline == SLOW.text


def test_the_users_own_storm_comes_first():
    own = statements(STORM, NOW, str)[0]
    assert said(STORM, state=FleetState.OK, statements=(DOWN,))[0] == own


def test_a_fleet_that_is_well_is_counted():
    up = tuple(replace(one, up=True) for one in ROWS)
    assert said(CALM_DECK, state=FleetState.OK, replicas=up)[0].headline.endswith("fleet: 2 of 2 up")


@pytest.mark.parametrize("state", [FleetState.OFF, FleetState.ASKING])
def test_nothing_is_said_before_there_is_an_answer(state):
    assert said(CALM_DECK, state=state) == statements(CALM_DECK, NOW, str)


def test_a_prometheus_that_does_not_answer_is_named_with_the_next_step():
    note = "Prometheus :9090: connection refused: nothing listens on port 9090"
    first, *_ = said(
        CALM_DECK, state=FleetState.REFUSED, note=note, next_step="start it", sources=("http://127.0.0.1:9090",)
    )
    assert (first.health, first.headline, first.step) == (Health.WARNING, note, "start it")
    assert first.brief.startswith("Prometheus :9090\nconnection refused")


def test_no_more_than_three_statements_go_into_the_list():
    many = tuple(replace(SLOW, text=f"replica {n}") for n in range(20))
    found = said(CALM_DECK, state=FleetState.OK, replicas=ROWS, statements=many)
    assert len([one for one in found if one.headline.startswith("replica")]) == 3
