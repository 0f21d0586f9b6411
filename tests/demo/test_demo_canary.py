"""The canary against the built-in stack: it passes on both routes, and names the faults of the stack."""

import asyncio
from types import SimpleNamespace

import pytest

from canary_samples import TOKEN, plan
from demo_servers import running
from stormdeck.model.canary.check import Question, Route, Verdict
from stormdeck.model.finding import HopKind
from stormdeck.sources.canary import Canary
from waiting import until

SPEED = "20"
HOSTED = {Question.IMAGE, Question.WEB_SEARCH}
"""What the stack's model and server lack: images, and a search of the web."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Run a proxy before a vLLM."""
    folder = tmp_path_factory.mktemp("canary")
    control = folder / "fault"
    with (
        running("vllm", folder, "--speed", SPEED, "--control", str(control)) as vllm,
        running("litellm", folder, "--speed", SPEED, "--upstream", vllm.url, LITELLM_MASTER_KEY=TOKEN) as proxy,
    ):
        yield SimpleNamespace(vllm=vllm, proxy=proxy, control=control)


def run(stack, **more):
    planned = plan(stack.proxy.url, vllm=stack.vllm.url, proxy=stack.proxy.url, **more)
    return asyncio.run(Canary(10.0).run(planned))


def test_everything_passes_through_the_proxy_and_past_it(stack):
    report = run(stack)
    assert {check.question for check in report.checks if check.sent and check.verdict is not Verdict.PASS} == HOSTED
    assert {check.route for check in report.checks if check.sent} == set(Route)
    assert {feature.name for feature in report.features if feature.verdict is not Verdict.PASS} == {
        *("images", "web search"),
    }
    assert report.blames == ()
    assert report.input_tokens > 0
    assert report.output_tokens <= report.requests * 64


def test_straight_to_vllm_everything_passes_too(stack):
    report = asyncio.run(Canary(10.0).run(plan(stack.vllm.url, vllm=stack.vllm.url)))
    assert {check.question for check in report.checks if check.sent and check.verdict is not Verdict.PASS} == HOSTED


def test_a_wrong_token_is_the_clients(stack):
    report = run(stack, ANTHROPIC_AUTH_TOKEN="sk-wrong-one")
    (blame,) = report.blames
    assert (blame.hop, blame.code) == (HopKind.CLIENT, "AUTH204")


def test_an_id_that_the_proxy_does_not_have_is_named(stack):
    report = run(stack, ANTHROPIC_DEFAULT_HAIKU_MODEL=None)
    (blame,) = report.blames
    assert (blame.question, blame.hop, blame.code) == (Question.BACKGROUND, HopKind.PROXY, "PROXY806")


def test_a_dead_engine_is_vllms_on_both_ways(stack):
    stack.control.write_text("engine-dead")
    ask = {"model": "Qwen3.5-27B", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
    until(lambda: stack.vllm.request("POST", "/v1/messages", json=ask).status_code == 500)
    try:
        report = run(stack)
    finally:
        stack.control.write_text("none")
    (blame,) = report.blames
    assert (blame.question, blame.hop, blame.code) == (Question.PLAIN, HopKind.SERVER, "SERVER905")
    assert report.requests == 2
