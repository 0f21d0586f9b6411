"""Judge the answers: turn each response into a check with a verdict, the hop and the rule."""

from __future__ import annotations

import re
from collections.abc import Callable

from stormdeck.model.canary.check import Check, Question, Verdict
from stormdeck.model.canary.questions import CanaryRequest, Shape
from stormdeck.model.canary.refusals import Ruling, broken_stream, no_answer, quoted, refusal
from stormdeck.model.canary.reply import Reply
from stormdeck.model.canary.response import CanaryResponse, Endpoint
from stormdeck.model.finding import HopKind
from stormdeck.model.units import seconds

LATE_SYSTEM_SINCE = "2.1.154"
"""The client sends late system messages from here on (reported in vllm-project/vllm issue 44000)."""
_CALL_IN_TEXT = re.compile(
    r"</?tool_call>|<\|?tool_?call|<function[=_]|<invoke |\[TOOL_CALLS?\]|<\|python_tag\|>|<｜tool|minimax:tool_call"
    r'|\{\s*"(?:name|function|tool)"\s*:\s*"|"arguments"\s*:\s*\{|<parameter[= ]',
    re.IGNORECASE,
)
"""Tool calls as models write them in text that no parser read (Hermes, Qwen, Llama, Mistral, DeepSeek, others)."""


def judge(request: CanaryRequest, response: CanaryResponse, endpoint: Endpoint, shape: Shape) -> Check:
    """Return what a response proves. Never raises, whatever the response."""
    ruling = _ruling(request, response, endpoint, shape)
    reply = response.reply
    return Check(
        question=request.question,
        route=endpoint.route,
        hop=ruling.hop or endpoint.hop,
        verdict=ruling.verdict,
        message=ruling.message,
        code=ruling.code,
        latency_ms=response.latency_ms,
        ttft_ms=response.ttft_ms,
        gap_ms=response.gap_ms,
        input_tokens=reply.input_tokens if reply is not None else 0,
        output_tokens=reply.output_tokens if reply is not None else 0,
    )


def skipped(question: Question, endpoint: Endpoint, message: str, verdict: Verdict = Verdict.SKIP) -> Check:
    """Return a check for which no request was sent."""
    return Check(question, endpoint.route, endpoint.hop, verdict, message, sent=False)


def is_hopeless(check: Check) -> bool:
    """Return whether every other request to this endpoint would fail too, so that none is sent."""
    return check.question is Question.PLAIN and check.verdict is Verdict.FAIL and check.code not in _PLAIN_ONLY


_PLAIN_ONLY = frozenset({"SERVER903", "TRAFFIC403", "PROXY802"})


def _ruling(request: CanaryRequest, response: CanaryResponse, endpoint: Endpoint, shape: Shape) -> Ruling:
    if request.question is Question.UNKNOWN_MODEL:
        return _unknown_model(response, endpoint)
    if response.reply is not None and response.reply.error is not None:
        return broken_stream(response.reply.error)
    if response.failure is not None:
        return no_answer(response, endpoint)
    if not response.ok:
        return _refused(request, response, endpoint, shape)
    if request.question is Question.COUNT_TOKENS:
        return _counted(response)
    if response.reply is None:
        what = "an HTML page" if response.html else f"other text ({quoted(response.error)})" * bool(response.error)
        return Ruling(Verdict.FAIL, f"{response.status} without a message: {what or 'an empty body'}", "URL106")
    return _answered(request, response, response.reply)


def _refused(request: CanaryRequest, response: CanaryResponse, endpoint: Endpoint, shape: Shape) -> Ruling:
    """Return what an error status proves; a warning if Claude Code can work with it."""
    ruling = refusal(response, endpoint)
    message, verdict, code = ruling.message, ruling.verdict, ruling.code
    match request.question:
        case Question.COUNT_TOKENS if response.status in {400, 401, 404, 405, 501}:
            instead = "the client sends a request for one token instead"
            old = "SERVER903" if endpoint.hop is HopKind.SERVER else "PROXY807"
            known = code if code in {"MODEL303", "AUTH204", "AUTH205"} else old
            return Ruling(
                Verdict.WARN, f"{response.status}: this server does not count tokens; {instead}", known, endpoint.hop
            )
        case Question.LATE_SYSTEM if response.status == 400 and code in {None, "SERVER903"}:
            code = "SERVER903"
            if endpoint.hop is HopKind.PROXY:
                message += "; vLLM's own /v1/messages accepts it, its chat completions with a strict template do not"
            if not shape.since(LATE_SYSTEM_SINCE):
                verdict = Verdict.WARN
                message += f"; Claude Code sends one from {LATE_SYSTEM_SINCE} on"
        case Question.BACKGROUND if response.status in {400, 404}:
            verdict = Verdict.WARN
            message += "; titles and sub-agents of this tier fail, main answers do not"
        case Question.THINKING if response.status == 400 and code is None:
            code = "TRAFFIC403"
    return Ruling(verdict, message, code, ruling.hop)


def _answered(request: CanaryRequest, response: CanaryResponse, reply: Reply) -> Ruling:
    if response.streamed and not reply.stopped:
        return Ruling(
            Verdict.FAIL,
            "the stream ended without message_stop, with status 200: the client drops the answer and retries",
        )
    if request.streamed and not response.streamed:
        return Ruling(Verdict.FAIL, "the answer to a streaming request is not a stream: the client shows an error")
    return _JUDGES.get(request.question, _plain)(response, reply)


def _plain(response: CanaryResponse, reply: Reply) -> Ruling:
    if not _has_output(reply):
        return Ruling(Verdict.WARN, "an empty answer")
    return Ruling(Verdict.PASS, f"answered in {seconds((response.latency_ms or 0) / 1000)}")


def _streamed(response: CanaryResponse, reply: Reply) -> Ruling:
    if not _has_output(reply):
        return Ruling(Verdict.WARN, "an empty stream")
    first = "" if response.ttft_ms is None else f"first token after {seconds(response.ttft_ms / 1000)}, "
    gap = "" if response.gap_ms is None else f"longest gap {seconds(response.gap_ms / 1000)}, "
    not_json = f"; {reply.not_json} events were not JSON" if reply.not_json else ""
    return Ruling(Verdict.WARN if reply.not_json else Verdict.PASS, f"{first}{gap}complete (message_stop){not_json}")


def _has_output(reply: Reply) -> bool:
    """Return whether the model generated anything; thinking that was removed may leave an empty answer."""
    return bool(reply.blocks) or reply.output_tokens > 0


def _late_system(response: CanaryResponse, reply: Reply) -> Ruling:
    return Ruling(Verdict.PASS, "a system message after the first is accepted")


def _thought(response: CanaryResponse, reply: Reply) -> Ruling:
    if any(block.kind == "thinking" for block in reply.blocks):
        return Ruling(Verdict.PASS, "the client's betas are accepted, and thinking comes in its own blocks")
    if re.search(r"</?think(?:ing)?>", reply.text):
        return Ruling(
            Verdict.WARN, "thinking comes as ordinary text: vLLM was started without the model's --reasoning-parser"
        )
    return Ruling(Verdict.PASS, "the client's betas are accepted; no thinking came back (the model may have none)")


def _tool(response: CanaryResponse, reply: Reply, *, forced: bool) -> Ruling:
    call, is_cut = reply.tool, reply.stop_reason == "max_tokens"
    if call is not None:
        if call.name != "Bash":
            return Ruling(Verdict.FAIL, f"a call to a tool that was not offered ({quoted(call.name)})", "SERVER902")
        if call.arguments is not None:
            return Ruling(Verdict.PASS, "the call comes as tool_use with JSON arguments")
        if is_cut:
            return Ruling(Verdict.PASS, "the call comes as tool_use; it was longer than this test allows")
        return Ruling(
            Verdict.WARN,
            f"the call comes as tool_use, but its arguments are not a JSON object ({quoted(call.text)})",
        )
    if _CALL_IN_TEXT.search(reply.text):
        return Ruling(
            Verdict.FAIL,
            "the call comes as text instead of tool_use: Claude Code shows it and runs nothing "
            f"({quoted(' '.join(reply.text.split()))})",
            "SERVER902",
            HopKind.SERVER,
        )
    if forced and reply.text and not is_cut:
        return Ruling(Verdict.FAIL, f"text instead of a forced call: tool_choice was lost ({quoted(reply.text)})")
    if is_cut:
        return Ruling(Verdict.UNKNOWN, "no call within the tokens of this test: this proves nothing")
    return Ruling(Verdict.UNKNOWN, "the model answered in text, which it may: this proves nothing")


def _forced(response: CanaryResponse, reply: Reply) -> Ruling:
    return _tool(response, reply, forced=True)


def _free(response: CanaryResponse, reply: Reply) -> Ruling:
    return _tool(response, reply, forced=False)


_JUDGES: dict[Question, Callable[[CanaryResponse, Reply], Ruling]] = {
    Question.STREAM: _streamed,
    Question.LATE_SYSTEM: _late_system,
    Question.THINKING: _thought,
    Question.TOOL_FORCED: _forced,
    Question.TOOL_FREE: _free,
}


def _counted(response: CanaryResponse) -> Ruling:
    if response.count is None:
        return Ruling(Verdict.WARN, "an answer without a count", "SERVER903")
    return Ruling(Verdict.PASS, f"{response.count} tokens counted")


def _unknown_model(response: CanaryResponse, endpoint: Endpoint) -> Ruling:
    """Return what an id that nobody serves proves: an error is right, an answer hides typing mistakes."""
    if response.failure is not None or response.status is None:
        return no_answer(response, endpoint)
    if response.ok:
        return Ruling(Verdict.WARN, "answered: nothing will tell you of a wrong id in the settings")
    if response.status == 404 and "does not exist" in response.error:
        return Ruling(Verdict.PASS, "404, as it should be: the client reports an issue with the selected model")
    if response.status in {400, 404} and "model" in response.error.lower():
        return Ruling(Verdict.PASS, f"{response.status}, which the client shows as an API error")
    ruling = refusal(response, endpoint)
    return Ruling(Verdict.WARN, ruling.message, ruling.code, ruling.hop)


def first_token(stream: Check, limit_ms: int, why: str) -> Check:
    """Compare a stream's time to first token with how long the client waits."""
    endpoint = Endpoint(stream.route, stream.hop, "")
    waits = f"the client waits {seconds(limit_ms / 1000)} ({why})"
    if stream.ttft_ms is None:
        return skipped(Question.FIRST_TOKEN, endpoint, f"no first token came; {waits}")
    came = f"after {seconds(stream.ttft_ms / 1000)} for a tiny prompt; {waits}"
    if stream.ttft_ms >= limit_ms:
        verdict, code = Verdict.FAIL, "TIME504"
        came += " and retries before it comes"
    elif stream.ttft_ms * 10 >= limit_ms:
        verdict, code = Verdict.WARN, "TIME504"
        came += ": a real first prompt is a thousand times as long"
    else:
        verdict, code = Verdict.PASS, None
    return Check(
        Question.FIRST_TOKEN, stream.route, stream.hop, verdict, came, code, ttft_ms=stream.ttft_ms, sent=False
    )
