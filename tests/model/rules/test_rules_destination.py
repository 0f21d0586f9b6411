"""Where requests go, and which rules apply there."""

import json
from pathlib import Path

import pytest

from stormdeck.model.rules.audience import FAMILIES, Reporting
from stormdeck.model.rules.destination import Destination, destination, why_not_applicable
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.model_choice import is_hosted_id
from stormdeck.model.rules.registry import RULES, check
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.client_state import ClientState, Login
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ProxySnapshot, ServedModel, ServerKind, ServerState, VllmSnapshot

OWN, GATEWAY, HOSTED, CLOUD = Destination.OWN, Destination.GATEWAY, Destination.HOSTED, Destination.CLOUD
TIERS = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": "Qwen3.5-27B" for tier in ("SONNET", "OPUS", "HAIKU", "FABLE")}
GOOD = {
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000",
    "ANTHROPIC_AUTH_TOKEN": "any-text",
    **TIERS,
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
}


def facts(env=None, *, model=None, root=None, exported=None, **known):
    values = {**({"model": model} if model else {}), **(root or {}), "env": env or {}}
    file = loaded(SettingsFile(Scope.USER, Path("settings.json"), exists=True), json.dumps(values))
    return Facts.effective(merged((file,), exported or {}), **known)


def found(*args, **known):
    return [(one.code, one.severity.value) for one in check(facts(*args, **known))]


URLS = {
    "http://127.0.0.1:8000": OWN,
    "http://localhost:4000": OWN,
    "http://[::1]:8000": OWN,
    "http://10.0.0.5:8000": OWN,
    "http://192.168.1.20:8000": OWN,
    "http://172.16.0.9": OWN,
    "http://100.100.1.2:8000": OWN,
    "http://169.254.10.1:8000": OWN,
    "http://[fd00::12]:8000": OWN,
    "http://[fe80::1%25eth0]:8000": OWN,
    "http://[::ffff:10.0.0.5]:8000": OWN,
    "http://gpu-box:8000": OWN,
    "http://gpu.local:8000": OWN,
    "https://llm.corp.internal": OWN,
    "http://nas.lan": OWN,
    "http://host.docker.internal:8000": OWN,
    "http://vllm.models.svc:8000": OWN,
    "http://gpu.tail1234.ts.net:8000": OWN,
    "0.0.0.0:8000/v1": OWN,
    "127.0.0.1:8000": OWN,
    "localhost:8000": OWN,
    '"http://127.0.0.1:8000"': OWN,
    "http:/127.0.0.1:8000": OWN,
    "HTTP://LOCALHOST:8000": OWN,
    "http://me:pw@10.0.0.5:8000": OWN,
    "http://:8000": OWN,
    "https://api.deepseek.com/anthropic": GATEWAY,
    "https://openrouter.ai/api": GATEWAY,
    "https://my-resource.services.ai.azure.com/anthropic": GATEWAY,
    "https://llm.example.org": GATEWAY,
    "http://203.0.113.7:8000": GATEWAY,
    "http://8.8.8.8:8000": GATEWAY,
    "http://[2a00:1450::1]:8000": GATEWAY,
    "https://notanthropic.com": GATEWAY,
    "https://anthropic.com.example.org": GATEWAY,
    "${GATEWAY_URL}": GATEWAY,
    "http://{{ host }}:8000": GATEWAY,
    "https://<resource>.example.com": GATEWAY,
    "https://api.anthropic.com": HOSTED,
    "https://API.Anthropic.com./": HOSTED,
    "api.anthropic.com": HOSTED,
    "https://api。anthropic。com": HOSTED,
    "": HOSTED,
}


@pytest.mark.parametrize(("url", "where"), URLS.items(), ids=URLS)
def test_a_base_url_gives_where_requests_go(url, where):
    assert destination(facts({"ANTHROPIC_BASE_URL": url})) is where


MODELS = {
    "none": ({}, None, HOSTED),
    "a tier mapped to one's own": ({"ANTHROPIC_DEFAULT_SONNET_MODEL": "my-model"}, None, OWN),
    "background mapped": ({"ANTHROPIC_SMALL_FAST_MODEL": "qwen"}, None, OWN),
    "a tier by its word": ({"ANTHROPIC_MODEL": "opus[1m]"}, None, HOSTED),
    "a tier mapped to a tier": ({"ANTHROPIC_DEFAULT_HAIKU_MODEL": "sonnet"}, None, HOSTED),
    "inherited": ({"CLAUDE_CODE_SUBAGENT_MODEL": "inherit"}, None, HOSTED),
    "a hosted id": ({"ANTHROPIC_MODEL": "claude-opus-4-5"}, None, HOSTED),
    "a cloud's id": ({"ANTHROPIC_MODEL": "us.anthropic.claude-opus-4-5-v1:0"}, None, HOSTED),
    "an open model": ({}, "Qwen/Qwen3.5-27B", OWN),
    "a model nobody knows": ({}, "mythos-preview", HOSTED),
    "a picker's row": ({"ANTHROPIC_CUSTOM_MODEL_OPTION": "gpt-oss-120b"}, None, OWN),
    "a misspelt base URL": ({"ANTHROPIC_API_URL": "http://127.0.0.1:8000"}, None, OWN),
    "another product's URL": ({"ANTHROPIC_BEDROCK_BASE_URL": "http://127.0.0.1:4000"}, None, HOSTED),
}


@pytest.mark.parametrize(("env", "model", "where"), MODELS.values(), ids=MODELS)
def test_without_a_base_url_a_model_of_one_s_own_gives(env, model, where):
    assert destination(facts(env, model=model)) is where


IDS = {
    "claude-opus-5-5": True,
    "Claude-Haiku": True,
    "anthropic/claude-sonnet-4.5": True,
    "~anthropic/claude-sonnet-latest": True,
    "anthropic.claude-opus-4-5": True,
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0": True,
    "us-gov.anthropic.claude-3": True,
    "arn:aws:bedrock:us-east-1:1:application-inference-profile/x": True,
    "Qwen3.5-27B": False,
    "my-claude": False,
    "hosted/anthropic.x": False,
}


@pytest.mark.parametrize(("name", "hosted"), IDS.items(), ids=IDS)
def test_hosted_ids_are_known_by_their_look(name, hosted):
    assert is_hosted_id(name) is hosted


def test_endless_names_and_values_do_not_hold_up_the_look():
    long = "ANTHROPIC_URL" * 20_000
    env = {long: "http://127.0.0.1:8000", "ANTHROPIC_MODEL": "claude" + "<" * 200_000}
    assert destination(facts(env)) is HOSTED
    assert destination(facts({"ANTHROPIC_BASE_URL": "<a" * 100_000})) is OWN
    assert destination(facts({"ANTHROPIC_API_URL": None, "CLAUDE_URL": ""})) is HOSTED


def test_what_the_user_names_is_their_own():
    env = {"ANTHROPIC_BASE_URL": "https://llm.example.org/team"}
    assert destination(facts(env, named=("https://llm.example.org",))) is OWN
    assert destination(facts(env, named=("https://other.example.org", "/etc/litellm.yaml"))) is GATEWAY


def test_a_host_that_reports_to_be_vllm_is_judged_as_vllm():
    env = {"ANTHROPIC_BASE_URL": "https://llm.example.org"}
    answered = Live(Probe("https://llm.example.org", Reach.ANSWERS, ServerKind.VLLM))
    assert destination(facts(env, live=answered)) is OWN
    other = Live(Probe("https://llm.example.org", Reach.ANSWERS, ServerKind.LITELLM))
    assert destination(facts(env, live=other)) is GATEWAY


def test_without_settings_nothing_is_known_of_the_client():
    assert destination(Facts.effective(merged((), {}))) is Destination.UNKNOWN


SWITCHES = [f"CLAUDE_CODE_USE_{name}" for name in ("BEDROCK", "VERTEX", "FOUNDRY", "MANTLE", "ANTHROPIC_AWS")]


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("value", ["1", "true", "TRUE", " yes ", "on"])
def test_a_cloud_switch_takes_an_own_base_url_out_of_use(switch, value):
    assert found({**GOOD, switch: value}) == [("URL109", "error")]
    assert found(GOOD, exported={switch: value}) == [("URL109", "error")]
    assert found({switch: value}) == []


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("value", ["0", "false", "", "no", "off"])
def test_a_switch_that_is_off_is_harmless(switch, value):
    assert found({**GOOD, switch: value}) == []


def test_a_cloud_and_a_gateway_are_a_note():
    env = {"ANTHROPIC_BASE_URL": "https://relay.example.com", "CLAUDE_CODE_USE_BEDROCK": "1"}
    assert found(env) == [("URL109", "info")]


def without_token():
    return {name: value for name, value in GOOD.items() if name != "ANTHROPIC_AUTH_TOKEN"}


LOGINS = {
    "nobody": (ClientState(), {}, [("AUTH201", "error")]),
    "an account": (ClientState(Login.ACCOUNT), {}, [("AUTH209", "warning")]),
    "a token of it": (ClientState(), {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01"}, [("AUTH209", "warning")]),
    "a key that the client keeps": (ClientState(Login.KEY), {}, []),
    "a keychain, perhaps": (ClientState(Login.UNKNOWN), {}, []),
    "an account and a token": (ClientState(Login.ACCOUNT), {"ANTHROPIC_AUTH_TOKEN": "any"}, []),
    "a header": (ClientState(), {"ANTHROPIC_CUSTOM_HEADERS": "X-Team: a\nauthorization: Bearer x"}, []),
    "a header for a key": (ClientState(Login.ACCOUNT), {"ANTHROPIC_CUSTOM_HEADERS": "X-API-KEY: x"}, []),
    "another header": (ClientState(), {"ANTHROPIC_CUSTOM_HEADERS": "X-Team: a"}, [("AUTH201", "error")]),
    "an empty header": (ClientState(), {"ANTHROPIC_CUSTOM_HEADERS": "Authorization:"}, [("AUTH201", "error")]),
}


@pytest.mark.parametrize(("state", "env", "expected"), LOGINS.values(), ids=LOGINS)
def test_who_the_client_is_to_one_s_own_server(state, env, expected):
    assert found({**without_token(), **env}, client=state) == expected
    assert found(without_token(), exported=env, client=state) == expected


def test_a_login_in_the_shell_counts_too():
    assert found(without_token(), exported={"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01"}) == [("AUTH209", "warning")]


def test_no_fix_writes_a_token_for_somebody_who_is_logged_in():
    (finding,) = check(facts(without_token(), client=ClientState(Login.ACCOUNT)))
    assert finding.fix is None
    assert "127.0.0.1" in finding.message


def test_a_key_is_renamed_only_for_a_server_of_one_s_own():
    (here,) = check(facts({**without_token(), "ANTHROPIC_API_KEY": "k"}))
    assert (here.code, here.fix is None) == ("AUTH202", False)
    url = "https://llm.example.org"
    env = {**without_token(), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k"}
    assert check(facts(env)) == ()
    (named,) = check(facts(env, named=(url,)))
    assert (named.code, named.fix) == ("AUTH202", None)


def test_an_id_is_judged_only_by_the_list_of_its_own_server():
    vllm = VllmSnapshot("http://127.0.0.1:9000", ServerState.UP, version="0.32.0", models=(ServedModel("other"),))
    assert found(GOOD, model="sonnet", live=Live(vllm=vllm)) == []
    here = VllmSnapshot("http://localhost:8000", ServerState.UP, version="0.32.0", models=(ServedModel("other"),))
    assert {code for code, _ in found(GOOD, model="sonnet", live=Live(vllm=here))} == {"MODEL303"}


@pytest.mark.parametrize(("proxied", "status"), [(False, "answers 404"), (True, "answers 400")])
def test_an_unknown_id_gets_the_status_of_the_server_that_refuses_it(proxied, status):
    """LiteLLM answers 400 itself, vLLM 404 (measured)."""
    url = "http://127.0.0.1:8000"
    vllm = VllmSnapshot(url, ServerState.UP, version="0.32.0", models=(ServedModel("other"),))
    proxy = ProxySnapshot(url, ServerKind.LITELLM, ServerState.UP, models=("other",))
    live = Live(proxy=proxy) if proxied else Live(vllm=vllm)
    messages = {one.message for one in check(facts(GOOD, model="sonnet", live=live)) if one.code == "MODEL303"}
    assert messages
    assert all(status in message for message in messages)


@pytest.mark.parametrize("url", ["https://api.deepseek.com/anthropic", "http://127.0.0.1:3456"])
def test_a_server_that_may_map_hosted_ids_gets_no_alarm_about_them(url):
    env = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": "k"}
    quiet = {"TRAFFIC401", "TRAFFIC402"} if "127" in url else set()
    assert {code for code, severity in found(env) if severity != "info"} == quiet


def test_a_gateway_gets_notes_without_fixes_at_most():
    env = {
        "ANTHROPIC_BASE_URL": "https://relay.example.com/v1?x=1",
        "ANTHROPIC_AUTH_TOKEN": "",
        "ANTHROPIC_MODEL": "default",
        "API_TIMEOUT_MS": "3000000",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "x ",
    }
    findings = check(facts(env, model="opus", root={"ANTHROPIC_MODEL": "x"}))
    assert len(findings) > 3
    assert {one.severity.value for one in findings} == {"info"}
    assert all(one.fix is None for one in findings)


def test_every_family_has_an_audience():
    assert {rule.family for rule in RULES} == set(FAMILIES)
    for rule in RULES:
        for where in Destination:
            assert rule.effective_audience.reporting(where, named=False) in Reporting
        assert rule.effective_audience.reporting(Destination.OWN, named=False) is Reporting.FULL


def test_a_sentence_explains_why_rules_do_not_apply():
    assert why_not_applicable(facts(GOOD)) == ""
    assert why_not_applicable(facts({})) == "No own server is set: nothing to check."
    assert "CLAUDE_CODE_USE_VERTEX" in why_not_applicable(facts({"CLAUDE_CODE_USE_VERTEX": "1"}))
    assert "relay.example.com" in why_not_applicable(facts({"ANTHROPIC_BASE_URL": "https://relay.example.com"}))
