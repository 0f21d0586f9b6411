"""The canary through a real LiteLLM before the demo's vLLM: by chat completions, and by vLLM's own messages API."""

from __future__ import annotations

import asyncio

import pytest
from proxied import KEY
from versions import value_for

from canary_samples import plan
from stormdeck.model.canary.check import Question, Route, Verdict
from stormdeck.sources.canary import Canary

HOSTED = {Question.IMAGE, Question.WEB_SEARCH}
"""What the demo's model and server lack: images, and a search of the web."""
REFUSED, UNSEEN = "not a multimodal model", "does not name what the picture shows"
PICTURES = {"1.80.5": UNSEEN, "1.109.1": REFUSED}
"""What becomes of a picture that a tool read, on the way to chat completions. 1.80.5 writes its data URL as the tool's
text, which a server without pictures takes; later versions send a picture, which it refuses.
"""
TIERS = ("OPUS", "SONNET", "HAIKU")


def run(stack, model):
    tiers = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": model for tier in TIERS}
    names = ("claude-*", "native")
    planned = plan(
        stack.proxy.url, vllm=stack.vllm.url, proxy=stack.proxy.url, names=names, **tiers, ANTHROPIC_AUTH_TOKEN=KEY
    )
    return asyncio.run(Canary(60.0, 300.0).run(planned))


@pytest.mark.parametrize("model", ["claude-sonnet-4-5-20250929", "native"], ids=["hosted_vllm", "anthropic"])
def test_todays_requests_pass_through_litellm(stack, model):
    report = run(stack, model)
    checks = [check for check in report.checks if check.route is Route.CLIENT and check.sent]
    failed = {check.question: check.message for check in checks if check.verdict is not Verdict.PASS}
    assert set(failed) == HOSTED, failed
    assert (REFUSED if model == "native" else value_for(stack.version, PICTURES)) in failed[Question.IMAGE]
    assert {one.name for one in report.features if one.works is not True} == {"images", "web search"}


def test_a_dead_engine_is_distinguished_from_what_does_not_work(stack):
    with stack.dead_engine():
        report = run(stack, "native")
    assert report.summary.startswith("nothing works")
