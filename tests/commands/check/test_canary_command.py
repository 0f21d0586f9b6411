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
    assert "Claude Code here: works: answers, streaming" in out
    assert "Canary: 8 requests, about" in err
    assert "The canary took 8 requests, 431 prompt tokens, 62 generated tokens." in err
    assert len(model.questions) == 8


def test_a_failure_is_reported_with_its_rule_and_the_exit_code(home):
    with served(server(tool_free=PROSE)) as (url,):
        home.write(client_settings(url))
        code, out, _ = home.run("check", "--canary")
    assert code == 1
    assert "fail     a free tool call SERVER902: the call comes as text" in out
    assert "Claude Code here: does not work: tools; works: answers" in " ".join(out.split())


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
    assert printed["canary"]["measured"]["requests"] == printed["canary"]["estimated"]["requests"] == 8
    assert {feature["verdict"] for feature in printed["canary"]["features"]} <= set(Verdict)
    assert [blame["name"] for blame in printed["canary"]["blame"]] == ["late_system"]


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
