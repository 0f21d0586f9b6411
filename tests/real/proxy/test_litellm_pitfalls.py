"""What the rules say of a YAML, beside what a real LiteLLM makes of it."""

import programs
import pytest
from proxied import QUIET, SERVED, requests_for_tokens
from running import free_port, start, until
from versions import LITELLM, VLLM

from stormdeck.model.finding import HopKind
from stormdeck.model.logs.endings import Ending, ending
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.server import ProxySnapshot, ServedModel, ServerKind, ServerState, VllmSnapshot
from stormdeck.model.versions import at_least
from stormdeck.sources.litellm_yaml import read_proxy_config


def found(stack):
    """Return the codes of the findings about each deployment, and those of the rest of the file under no name."""
    proxy = ProxySnapshot(stack.proxy.url, ServerKind.LITELLM, ServerState.UP, version=stack.version)
    vllm = VllmSnapshot(stack.vllm.url, ServerState.UP, version=VLLM[0], models=(ServedModel(SERVED, 131_072),))
    config = read_proxy_config(stack.config)
    facts = Facts.effective(merged((), {}), proxy_config=config, live=Live(proxy=proxy, vllm=vllm))
    names = {one.path: one.name for one in config.deployments()}
    codes = {}
    for one in check(facts):
        if one.hop is HopKind.PROXY:
            codes.setdefault(names.get(one.path.partition(".")[0], ""), set()).add(one.code)
    return codes


PITFALLS = {
    "wrong-name": ("PROXY815", 404),
    "no-v1": ("PROXY804", 404),
    "native-in-v1": ("PROXY804", 404),
    "endpoint": ("PROXY804", 404),
    "no-provider": ("PROXY805", 400),
}


@pytest.mark.parametrize("name", PITFALLS)
def test_what_a_rule_calls_wrong_fails(debugged, name):
    code, status = PITFALLS[name]
    assert code in found(debugged)[name]
    assert debugged.ask(name).status == status


def test_openai_asks_for_responses_in_new_versions_only(debugged):
    mark, is_new = debugged.vllm.mark(), at_least(debugged.version, "1.109.1")
    assert debugged.ask("responses").status == (404 if is_new else 200)
    (asked,) = requests_for_tokens(debugged.vllm.lines(mark))
    assert asked.path == ("/v1/responses" if is_new else "/v1/chat/completions")
    assert ("PROXY807" in found(debugged).get("responses", ())) == is_new


def test_what_no_rule_calls_wrong_works(debugged):
    codes = found(debugged)
    assert codes.get("claude-*", set()) == set()
    assert debugged.ask("claude-opus-5-5").status == 200
    assert "PROXY810" in codes[""], "dropparams"


KEYS = {"none": "", "the published one": "general_settings:\n  master_key: sk-1234\n"}


@pytest.mark.program("LiteLLM", LITELLM[0])
@pytest.mark.parametrize("key", KEYS)
def test_a_new_version_refuses_to_start_without_a_key_of_its_own(tmp_path, key):
    config, log, port = tmp_path / "litellm.yaml", tmp_path / "litellm.log", free_port()
    model = f"model_list:\n- model_name: a\n  litellm_params: {{model: hosted_vllm/{SERVED}, api_base: http://127.0.0.1:9/v1}}\n"
    config.write_text(model + KEYS[key])
    facts = Facts.effective(merged((), {}), proxy_config=read_proxy_config(config))
    assert "PROXY801" in {one.code for one in check(facts)}
    command = [programs.litellm(LITELLM[0]), "--config", config, "--host", "127.0.0.1", "--port", str(port)]
    litellm = start(command, log, port, QUIET)
    try:
        assert until(lambda: litellm.process.poll(), 120.0) == 3
    finally:
        litellm.stop()
    assert ending(litellm.lines()) is Ending.REFUSED_TO_START
