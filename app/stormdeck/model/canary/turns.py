"""Judge the answers to whole turns: what they prove about the features of Claude Code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from stormdeck.model.canary.check import Check, Question, Verdict
from stormdeck.model.canary.questions import CanaryRequest, recalls, sees
from stormdeck.model.canary.refusals import Ruling, quoted
from stormdeck.model.canary.reply import Reply
from stormdeck.model.canary.response import CanaryResponse
from stormdeck.model.finding import HopKind
from stormdeck.model.units import grouped, seconds

_CALL_IN_TEXT = re.compile(
    r"</?tool_call>|<\|?tool_?call|<function[=_]|<invoke |\[TOOL_CALLS?\]|<\|python_tag\|>|<｜tool|minimax:tool_call"
    r'|\{\s*"(?:name|function|tool)"\s*:\s*"|"arguments"\s*:\s*\{|<parameter[= ]',
    re.IGNORECASE,
)
"""Tool calls as models write them in text that no parser read (Hermes, Qwen, Llama, Mistral, DeepSeek, others)."""


_WINDOW = re.compile(r"maximum context length is (\d{1,9}) tokens")
"""vLLM's words (recorded, 0.32), which LiteLLM passes on."""
_OPTIONAL = frozenset({Question.IMAGE, Question.WEB_SEARCH})
"""Refusing these is no fault of a server: many models take no images, and only the hosted API searches."""
_ABOUT_THE_ID = frozenset({"MODEL303", "PROXY805", "PROXY806", "PROXY815"})
_NOTICEABLE_MS, _LATER = 100, 1.5
"""By how much, and at how many times the first answer's length, the last one begins where they are answered in turn."""
_SHARE_COUNTED = 0.5
"""A server that counts fewer tokens of the long prompt than this share has cut it."""


def call_in_text(reply: Reply) -> Ruling | None:
    """Return the ruling on a tool call that was written as text, ``None`` if there is none."""
    if not _CALL_IN_TEXT.search(reply.text):
        return None
    return Ruling(
        Verdict.FAIL,
        "the call comes as text instead of tool_use: Claude Code shows it and runs nothing "
        f"({quoted(' '.join(reply.text.split()))})",
        "SERVER902",
        HopKind.SERVER,
        "start vLLM with the --tool-call-parser of the model's family",
    )


def refused_turn(request: CanaryRequest, response: CanaryResponse, ruling: Ruling, again: str | None) -> Ruling:
    """Return what an error status for a whole turn proves; ``again`` is how the client sends it again, if it does."""
    question = request.question
    if question is Question.LONG and (limit := _WINDOW.search(response.error)) is not None:
        return _too_long(request, int(limit[1]), ruling)
    if again is not None:
        off = '"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1" in env'
        message = f"{ruling.message}; Claude Code sends it again {again} and goes on"
        # Of late system messages the switch takes none away (measured, 2.1.332).
        change = ruling.change if "user message" in again else off
        return Ruling(Verdict.WARN, message, ruling.code or "TRAFFIC403", ruling.hop, change)
    if question in _OPTIONAL and response.status in {400, 404, 415, 422, 501} and ruling.code is None:
        then = ": a picture that Claude Code reads ends the turn with an API error"
        return replace(ruling, verdict=Verdict.WARN, message=ruling.message + then * (question is Question.IMAGE))
    if question is Question.WEB_PAGE and ruling.code in _ABOUT_THE_ID:
        return replace(ruling, verdict=Verdict.WARN, message=f"{ruling.message}; web fetch fails, main answers do not")
    return ruling


def _too_long(request: CanaryRequest, window: int, ruling: Ruling) -> Ruling:
    """Return what a refusal with the size of the window proves: the prompt was made for the window that is known."""
    said = ruling.message[ruling.message.find("(") :]
    if window > request.prompt_tokens:
        message = f"the prompt came out longer than the window, so this proves nothing {said}"
        return Ruling(Verdict.UNKNOWN, message, change="run the canary again with a smaller window in the settings")
    message = f"the server takes {grouped(window)} tokens, fewer than it lists or than the settings say {said}"
    return Ruling(Verdict.FAIL, message, "CTX601", None, f'"CLAUDE_CODE_MAX_CONTEXT_TOKENS": "{window}"')


def _turn(response: CanaryResponse, reply: Reply) -> Ruling:
    as_text = call_in_text(reply)
    if as_text is not None:
        return as_text
    if not reply.blocks and reply.stop_reason != "max_tokens":
        return Ruling(
            Verdict.FAIL, "an answer without text and without a tool call: Claude Code asks again, then shows nothing"
        )
    first = "" if response.ttft_ms is None else f", first token after {seconds(response.ttft_ms / 1000)}"
    return Ruling(Verdict.PASS, f"accepted and answered{first}")


def _compacted(response: CanaryResponse, reply: Reply) -> Ruling:
    ruling = _turn(response, reply)
    if ruling.verdict is not Verdict.PASS:
        return ruling
    if reply.text.strip():
        return Ruling(Verdict.PASS, "the conversation is summarised in text")
    if reply.stop_reason == "max_tokens":
        return Ruling(Verdict.PASS, "accepted; the summary is longer than this test allows")
    if reply.tool is not None:
        return Ruling(Verdict.UNKNOWN, "the model called a tool instead of writing a summary, which it may not always")
    return Ruling(Verdict.FAIL, "no text: Claude Code gets an empty summary")


def _seen(response: CanaryResponse, reply: Reply) -> Ruling:
    if sees(reply.text):
        return Ruling(Verdict.PASS, "the model names what the picture shows")
    if reply.stop_reason == "max_tokens":
        return Ruling(Verdict.UNKNOWN, "accepted, but no answer within the tokens of this test: this proves nothing")
    said = quoted(" ".join(reply.text.split())) or "no text"
    return Ruling(Verdict.UNKNOWN, f"accepted, but the answer does not name what the picture shows ({said})")


def _searched(response: CanaryResponse, reply: Reply) -> Ruling:
    if any(block.kind in {"server_tool_use", "web_search_tool_result"} for block in reply.blocks):
        return Ruling(Verdict.PASS, "the server searches the web")
    message = "accepted, but the server did not search: the model answers from memory as if it had"
    return Ruling(Verdict.WARN, message, change='"permissions": { "deny": ["WebSearch"] }')


def _read_page(response: CanaryResponse, reply: Reply) -> Ruling:
    ruling = _turn(response, reply)
    return replace(ruling, message="a page is summarised") if ruling.verdict is Verdict.PASS else ruling


def _long(response: CanaryResponse, reply: Reply) -> Ruling:
    first = "" if response.ttft_ms is None else f", first token after {seconds(response.ttft_ms / 1000)}"
    size = f"{grouped(reply.input_tokens)} prompt tokens" if reply.input_tokens else "the long prompt"
    if recalls(reply.text):
        return Ruling(Verdict.PASS, f"{size} accepted, and its beginning recalled{first}")
    if reply.stop_reason == "max_tokens":
        return Ruling(Verdict.PASS, f"{size} accepted{first}; the answer was cut before it could show more")
    said = quoted(" ".join(reply.text.split())) or "no text"
    message = f"{size} accepted{first}, but the answer does not recall its beginning ({said})"
    return Ruling(Verdict.UNKNOWN, f"{message}: the model forgets it, or the server cuts long prompts")


def cut_prompt(request: CanaryRequest, reply: Reply) -> Ruling | None:
    """Return the ruling on a server that counted far fewer tokens than the long prompt has."""
    if request.question is not Question.LONG or recalls(reply.text):
        return None
    if not 0 < reply.input_tokens < request.prompt_tokens * _SHARE_COUNTED:
        return None
    return Ruling(
        Verdict.WARN,
        f"the server counted {grouped(reply.input_tokens)} of about {grouped(request.prompt_tokens)} prompt tokens and "
        "answered: it cuts long prompts without an error, so Claude Code forgets its instructions",
        change="give the server a larger context window, or set CLAUDE_CODE_MAX_CONTEXT_TOKENS to the one that it has",
    )


TURN_JUDGES: dict[Question, Callable[[CanaryResponse, Reply], Ruling]] = {
    Question.TURN: _turn,
    Question.TOOL_RESULT: _turn,
    Question.TOOL_CHANGE: _turn,
    Question.PLAN_MODE: _turn,
    Question.SUBAGENTS: _turn,
    Question.COMPACTION: _compacted,
    Question.IMAGE: _seen,
    Question.WEB_PAGE: _read_page,
    Question.WEB_SEARCH: _searched,
    Question.LONG: _long,
}


def together(checks: Sequence[Check], responses: Sequence[CanaryResponse]) -> Check:
    """Return the result of requests that were sent at the same time: the worst, or how they were answered.

    They were answered one after another where each began after the one before had ended.
    """
    failed = [check for check in checks if check.verdict is not Verdict.PASS]
    firsts = [seconds((one.ttft_ms or 0) / 1000) for one in sorted(responses, key=lambda one: one.ttft_ms or 0)]
    if failed:
        some = "" if len(failed) == len(checks) else f"{len(failed)} of {len(checks)} requests at once: "
        worst = min(failed, key=lambda check: _WORST.index(check.verdict))
        found = replace(worst, message=f"{some}{worst.message}")
        if some and all(check.is_passing for check in failed):
            message = f"{found.message}; Claude Code sends those again after a while"
            change = "raise the limit of parallel requests at the server that refused them"
            found = replace(found, verdict=Verdict.WARN, message=message, change=change, is_passing=False)
    elif _in_turn(responses):
        message = f"answered one after another, first tokens after {', '.join(firsts)}: sub-agents wait for each other"
        change = "raise vLLM's --max-num-seqs, or the proxy's limit of parallel requests"
        found = replace(checks[0], verdict=Verdict.WARN, message=message, change=change)
    else:
        found = replace(checks[0], message=f"all answered, first tokens after {', '.join(firsts)}")
    return replace(
        found,
        input_tokens=sum(check.input_tokens for check in checks),
        output_tokens=sum(check.output_tokens for check in checks),
        latency_ms=max(check.latency_ms or 0 for check in checks),
        count=len(checks),
    )


_WORST = (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN, Verdict.SKIP, Verdict.PASS)


def _in_turn(responses: Sequence[CanaryResponse]) -> bool:
    """Return whether no two answers overlapped, and the last one waited noticeably for the others."""
    spans = sorted((one.ttft_ms, one.ended_ms) for one in responses if one.ttft_ms is not None and one.ended_ms)
    if len(spans) < 2 or len(spans) < len(responses):
        return False
    follows = all(begin >= ended for (_, ended), (begin, _) in pairwise(spans))
    return follows and spans[-1][0] - spans[0][0] >= _NOTICEABLE_MS and spans[-1][0] >= spans[0][1] * _LATER
