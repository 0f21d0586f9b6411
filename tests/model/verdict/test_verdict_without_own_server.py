"""A user without a server of their own sees nothing red and no fault."""

import json
from pathlib import Path

import pytest

from samples import NO_GPU, VLLM, settings
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.request_path import path
from stormdeck.model.settings.merge import merged
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.client_state import ClientState, Login
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, Missed
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.status.document import bar_of, state_of
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.ranking import statements

NOW = 1_795_269_720.0


def deck(values, base=None, named=()):
    found = (Found(base, ServerKind.OTHER, "ANTHROPIC_BASE_URL in ~/.claude/settings.json"),) if base else ()
    missed = (Missed("port 8000", "connection refused"),)
    made = Deck(client_version="2.1.329", named=named)
    for snapshot in (settings(json.dumps(values)), DiscoverySnapshot(found, missed, done=True), NO_GPU):
        made = take(made, snapshot)
    return made


def said(made):
    return statements(made, NOW, lambda _: "12:00")


NOBODY = {
    "a login's settings": ({"model": "opus"}, None),
    "a project's": ({"permissions": {"allow": ["Bash(ls:*)"]}}, None),
    "a cloud": ({"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}, None),
    "a gateway": ({"env": {"ANTHROPIC_BASE_URL": "https://api.z.ai/api/anthropic"}}, "https://api.z.ai:443"),
}


@pytest.mark.parametrize(("values", "base"), NOBODY.values(), ids=NOBODY)
def test_nothing_is_red_and_nothing_is_wrong(values, base):
    made = deck(values, base)
    (only,) = said(made)
    assert only.health is Health.UNKNOWN
    assert only.headline.startswith("No server of your own is set")
    assert {hop.health for hop in path(made)} <= {Health.OK, Health.UNKNOWN}
    assert state_of(only) != "down"
    assert bar_of(made, said(made)).health is Health.UNKNOWN


def test_a_gateway_stands_on_the_path_by_name():
    made = deck(*NOBODY["a gateway"])
    assert [(hop.name, hop.figure) for hop in path(made)][1] == ("gateway", "hosted")
    assert "api.z.ai" in said(made)[0].headline


def test_a_server_of_one_s_own_that_does_not_answer_is_still_red():
    made = deck({"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}, "http://127.0.0.1:8000")
    assert said(made)[0].health is Health.ERROR


def test_a_public_host_that_the_user_named_is_their_own():
    url = "https://llm.example.org"
    values = {"env": {"ANTHROPIC_BASE_URL": url}}
    assert said(deck(values, url))[0].health is Health.UNKNOWN
    assert said(deck(values, url, named=(url,)))[0].health is Health.ERROR


def test_a_base_url_that_a_cloud_switch_takes_out_of_use_is_the_headline():
    env = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000", "ANTHROPIC_AUTH_TOKEN": "x", "CLAUDE_CODE_USE_VERTEX": "1"}
    first = said(deck({"env": env}, "http://127.0.0.1:8000"))[0]
    assert (first.code, first.health) == ("URL109", Health.ERROR)


@pytest.mark.parametrize(("login", "set_up"), [(Login.NONE, False), (Login.ACCOUNT, True), (Login.KEY, True)])
def test_somebody_who_is_logged_in_is_not_asked_to_set_anything_up(login, set_up):
    nothing = merged([SettingsFile(Scope.USER, Path("/home/someone/.claude/settings.json"), exists=False)], {})
    made = Deck(client=ClientState(login))
    for snapshot in (nothing, DiscoverySnapshot((), (), done=True), VLLM, NO_GPU):
        made = take(made, snapshot)
    assert any("is not set up here" in one.headline for one in said(made)) is not set_up
