"""Whole turns on the wire: a server broken in one way, the feature that it breaks, and that all of it ends in time."""

import asyncio
import json
import math

import pytest

import canary_servers as broken
from canary_samples import WINDOW, plan
from canary_servers import Model, Q, answer, refusal, stream, text
from servers import serving
from stormdeck.model.canary import turns
from stormdeck.model.canary.check import Route, Verdict
from stormdeck.sources.canary import Canary

PASS, WARN, FAIL, SKIP, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.SKIP, Verdict.UNKNOWN
TURNS = (Q.TURN, Q.TOOL_RESULT, Q.TOOL_CHANGE, Q.PLAN_MODE, Q.SUBAGENTS, Q.COMPACTION, Q.IMAGE)
WELL = {"images", "plan mode", "subagents", "compaction", "web fetch", "thinking", "tools", "answers"}


@pytest.fixture(autouse=True)
def no_answer_is_late(monkeypatch):
    """Keep a busy machine from looking like a server that answers one request after another."""
    monkeypatch.setattr(turns, "_NOTICEABLE_MS", math.inf)


def over(window):
    """Return vLLM's refusal of a prompt that is longer than its window (recorded, 0.32)."""
    return refusal(
        400,
        f"This model's maximum context length is {window} tokens. However, your prompt contains at least {window + 1} "
        "input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input "
        f"prompt. (parameter=input_tokens, value={window + 1})",
    )


def run(model, each_s=20.0, proxy=None, **more):
    """Run a canary against a server, or against a proxy before it."""

    async def go():
        async with serving(model) as url:
            if proxy is None:
                return await Canary(each_s).run(plan(url, vllm=url, **more))
            async with serving(proxy) as front:
                return await Canary(each_s).run(plan(front, vllm=url, proxy=front, **more))

    return asyncio.run(go())


def broken_features(report):
    return {one.name: one for one in report.features if one.verdict is FAIL and one.name in WELL}


def of(report, question, route=Route.CLIENT):
    return next(check for check in report.checks if check.question is question and check.route is route)


@pytest.mark.parametrize(
    ("changes", "features", "words", "change"),
    [
        (
            {Q.PLAN_MODE: refusal(400, "safeguards: not allowed")},
            {"plan mode"},
            "safeguards: not allowed",
            "",
        ),
        ({Q.SUBAGENTS: refusal(500, "boom")}, {"subagents"}, "boom", ""),
        ({Q.SUBAGENTS: broken.cuts}, {"subagents"}, "the stream was cut", ""),
        (
            {Q.THINKING: refusal(400, "thinking: Extra inputs are not permitted")},
            {"thinking"},
            "thinking: Extra inputs",
            "MAX_THINKING_TOKENS",
        ),
        ({Q.COMPACTION: stream()}, {"compaction"}, "without text and without a tool call", ""),
        ({Q.COMPACTION: broken.ends_early}, {"compaction"}, "without message_stop", ""),
        (
            {Q.IMAGE: refusal(400, "Qwen3.5-27B is not a multimodal model")},
            {"images"},
            "not a multimodal model",
            "serve a model that takes images",
        ),
        ({Q.WEB_PAGE: refusal(404, "The model `x` does not exist.")}, {"web fetch"}, "does not exist", ""),
        (
            {Q.TOOL_FREE: stream(*text('<tool_call>{"name": "Bash"}</tool_call>'))},
            {"tools", "plan mode", "subagents", "images", "web fetch"},
            "as text instead of tool_use",
            "--tool-call-parser",
        ),
        (
            dict.fromkeys(TURNS, refusal(400, "System message must be at the beginning.")),
            {"answers", "tools", "plan mode", "subagents", "compaction", "images", "web fetch"},
            "System message must be at the beginning.",
            "-mid_conv_system",
        ),
    ],
    ids=[
        *("plan mode refused", "subagents fail", "subagents are cut", "thinking refused", "an empty summary"),
        *("a summary that ends early", "no images", "a page for an unknown id", "calls in prose", "strict template"),
    ],
)
def test_a_broken_server_breaks_these_features_and_no_others(changes, features, words, change):
    found = broken_features(run(Model(changes)))
    assert set(found) == features
    assert all(words in one.message for one in found.values())
    assert all(change in one.change for one in found.values())


def test_without_token_counting_all_features_work():
    report = run(Model({Q.COUNT_TOKENS: answer(404, "application/json", b'{"detail":"Not Found"}')}))
    assert broken_features(report) == {}
    assert of(report, Q.COUNT_TOKENS).verdict is WARN
    assert "Not Found" in of(report, Q.COUNT_TOKENS).message


def test_a_beta_that_the_client_gives_up_is_a_limit():
    refused = refusal(400, "Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header.")
    report = run(Model(dict.fromkeys((*TURNS, Q.THINKING), refused)))
    assert broken_features(report) == {"images": next(one for one in report.features if one.name == "images")}
    answers = next(one for one in report.features if one.name == "answers")
    assert (answers.verdict, answers.code) == (WARN, "TRAFFIC403")
    assert "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS" in answers.change


def test_subagents_are_sent_together():
    """The server answers none of them before all have come."""
    check = of(run(Model()), Q.SUBAGENTS)
    assert (check.verdict, check.count) == (PASS, 3)


def test_each_subagent_has_its_own_id_and_words():
    model = Model()
    run(model)
    asked = [one for one in model.asked if one.question is Q.SUBAGENTS]
    assert len({one.headers["x-claude-code-agent-id"] for one in asked}) == 3
    assert len({json.dumps(one.body["messages"]) for one in asked}) == 3
    assert len({one.headers["x-claude-code-session-id"] for one in asked}) == 1


def test_a_turn_that_hangs_stops_the_other_turns():
    model = Model({Q.TURN: broken.hangs})
    report = run(model, each_s=1.0)
    assert of(report, Q.TURN).code == "SERVER905"
    assert {of(report, question).verdict for question in TURNS[1:]} == {SKIP}
    assert Q.SUBAGENTS not in model.questions
    assert next(one for one in report.features if one.name == "answers").verdict is FAIL
    assert next(one for one in report.features if one.name == "plan mode").verdict is UNKNOWN


def test_whole_turns_go_to_vllm_only_where_they_do_not_pass_through_the_proxy():
    vllm, proxy = Model(), Model({Q.TURN: refusal(400, "context_management: Extra inputs are not permitted")})
    report = run(vllm, proxy=proxy)
    assert [one for one in vllm.questions if one in {*TURNS, Q.WEB_PAGE}] == [Q.TURN]
    assert [blame.hop.value for blame in report.blames if blame.question is Q.TURN] == ["proxy"]


class TestLong:
    def test_it_is_recalled(self):
        check = of(run(Model(), wants_long=True), Q.LONG)
        assert check.verdict is PASS
        assert "its beginning recalled" in check.message

    def test_a_refusal_for_the_window_has_the_servers_words_and_the_line_to_change(self):
        report = run(Model({Q.LONG: over(32_768)}), wants_long=True)
        check = of(report, Q.LONG)
        assert (check.verdict, check.code) == (FAIL, "CTX601")
        assert "maximum context length is 32768 tokens" in check.message
        assert check.change == '"CLAUDE_CODE_MAX_CONTEXT_TOKENS": "32768"'
        assert set(broken_features(report)) == {"compaction"}

    def test_a_prompt_that_came_out_too_long_proves_nothing(self):
        assert of(run(Model({Q.LONG: over(WINDOW)}), wants_long=True), Q.LONG).verdict is UNKNOWN

    def test_a_server_that_counts_far_fewer_tokens_has_cut_the_prompt(self):
        check = of(run(Model({Q.LONG: stream(*text("It is ok."))}), wants_long=True), Q.LONG)
        assert check.verdict is WARN
        assert "cuts long prompts without an error" in check.message

    def test_a_forgotten_beginning_proves_nothing(self):
        start = {"type": "message_start", "message": {"usage": {"input_tokens": 118_000, "output_tokens": 0}}}
        reply = answer(200, broken.SSE, broken.events(start, *text("I do not know."), *broken.STOP))
        check = of(run(Model({Q.LONG: reply}), wants_long=True), Q.LONG)
        assert check.verdict is UNKNOWN
        assert "118 000 prompt tokens accepted" in check.message

    def test_it_is_not_sent_unless_asked_for(self):
        model = Model()
        run(model)
        assert Q.LONG not in model.questions
