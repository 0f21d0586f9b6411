"""``stormdeck check --canary``: on demand only, by hop, with its cost, as text and as JSON."""

import json

import pytest

from canary_servers import Model, Q, refusal, stream, text
from served import WITH_MESSAGES, client_settings, served
from servers import litellm, vllm
from stormdeck.model.canary.check import Verdict

pytestmark = pytest.mark.usefixtures("only_what_is_named")


def server(**changes):
    """Return a whole vLLM: recorded GETs, recorded answers; ``changes`` by question."""
    return Model({Q(name): reply for name, reply in changes.items()}, vllm(**WITH_MESSAGES).routes)


PROSE = stream(*text('<tool_call>{"name": "Bash"}</tool_call>'))


def test_without_the_flag_no_model_is_asked(home):
    model = server()
    with served(model) as (url,):
        home.write(client_settings(url))
        code, out, _ = home.run("check", "--json")
    assert code == 0
    assert "canary" not in json.loads(out)
    assert {asked.method for asked in model.asked} == {"GET"}


def test_all_well(home):
    model = server()
    with served(model) as (url,):
        home.write(client_settings(url))
        code, out, err = home.run("check", "--canary")
    assert code == 0
    assert f"canary to {url}: as Claude Code" in out
    assert "pass     a streamed answer: first token after" in out
    assert "Claude Code here: does not work: web search; works: answers, streaming" in out
    assert "Canary: 18 requests, about" in err
    assert "The canary took 18 requests, 1 338 prompt tokens, 147 generated tokens." in err
    assert len(model.questions) == 18


def test_a_failure_is_reported_with_its_rule_and_the_exit_code(home):
    with served(server(tool_free=PROSE)) as (url,):
        home.write(client_settings(url))
        code, out, _ = home.run("check", "--canary")
    assert code == 1
    assert "fail     a free tool call SERVER902: the call comes as text" in out
    assert "Claude Code here: does not work: tools, plan mode, subagents" in " ".join(out.split())


def test_as_json(home):
    with served(server(late_system=refusal(400, "System message must be at the beginning."))) as (url,):
        home.write(client_settings(url))
        code, out, _ = home.run("check", "--canary", "--json", "--client-version", "2.1.329")
    printed = json.loads(out)
    assert (code, printed["ok"], printed["findings"], printed["canary"]["ok"]) == (1, False, [], False)
    checks = {check["name"]: check for check in printed["canary"]["checks"]}
    assert checks["plain"]["verdict"] == "pass"
    assert checks["late_system"]["verdict"] == "fail"
    assert (checks["late_system"]["hop"], checks["late_system"]["code"]) == ("vLLM", "SERVER903")
    assert checks["stream"]["ttft_ms"] is not None
    assert printed["canary"]["measured"]["requests"] == printed["canary"]["estimated"]["requests"] == 18
    assert {feature["verdict"] for feature in printed["canary"]["features"]} <= set(Verdict)
    assert [blame["name"] for blame in printed["canary"]["blame"]] == ["late_system"]


def test_features_are_reported_with_the_servers_words_and_what_to_change(home):
    strict = refusal(400, "System message must be at the beginning.")
    model = server(plan_mode=strict, image=refusal(400, "Qwen3.5-27B is not a multimodal model"))
    with served(model) as (url,):
        home.write(client_settings(url, CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS="0"))
        code, out, _ = home.run("check", "--canary", "--client-version", "2.1.332")
        _, printed, _ = home.run("check", "--canary", "--json", "--client-version", "2.1.332")
    words = " ".join(out.split())
    assert code == 1
    assert (
        "does not work plan mode SERVER903: 400: a system message after the first is refused (System message" in words
    )
    assert 'change: "CLAUDE_CODE_MODEL_CAPABILITIES" in env: "Qwen3.5-27B=-mid_conv_system' in words
    assert "works subagents" in words
    features = {one["name"]: one for one in json.loads(printed)["canary"]["features"]}
    assert {name: one["works"] for name, one in features.items() if one["works"] is not True} == {
        "plan mode": False,
        "images": False,
        "web search": False,
        "web fetch": None,
    }
    assert "not a multimodal model" in features["images"]["message"]
    assert features["web fetch"]["change"] == '"skipWebFetchPreflight": true'
    checks = {one["name"]: one for one in json.loads(printed)["canary"]["checks"]}
    assert (checks["subagents"]["requests"], checks["window"]["requests"]) == (3, 0)


@pytest.mark.parametrize(("flag", "sent"), [("--canary", False), ("--canary=short", False), ("--canary=long", True)])
def test_a_long_prompt_only_where_asked_for(home, flag, sent):
    model = server()
    with served(model) as (url,):
        home.write(client_settings(url))
        _, out, _ = home.run("check", flag)
    assert (Q.LONG in model.questions) == sent
    assert ("a long prompt" in out) == sent


def test_another_size_of_canary_is_refused(home):
    code, out, err = home.run("check", "--canary=huge")
    assert (code, out) == (2, "")
    assert "huge" in err


def test_through_a_proxy_both_ways_are_reported_and_the_keys_stay_apart(home):
    behind = server()
    proxy = Model({Q.TOOL_FREE: PROSE}, litellm().routes)
    with served(behind, proxy) as (direct, url):
        home.write(client_settings(url, ANTHROPIC_AUTH_TOKEN="sk-master-1"))
        code, out, err = home.run("check", "--canary", "--vllm", direct, "--proxy", url)
    assert code == 1
    assert out.index(f"canary to {url}") < out.index(f"canary to {direct}: vLLM itself") < out.index("which hop")
    assert "a free tool call: proxy. vLLM itself passes" in " ".join(out.split())
    assert behind.questions
    assert not any("sk-master-1" in str(asked.headers) for asked in behind.asked)
    assert "sk-master-1" not in out + err


def test_the_hosted_api_is_never_asked(home):
    home.write(client_settings("https://api.anthropic.com"))
    without = home.run("check", "--json")
    code, out, err = home.run("check", "--canary", "--json")
    (check,) = json.loads(out)["canary"]["checks"]
    assert (check["verdict"], check["sent"]) == ("skip", False)
    assert "0 requests" in err
    assert code == without[0]


@pytest.mark.parametrize("flags", [("--offline",), ("--offline", "--json")], ids=["text", "json"])
def test_offline_and_canary_contradict_each_other(home, flags):
    code, out, err = home.run("check", "--canary", *flags)
    assert (code, out) == (2, "")
    assert "--offline" in err
