"""Judges the answers: from what came to a check that names the hop and the rule."""

from __future__ import annotations

import re
from collections.abc import Callable

from stormdeck.model.canary.check import Check, Question, Verdict
from stormdeck.model.canary.questions import Ask, Shape
from stormdeck.model.canary.refusals import Ruling, broken_stream, no_answer, quoted, refusal
from stormdeck.model.canary.reply import Reply
from stormdeck.model.canary.response import Outcome, Way
from stormdeck.model.finding import HopKind
from stormdeck.model.units import seconds

LATE_SYSTEM_SINCE = "2.1.154"
"""From there on the client sends them (report, vllm-project/vllm issue 44000)."""
_AS_PROSE = re.compile(
    r"</?tool_call>|<\|?tool_?call|<function[=_]|<invoke |\[TOOL_CALLS?\]|<\|python_tag\|>|<｜tool|minimax:tool_call"
    r'|\{\s*"(?:name|function|tool)"\s*:\s*"|"arguments"\s*:\s*\{|<parameter[= ]',
    re.IGNORECASE,
)
"""How models write a call that no parser took out (Hermes, Qwen, Llama, Mistral, DeepSeek and others)."""


def judge(ask: Ask, outcome: Outcome, way: Way, shape: Shape) -> Check:
    """Return what an outcome proves. Never raises, whatever came."""
    ruling = _ruling(ask, outcome, way, shape)
    reply = outcome.reply
    return Check(
        question=ask.question,
        route=way.route,
        hop=ruling.hop or way.hop,
        verdict=ruling.verdict,
        words=ruling.words,
        code=ruling.code,
        latency_ms=outcome.latency_ms,
        ttft_ms=outcome.ttft_ms,
        gap_ms=outcome.gap_ms,
        input_tokens=reply.input_tokens if reply is not None else 0,
        output_tokens=reply.output_tokens if reply is not None else 0,
    )


def skipped(question: Question, way: Way, words: str, verdict: Verdict = Verdict.SKIP) -> Check:
    """Return a check for which no request was sent."""
    return Check(question, way.route, way.hop, verdict, words, sent=False)


def is_hopeless(check: Check) -> bool:
    """Say whether every other request on this way would meet the same: no more is sent there then."""
    return check.question is Question.PLAIN and check.verdict is Verdict.FAIL and check.code not in _ONLY_HERE


_ONLY_HERE = frozenset({"SERVER903", "TRAFFIC403", "PROXY802"})


def _ruling(ask: Ask, outcome: Outcome, way: Way, shape: Shape) -> Ruling:
    if ask.question is Question.UNKNOWN_MODEL:
        return _unknown_model(outcome, way)
    if outcome.reply is not None and outcome.reply.error is not None:
        return broken_stream(outcome.reply.error)
    if outcome.gone is not None:
        return no_answer(outcome, way)
    if not outcome.ok:
        return _refused(ask, outcome, way, shape)
    if ask.question is Question.COUNT_TOKENS:
        return _counted(outcome)
    if outcome.reply is None:
        what = "an HTML page" if outcome.html else f"something else ({quoted(outcome.error)})" * bool(outcome.error)
        return Ruling(Verdict.FAIL, f"{outcome.status}, and no message in it: {what or 'nothing'}", "URL106")
    return _answered(ask, outcome, outcome.reply)


def _refused(ask: Ask, outcome: Outcome, way: Way, shape: Shape) -> Ruling:
    """Return what a refusal proves, softened where the client gets along with it."""
    ruling = refusal(outcome, way)
    words, verdict, code = ruling.words, ruling.verdict, ruling.code
    match ask.question:
        case Question.COUNT_TOKENS if outcome.status in {400, 401, 404, 405, 501}:
            asks = "the client asks for one token instead, which costs a request"
            old = "SERVER903" if way.hop is HopKind.SERVER else "PROXY807"
            known = code if code in {"MODEL303", "AUTH204", "AUTH205"} else old
            return Ruling(Verdict.WARN, f"{outcome.status}: tokens are not counted here; {asks}", known, way.hop)
        case Question.LATE_SYSTEM if outcome.status == 400 and code in {None, "SERVER903"}:
            code = "SERVER903"
            if way.hop is HopKind.PROXY:
                words += "; vLLM's own /v1/messages takes it, its chat completions with a strict template do not"
            if not shape.since(LATE_SYSTEM_SINCE):
                verdict = Verdict.WARN
                words += f"; Claude Code sends one from {LATE_SYSTEM_SINCE} on"
        case Question.BACKGROUND if outcome.status in {400, 404}:
            verdict = Verdict.WARN
            words += "; titles and sub-agents of this tier fail, main answers do not"
        case Question.THINKING if outcome.status == 400 and code is None:
            code = "TRAFFIC403"
    return Ruling(verdict, words, code, ruling.hop)


def _answered(ask: Ask, outcome: Outcome, reply: Reply) -> Ruling:
    if outcome.streamed and not reply.stopped:
        return Ruling(
            Verdict.FAIL,
            "the stream ended without message_stop, under a status of 200: the client drops the answer and asks again",
        )
    if ask.streamed and not outcome.streamed:
        return Ruling(Verdict.FAIL, "a stream was asked for, and one whole answer came: the client shows an error")
    return _JUDGES.get(ask.question, _said)(outcome, reply)


def _said(outcome: Outcome, reply: Reply) -> Ruling:
    if not _says_something(reply):
        return Ruling(Verdict.WARN, "an answer with nothing in it")
    return Ruling(Verdict.PASS, f"answered in {seconds((outcome.latency_ms or 0) / 1000)}")


def _streamed(outcome: Outcome, reply: Reply) -> Ruling:
    if not _says_something(reply):
        return Ruling(Verdict.WARN, "a stream with nothing in it")
    first = "" if outcome.ttft_ms is None else f"first token after {seconds(outcome.ttft_ms / 1000)}, "
    gap = "" if outcome.gap_ms is None else f"the longest silence {seconds(outcome.gap_ms / 1000)}, "
    strange = f"; {reply.strange} events were no JSON" if reply.strange else ""
    return Ruling(Verdict.WARN if reply.strange else Verdict.PASS, f"{first}{gap}a clean end (message_stop){strange}")


def _says_something(reply: Reply) -> bool:
    """Say whether the model spoke; a few tokens of thinking may be taken out and leave an empty answer."""
    return bool(reply.blocks) or reply.output_tokens > 0


def _late_system(outcome: Outcome, reply: Reply) -> Ruling:
    return Ruling(Verdict.PASS, "a system message after the first is taken")


def _thought(outcome: Outcome, reply: Reply) -> Ruling:
    if any(block.kind == "thinking" for block in reply.blocks):
        return Ruling(Verdict.PASS, "the client's betas are taken, and thinking comes as blocks of its own")
    if re.search(r"</?think(?:ing)?>", reply.text):
        return Ruling(
            Verdict.WARN, "thinking comes as ordinary text: vLLM was started without the model's --reasoning-parser"
        )
    return Ruling(Verdict.PASS, "the client's betas are taken; no thinking came back, as from a model without it")


def _tool(outcome: Outcome, reply: Reply, *, forced: bool) -> Ruling:
    call, cut = reply.tool, reply.stop_reason == "max_tokens"
    if call is not None:
        if call.name != "Bash":
            return Ruling(Verdict.FAIL, f"a call of a tool that was not offered ({quoted(call.name)})", "SERVER902")
        if call.arguments is not None:
            return Ruling(Verdict.PASS, "the call comes as tool_use, with arguments that are JSON")
        if cut:
            return Ruling(Verdict.PASS, "the call comes as tool_use; it was longer than this test lets it be")
        return Ruling(
            Verdict.WARN,
            f"the call comes as tool_use, and the model wrote arguments that are no JSON object ({quoted(call.text)})",
        )
    if _AS_PROSE.search(reply.text):
        return Ruling(
            Verdict.FAIL,
            "the call comes as prose instead of tool_use: Claude Code shows it as text and runs nothing "
            f"({quoted(' '.join(reply.text.split()))})",
            "SERVER902",
            HopKind.SERVER,
        )
    if forced and reply.text and not cut:
        return Ruling(Verdict.FAIL, f"a call was forced and prose came: tool_choice is lost ({quoted(reply.text)})")
    if cut:
        return Ruling(Verdict.UNKNOWN, "no call within the tokens of this test: nothing is proven")
    return Ruling(Verdict.UNKNOWN, "the model answered in words, as it may: nothing is proven")


def _forced(outcome: Outcome, reply: Reply) -> Ruling:
    return _tool(outcome, reply, forced=True)


def _free(outcome: Outcome, reply: Reply) -> Ruling:
    return _tool(outcome, reply, forced=False)


_JUDGES: dict[Question, Callable[[Outcome, Reply], Ruling]] = {
    Question.STREAM: _streamed,
    Question.LATE_SYSTEM: _late_system,
    Question.THINKING: _thought,
    Question.TOOL_FORCED: _forced,
    Question.TOOL_FREE: _free,
}


def _counted(outcome: Outcome) -> Ruling:
    if outcome.count is None:
        return Ruling(Verdict.WARN, "an answer without a count", "SERVER903")
    return Ruling(Verdict.PASS, f"{outcome.count} tokens counted")


def _unknown_model(outcome: Outcome, way: Way) -> Ruling:
    """Return what became of an id that nobody serves: an error is right, an answer hides every typing mistake."""
    if outcome.gone is not None or outcome.status is None:
        return no_answer(outcome, way)
    if outcome.ok:
        return Ruling(Verdict.WARN, "answered all the same: a wrong id in the settings goes unnoticed")
    if outcome.status == 404 and "does not exist" in outcome.error:
        return Ruling(Verdict.PASS, "404, as it should be: the client says there is an issue with the selected model")
    if outcome.status in {400, 404} and "model" in outcome.error.lower():
        return Ruling(Verdict.PASS, f"{outcome.status}, which the client shows as an API error")
    ruling = refusal(outcome, way)
    return Ruling(Verdict.WARN, ruling.words, ruling.code, ruling.hop)


def first_token(stream: Check, limit_ms: int, why: str) -> Check:
    """Return how the first token of a stream stands against what the client waits; nothing is sent for it."""
    way = Way(stream.route, stream.hop, "")
    waits = f"the client waits {seconds(limit_ms / 1000)} ({why})"
    if stream.ttft_ms is None:
        return skipped(Question.FIRST_TOKEN, way, f"no first token came; {waits}")
    came = f"after {seconds(stream.ttft_ms / 1000)} for a tiny prompt; {waits}"
    if stream.ttft_ms >= limit_ms:
        verdict, code = Verdict.FAIL, "TIME504"
        came += " and sends the request again before it comes"
    elif stream.ttft_ms * 10 >= limit_ms:
        verdict, code = Verdict.WARN, "TIME504"
        came += ": a real first prompt is a thousand times as long"
    else:
        verdict, code = Verdict.PASS, None
    return Check(
        Question.FIRST_TOKEN, stream.route, stream.hop, verdict, came, code, ttft_ms=stream.ttft_ms, sent=False
    )
