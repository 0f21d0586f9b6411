"""Results that few servers give: they prove little, and say so."""

import pytest

from canary_samples import NEW, TO_PROXY, TO_VLLM, ask, error_answer, heard, judged, shape, streamed
from stormdeck.model.canary import turns
from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.features import features_of
from stormdeck.model.canary.judge import judge
from stormdeck.model.canary.questions import requests_for
from stormdeck.model.canary.turns import together
from stormdeck.model.finding import HopKind

Q = Question


def test_tools_that_failed_for_a_moment_are_not_known():
    failed = Check(Q.TOOL_FORCED, Route.CLIENT, HopKind.SERVER, Verdict.FAIL, "429: busy", is_passing=True)
    tools = next(one for one in features_of([failed]) if one.name == "tools")
    assert (tools.verdict, tools.message) == (Verdict.UNKNOWN, "failed this time: 429: busy")


@pytest.mark.parametrize("status", [408, 504])
def test_a_proxy_that_waited_in_vain_blames_the_server_behind_it(status):
    check = judged(Q.PLAIN, error_answer(status, "upstream took too long"), TO_PROXY)
    assert (check.code, check.hop) == ("SERVER905", HopKind.SERVER)


def test_a_stream_that_ends_with_an_unknown_error_fails_with_its_words():
    text = 'event: error\ndata: {"type": "error", "error": {"type": "x", "message": "the moon is full"}}\n\n'
    check = judged(Q.STREAM, (200, "text/event-stream", text.encode()))
    assert check.verdict is Verdict.FAIL
    assert "after status 200: the moon is full" in check.message


def test_a_summary_or_a_long_prompt_that_was_cut_short_is_accepted():
    check = judged(Q.COMPACTION, streamed(stop="max_tokens"))
    assert (check.verdict, check.message) == (Verdict.PASS, "accepted; the summary is longer than this test allows")
    response = heard(Q.TURN, *streamed("hm", stop="max_tokens"))
    assert turns._long(response, response.reply).message.endswith("the answer was cut before it could show more")


def test_one_answer_alone_was_not_answered_in_turn():
    response = heard(Q.SUBAGENTS, *streamed("hi"))
    check = together([judge(ask(Q.SUBAGENTS), response, TO_VLLM, shape())], [response])
    assert check.verdict is Verdict.PASS
    assert check.message.startswith("all answered")


def test_a_client_without_adaptive_thinking_asks_for_thinking_with_a_budget():
    bodies = [
        one.body for one in requests_for(shape(NEW, lacks=frozenset({"adaptive_thinking"})), Route.CLIENT, alone=True)
    ]
    asked = [body["thinking"] for body in bodies if isinstance(body.get("thinking"), dict)]
    assert any(one.get("type") == "enabled" and one.get("budget_tokens") for one in asked)
