"""States that are seldom met: what is said of them, and by whom a failure is explained."""

from dataclasses import replace

import pytest

from samples import CALM, LIVE, NOW
from samples import settings as file
from stacks import (
    NOTHING,
    STRAIGHT,
    THROUGH,
    config,
    deck,
    elsewhere,
    engine,
    failures,
    proxy,
    via_proxy,
    vllm,
    vllm_error,
)
from stormdeck.model.finding import Finding, HopKind, Paste, Severity
from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.tracker import Attempt
from stormdeck.model.settings.field import problem
from stormdeck.model.settings.fields import field_of
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.traffic import Failure
from stormdeck.model.snapshots.vllm_metrics import quantile
from stormdeck.model.symbols import Health
from stormdeck.model.symptoms.blame import _by_first_server, _explains, _Failed, blame, blame_failure
from stormdeck.model.symptoms.evidence import Standing, weigh
from stormdeck.model.symptoms.log_traces import traces
from stormdeck.model.traffic import counters
from stormdeck.model.traffic.counters import Labels, TimeBuckets, _moved
from stormdeck.model.verdict.own_faults import stopped
from stormdeck.model.verdict.ranking import statements
from stormdeck.model.verdict.servers.base_url import not_reached
from stormdeck.model.verdict.vllm_load import timeout_s


def storm(cause, reason="", **values):
    return replace(LIVE, cause=cause, reason=reason, **values)


def headlines(*snapshots):
    return [one.headline for one in statements(deck(*snapshots), NOW, lambda at: "14:05")]


@pytest.mark.parametrize(
    ("cause", "reason", "server", "advice"),
    [
        ("refused", "", vllm(ServerState.STARTING), "until it has loaded"),
        ("reset", "", vllm(), "connection broke"),
        ("unknown", "", vllm(), "No log has a line"),
        ("timeout", "", None, "longer than the timeout"),
        ("408", "", vllm(), "longer than the timeout"),
        ("401", "", vllm(), "ANTHROPIC_AUTH_TOKEN"),
        ("500", "", vllm(ServerState.DOWN), "cannot be reached"),
        ("418", "", vllm(), "log"),
    ],
)
def test_what_is_advised_without_a_proxy(cause, reason, server, advice):
    known = [config()] if server is None else [config(), server]
    assert advice in blame(storm(cause, reason), deck(*known)).advice


@pytest.mark.parametrize(
    ("state", "advice"), [(ServerState.REFUSING, "master key"), (ServerState.UP, "or vLLM behind it")]
)
def test_who_refuses_the_token_behind_a_proxy(state, advice):
    assert advice in blame(storm("401"), deck(*THROUGH[:3], vllm(), proxy(state))).advice


def test_a_404_that_names_no_id_may_have_any_cause():
    found = blame(storm("404", "The model `Qwen9` does not exist."), deck(*THROUGH))
    assert found.hop is HopKind.SERVER
    assert blame_failure(Failure(404, NOW, "", "l", passed=False), deck(*STRAIGHT)).hop is HopKind.CLIENT


@pytest.mark.parametrize("met", [ServerState.DOWN, ServerState.SILENT])
def test_a_base_url_beside_the_server_that_answers(met):
    here = deck(
        config({"ANTHROPIC_BASE_URL": "http://10.0.0.5:8001"}), elsewhere("http://10.0.0.5:8001", met=met), vllm()
    )
    here = replace(here, findings=())
    (first,) = not_reached(here)
    assert "where no known server answers" in first.headline
    assert (first.health is Health.ERROR) is (met is ServerState.DOWN)
    assert list(not_reached(replace(here, vllm=vllm(ServerState.DOWN)))) == []


def test_a_part_that_stopped_is_said():
    (first,) = stopped(replace(deck(), own_faults=OwnFaults(stopped="the log reader")))
    assert first.headline == "A part of stormdeck stopped: the log reader"


def test_the_idle_timeout_ends_the_wait_in_new_clients():
    assert timeout_s(deck(config({"CLAUDE_STREAM_IDLE_TIMEOUT_MS": "900000", "API_TIMEOUT_MS": "3000000"}))) == 900
    assert timeout_s(deck(config({"CLAUDE_STREAM_IDLE_TIMEOUT_MS": "soon", "API_TIMEOUT_MS": "3000000"}))) < 900


def test_a_storm_at_its_limit_has_its_last_attempt():
    live = storm("500", attempts=11, limit=11, next_at=NOW + 2)
    assert any("the last attempt" in one for one in headlines(*STRAIGHT[:-1], replace(CALM, storms=(live,))))


@pytest.mark.parametrize(
    ("code", "here", "words"),
    [
        ("URL105", (config(), vllm(ServerState.DOWN, "connection refused")), "connection refused"),
        ("SERVER905", (config(), vllm(ServerState.DEGRADED, "no answer for 60 s")), "no answer for 60 s"),
        ("AUTH204", (via_proxy(), proxy(ServerState.REFUSING, "400 to a request")), "400 to a request"),
        ("AUTH205", (config(), vllm(ServerState.REFUSING, "401 to a request")), "401 to a request"),
        ("MODEL303", (*STRAIGHT[:-1], failures(404, vllm_error("The model `x` does not exist."), 5)), "x"),
    ],
)
def test_servers_and_traffic_confirm_a_cause(code, here, words):
    found = weigh(code, replace(deck(*here), findings=()), "Qwen9", ())
    assert found.standing is Standing.FOUND
    assert any(words in line for line in found.evidence)


def test_a_line_to_paste_is_the_change_of_a_cause():
    paste = Paste("add drop_params", "drop_params: true", 4, 3)
    one = Finding("PROXY802", Severity.INFO, "t", "m", "litellm_settings", file="l.yaml", line=3, paste=paste)
    found = weigh("PROXY802", replace(deck(*THROUGH), findings=(one,)), None, ())
    assert found.change == "l.yaml:3  add drop_params"
    bare = weigh(
        "PROXY802", replace(deck(*THROUGH), findings=(replace(one, paste=None, file=None, line=None),)), None, ()
    )
    assert bare.change


@pytest.mark.parametrize("code", ["SERVER901", "SERVER905", "MODEL303", "URL105", "PROXY802"])
def test_why_a_cause_could_not_be_checked(code):
    assert weigh(code, replace(deck(config(), vllm()), findings=()), None, (), has_error_text=True).evidence


def test_a_record_without_a_reason_is_no_trace():
    assert traces({"log": ["ERROR nothing known", "CRITICAL ERROR", "plain"]}) == ()


def test_slices_and_labels_beyond_the_memory_are_dropped(monkeypatch):
    buckets = TimeBuckets(2)
    for at in range(9):
        buckets.add(at, 0, 1)
    assert [one.ok for one in buckets.last(8, 6)] == [0, 0, 1, 1, 1, 1]
    monkeypatch.setattr(counters, "REMEMBERED", 1)
    labels, numbers = Labels(), {}
    first, second, third = (Request("log", 500, "h", at, NOW + at) for at in range(3))
    labels.add(numbers, first, Attempt(1, 2), 1)
    labels.add(numbers, second, Attempt(1, 3), 2)
    labels.add(numbers, third, Attempt(1, 2, instead_of=first), 3)
    assert numbers == {1: 2, 2: 3, 3: 2}
    assert _moved(Request("log", 500, "h", 1), 1) == []


def test_a_quantile_beyond_the_last_bound_is_that_bound():
    assert quantile(((0.1, 1.0), (float("inf"), 10.0)), 0.9) == 0.1
    assert quantile(((0.1, 1.0), (0.2, 1.0)), 0.99) is not None


def test_empty_headers_are_a_mistake_of_their_own():
    field = field_of("env.ANTHROPIC_CUSTOM_HEADERS")
    assert problem(field, " \n ") == "must not be empty; to use the default, remove the setting"


def test_nothing_is_known_of_what_was_not_found():
    assert headlines(file("{}"), NOTHING, engine(running=0))


def test_a_connection_that_broke_with_a_reason_is_explained_by_that_reason():
    known = deck(*STRAIGHT[:2], vllm())
    assert _by_first_server(_Failed("reset", "the engine died", None, "", NOW, over=False), known) is None


def test_a_finding_about_a_model_id_explains_no_failure_without_an_id():
    found = Finding("MODEL303", Severity.ERROR, "t", "the server does not list it", "model")
    assert not _explains(found, _Failed("404", "", None, "", NOW, over=False), None, deck(*STRAIGHT))


@pytest.mark.parametrize(("waiting", "is_said"), [(1, True), (2, False), (None, False)])
def test_requests_count_as_abandoned_only_if_more_run_than_clients_wait_for(waiting, is_said):
    timed_out = replace(CALM, storms=(storm("timeout", last=NOW - 20),), waiting=waiting)
    here = deck(*THROUGH[:3], engine(running=3), proxy(in_flight=3), timed_out)
    said = [one for one in statements(here, NOW, str) if one.code == "PROXY811"]
    assert [one.headline for one in said] == (
        ["vLLM may be working on abandoned requests: 3 in flight, 1 turn waiting for an answer"] if is_said else []
    )
