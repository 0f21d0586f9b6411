"""What is said of a model group, by the states of its servers."""

from dataclasses import replace

import pytest

from samples import CALM, FOUND, GPUS, NOW, PROXY, VLLM, WELL, settings
from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.request_path import path
from stormdeck.model.routes.health import main_group
from stormdeck.model.routes.table import ModelGroup, RoutingTable, upstream
from stormdeck.model.snapshots.backends import Backend, BackendsSnapshot
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.traffic import Failure
from stormdeck.model.symbols import Health
from stormdeck.model.symptoms.blame import blame_failure
from stormdeck.model.verdict.ranking import verdict

MODEL = "Qwen3.5-27B"
"""What all tiers of the sample settings ask for."""
UP, DOWN, LATE, SICK, OLD = (
    ServerState.UP,
    ServerState.DOWN,
    ServerState.SILENT,
    ServerState.DEGRADED,
    ServerState.STALE,
)


def deck(*states, polled=UP, others=(UP,), fallbacks=()):
    """Return a deck whose tiers lead to a group with servers in these states, the first of them on the path."""
    urls = [VLLM.url, *(f"http://127.0.0.1:{9000 + at}" for at in range(1, len(states)))]
    far = [f"http://127.0.0.1:{9100 + at}" for at in range(len(others))]
    groups = (
        ModelGroup(MODEL, tuple(map(upstream, urls))),
        ModelGroup("other", tuple(map(upstream, far))),
    )
    backends = [Backend(url, state, state.value) for url, state in zip([*urls, *far], [*states, *others], strict=True)]
    found = replace(FOUND, routes=RoutingTable(groups, fallbacks=fallbacks))
    server = replace(VLLM, state=polled, detail="connection refused" if polled is DOWN else "")
    return Deck(
        discovery=found,
        settings=WELL,
        vllm=server,
        proxy=PROXY,
        gpu=GPUS,
        traffic=CALM,
        backends=BackendsSnapshot(tuple(backends)),
    )


def headline(shown):
    found = verdict(shown, NOW, lambda at: "14:02")
    return found.health, found.headline


def hop(shown):
    return next((one.health, one.figure, one.group) for one in path(shown) if one.kind is HopKind.SERVER)


@pytest.mark.parametrize(
    ("states", "health", "words"),
    [
        ((UP, DOWN), Health.WARNING, "1 of 2 servers behind Qwen3.5-27B is down"),
        ((UP, DOWN, DOWN), Health.WARNING, "2 of 3 servers behind Qwen3.5-27B are down"),
        ((UP, SICK), Health.WARNING, "1 of 2 servers behind Qwen3.5-27B does not answer requests"),
        ((UP, OLD), Health.WARNING, "1 of 2 servers behind Qwen3.5-27B has stopped answering"),
        ((UP, DOWN, SICK), Health.WARNING, "2 of 3 servers behind Qwen3.5-27B do not answer requests"),
    ],
)
def test_a_group_that_misses_a_server(states, health, words):
    assert headline(deck(*states)) == (health, words)
    assert hop(deck(*states)) == (Health.WARNING, f"1 of {len(states)}", MODEL)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ((DOWN, DOWN), "Both servers behind Qwen3.5-27B are down"),
        ((DOWN, DOWN, DOWN), "All 3 servers behind Qwen3.5-27B are down"),
        ((DOWN, SICK), "Both servers behind Qwen3.5-27B do not answer requests"),
    ],
)
def test_a_group_without_any_server(states, words):
    assert headline(deck(*states, polled=DOWN)) == (Health.ERROR, words)
    assert hop(deck(*states, polled=DOWN))[0] is Health.ERROR


def test_a_narrow_pane_and_a_status_bar_say_it_in_two_parts():
    found = verdict(deck(UP, DOWN), NOW, lambda at: "14:02")
    assert found.brief == "1 of 2 servers is down\nbehind Qwen3.5-27B"
    assert found.step == "start :9001"
    assert "Sonnet, haiku and opus lead there" in found.detail
    assert "g for all groups" in found.detail


def test_the_server_on_the_path_that_just_went_down_is_one_of_two():
    """Until the next search the path still shows it."""
    assert headline(deck(DOWN, UP, polled=DOWN)) == (Health.WARNING, "1 of 2 servers behind Qwen3.5-27B is down")


def test_one_that_is_not_reachable_from_here_is_neither_down_nor_up():
    assert headline(deck(UP, LATE))[0] is Health.OK
    health, words = headline(deck(DOWN, LATE, polled=DOWN))
    assert (health, words) == (Health.WARNING, "1 of 2 servers behind Qwen3.5-27B is down")


def test_the_only_server_of_a_group_is_called_by_its_name_and_its_group():
    assert headline(deck(DOWN, polled=DOWN)) == (Health.ERROR, "vLLM :8000 behind Qwen3.5-27B is down")


def test_the_only_server_of_a_group_with_a_fallback_is_no_error():
    shown = deck(DOWN, polled=DOWN, fallbacks=((MODEL, ("other",)),))
    assert headline(shown) == (
        Health.WARNING,
        "The server behind Qwen3.5-27B is down; LiteLLM falls back to other",
    )
    dead_too = deck(DOWN, polled=DOWN, others=(DOWN,), fallbacks=((MODEL, ("other",)),))
    assert headline(dead_too) == (Health.ERROR, "vLLM :8000 behind Qwen3.5-27B is down")


def test_a_group_that_no_tier_leads_to_is_not_spoken_of():
    assert headline(deck(UP, UP, others=(DOWN,)))[0] is Health.OK


def test_the_group_on_the_path_is_spoken_of_without_tiers_if_none_leads_there():
    own = settings('{"model": "mine-7b", "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:4000"}}')
    found = verdict(replace(deck(UP, DOWN), settings=own), NOW, lambda at: "14:02")
    assert found.headline == "1 of 2 servers behind Qwen3.5-27B is down"
    assert found.detail.startswith("The other answers, so turns pass, some only after a retry. Press g for all groups.")


def test_a_deck_without_a_proxy_has_no_groups():
    assert main_group(replace(deck(UP, DOWN), proxy=None)) is None
    assert hop(replace(deck(UP, DOWN), proxy=None)) == (Health.OK, "4 ms", "")


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ((UP, UP), "vLLM answers now: the next attempt should pass."),
        ((UP, DOWN), "A server behind Qwen3.5-27B does not answer: press g on the overview."),
        ((UP, LATE), "A server behind Qwen3.5-27B is not known to answer: press g on the overview."),
    ],
)
def test_a_connection_error_of_the_proxy_is_about_the_server_that_it_asked(states, words):
    """The one on the path answers all the time: the request may have gone to another one."""
    reason = "litellm.InternalServerError: InternalServerError: OpenAIException - Connection error."
    failure = Failure(at=NOW - 5, status=500, reason=reason, log="litellm.log", passed=False, recent=True)
    assert blame_failure(failure, deck(*states)).advice.startswith(words)


@pytest.mark.parametrize(
    ("states", "health"),
    [
        ((DOWN, SICK), Health.ERROR),
        ((UP, DOWN), Health.WARNING),
        ((UP, UP), Health.OK),
        ((ServerState.ASKING, ServerState.ASKING), Health.UNKNOWN),
    ],
)
def test_a_group_has_the_health_of_its_servers(states, health):
    group = main_group(deck(*states, polled=states[0]))
    assert group is not None
    assert group.health is health


def test_a_server_that_refuses_only_the_key_of_stormdeck_counts_as_up():
    shown = deck(DOWN, DOWN, polled=ServerState.REFUSING)
    group = main_group(shown)
    assert group is not None
    assert group.up == 1
