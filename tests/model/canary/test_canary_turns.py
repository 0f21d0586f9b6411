"""Whole turns: what an answer to each proves, what the client does with a refusal, and requests at the same time."""

from dataclasses import replace

import pytest

from canary_samples import (
    NEW,
    OLD,
    TO_PROXY,
    TO_VLLM,
    ask,
    error_answer,
    heard,
    judged,
    recorded,
    shape,
    streamed,
)
from stormdeck.model.canary.check import Question, Verdict
from stormdeck.model.canary.judge import judge
from stormdeck.model.canary.turns import together

Q = Question
PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN
MIDDLE = "2.1.112"


@pytest.mark.parametrize(
    ("question", "answer", "verdict", "code", "words"),
    [
        (Q.TURN, recorded("msg_05_stream"), PASS, None, "accepted and answered"),
        (Q.TURN, streamed(), FAIL, None, "without text and without a tool call"),
        (Q.TURN, streamed(stop="max_tokens"), PASS, None, "accepted"),
        (Q.TURN, streamed("<tool_call>{}</tool_call>"), FAIL, "SERVER902", "as text instead of tool_use"),
        (Q.TURN, recorded("msg_40_max_tokens_over"), FAIL, "CTX602", "larger than the whole context window"),
        (Q.IMAGE, recorded("msg_26_image_block"), WARN, None, "Qwen3.5-27B is not a multimodal model"),
        (Q.IMAGE, error_answer(500, "Internal server error"), FAIL, None, "Internal server error"),
        (Q.IMAGE, streamed("Green and yellow."), PASS, None, "names what the picture shows"),
        (Q.IMAGE, streamed("A cat."), UNKNOWN, None, "does not name what the picture shows (A cat.)"),
        (Q.IMAGE, streamed("hm", stop="max_tokens"), UNKNOWN, None, "proves nothing"),
        (Q.WEB_SEARCH, recorded("msg_25_server_tool_websearch"), WARN, None, "no web search"),
        (Q.WEB_SEARCH, streamed("It rains."), WARN, None, "answers from memory"),
        (Q.WEB_SEARCH, streamed("It rains.", kind="server_tool_use"), PASS, None, "searches the web"),
        (Q.COMPACTION, streamed("<summary>x</summary>"), PASS, None, "summarised"),
        (Q.COMPACTION, streamed(kind="thinking"), FAIL, None, "empty summary"),
        (Q.COMPACTION, streamed(kind="tool_use"), UNKNOWN, None, "called a tool"),
        (Q.WEB_PAGE, streamed("It rains."), PASS, None, "summarised"),
        (Q.WEB_PAGE, error_answer(404, "The model `x` does not exist."), WARN, "MODEL303", "web fetch fails"),
        (Q.TURN, error_answer(400, "metadata: Extra inputs are not permitted"), FAIL, "TRAFFIC403", "metadata"),
    ],
)
def test_what_an_answer_proves(question, answer, verdict, code, words):
    check = judged(question, answer)
    assert (check.verdict, check.code) == (verdict, code), check.message
    assert words in check.message


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Unexpected value(s) `context-1m-2025-08-07` for the `anthropic-beta` header.", "without that beta"),
        ("context_management: Extra inputs are not permitted", "without edits of the context"),
        ("safeguards: Extra inputs are not permitted", "without its context of plan mode"),
        ("thinking.display: Extra inputs are not permitted", "without the display of thinking"),
        ("tools.10.defer_loading: Extra inputs are not permitted", "with all tools from the start"),
        ("Input tag 'tool_reference' found using 'type' does not match", "with all tools from the start"),
        ("messages.1.role: Input should be 'user' or 'assistant'", "with a user message in its place"),
        ('messages: Unexpected role "system".', "with a user message in its place"),
        ("This model does not support the effort parameter", "without effort"),
    ],
)
def test_what_the_client_gives_up_by_itself_is_a_limit_only(message, words):
    """Each of these was answered in the end by the real client, 2.1.329 and 2.1.332."""
    check = judged(Q.TURN, error_answer(400, message))
    assert check.verdict is WARN
    assert words in check.message
    assert message[:20] in check.message
    assert judged(Q.TURN, error_answer(400, message), version=MIDDLE).verdict is FAIL


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("thinking: Extra inputs are not permitted", '"MAX_THINKING_TOKENS": "0" in env'),
        ("thinking.type: Input should be 'enabled' or 'disabled'", "-adaptive_thinking"),
        ("output_config: Extra inputs are not permitted", '"CLAUDE_CODE_EFFORT_LEVEL": "unset" in env'),
        ("system.1.cache_control: Extra inputs are not permitted", '"DISABLE_PROMPT_CACHING": "1" in env'),
        ("System message must be at the beginning.", "Qwen3.5-27B=-mid_conv_system,-mid_conv_tool_change"),
        (
            '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
            "--enable-auto-tool-choice",
        ),
        ("Hosted_vllmException - System message must be at the beginning.", "-mid_conv_system"),
    ],
)
def test_what_the_client_does_not_give_up_fails_with_what_to_change(message, change):
    """Each of these ended in an API error with the real client, and each change was measured, 2.1.332."""
    for question in (Q.TURN, Q.TOOL_RESULT, Q.SUBAGENTS):
        check = judged(question, error_answer(400, message), TO_PROXY)
        assert check.verdict is FAIL
        assert change in check.change


@pytest.mark.parametrize("status", [429, 503, 529])
def test_a_state_of_the_moment_is_marked(status):
    assert judged(Q.TURN, error_answer(status, "busy")).is_passing
    assert not judged(Q.TURN, error_answer(400, "busy")).is_passing


def parallel(*spans, refused=0):
    """Return the result of three requests that began and ended at these seconds; the last ones are refused."""
    responses = []
    for number, (begin, end) in enumerate(spans):
        status, kind, body = error_answer(429, "busy") if number >= len(spans) - refused else recorded("msg_05_stream")
        response = heard(Q.SUBAGENTS, status, kind, body, step_s=(end - begin) / len(body.splitlines()))
        if response.ttft_ms is not None and response.ended_ms is not None:
            shift = round(begin * 1000)
            response = replace(response, ttft_ms=response.ttft_ms + shift, ended_ms=response.ended_ms + shift)
        responses.append(response)
    checks = [judge(ask(Q.SUBAGENTS), response, TO_VLLM, shape()) for response in responses]
    return together(checks, responses)


@pytest.mark.parametrize(
    ("spans", "verdict", "words"),
    [
        (((0, 1), (0, 1), (0.1, 1)), PASS, "all answered"),
        (((0, 1), (1, 2), (2, 3)), WARN, "one after another"),
        (((0, 1), (0.5, 2), (2, 3)), PASS, "all answered"),
        (((0, 0.001), (0.001, 0.002), (0.002, 0.003)), PASS, "all answered"),
    ],
    ids=["together", "in turn", "two at a time", "too fast to tell"],
)
def test_how_requests_at_the_same_time_are_answered(spans, verdict, words):
    check = parallel(*spans)
    assert (check.verdict, check.count) == (verdict, 3)
    assert words in check.message
    assert bool(check.change) == (verdict is WARN)


def test_a_limit_of_parallel_requests_is_a_limit_and_a_refusal_of_all_is_of_the_moment():
    some, every = parallel(*[(0, 1)] * 3, refused=2), parallel(*[(0, 1)] * 3, refused=3)
    assert (some.verdict, some.is_passing) == (WARN, False)
    assert some.message.startswith("2 of 3 requests at once: 429")
    assert (every.verdict, every.is_passing) == (FAIL, True)


@pytest.mark.parametrize("version", [NEW, OLD])
def test_an_answer_of_any_kind_is_judged_for_every_question(version):
    for question in Question:
        if any(one is question for one in (Q.LONG, Q.FIRST_TOKEN, Q.ROOM, Q.WINDOW, Q.AUTO_MODE, Q.PREFLIGHT)):
            continue
        if question is Q.TOOL_CHANGE and version == OLD:
            continue
        for answer in (
            streamed(),
            error_answer(400, ""),
            error_answer(500, "x"),
            (204, "", b""),
            recorded("msg_01_plain"),
        ):
            assert judged(question, answer, version=version).message
