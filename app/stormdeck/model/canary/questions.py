"""Build the requests of the canary: small ones that isolate one thing, and whole turns as Claude Code sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stormdeck.model.canary.check import Question, Route
from stormdeck.model.canary.picture import COLOURS, PICTURE
from stormdeck.model.canary.shape import SYSTEM, THINKING_BUDGET, Shape, side_request, thinking, turn
from stormdeck.model.canary.tools import LOADED, deferred, tool

MESSAGES = "/v1/messages?beta=true"
COUNT_TOKENS = "/v1/messages/count_tokens?beta=true"
NO_SUCH_MODEL = "stormdeck-canary-no-such-model"
SENT = (
    Question.PLAIN,
    Question.STREAM,
    Question.LATE_SYSTEM,
    Question.THINKING,
    Question.TOOL_FORCED,
    Question.TOOL_FREE,
    Question.COUNT_TOKENS,
    Question.BACKGROUND,
    Question.TURN,
    Question.TOOL_RESULT,
    Question.TOOL_CHANGE,
    Question.PLAN_MODE,
    Question.SUBAGENTS,
    Question.COMPACTION,
    Question.IMAGE,
    Question.WEB_PAGE,
    Question.WEB_SEARCH,
    Question.LONG,
    Question.UNKNOWN_MODEL,
)
"""In order of sending; the unknown model is last because a proxy may cool down after it (PROXY808)."""
CLIENT_ONLY = frozenset({Question.BACKGROUND, Question.UNKNOWN_MODEL, Question.LONG})
"""Not sent to vLLM directly: about the model ids of the client, or dear."""
WHOLE_TURNS = frozenset(
    {
        *(Question.TURN, Question.TOOL_RESULT, Question.TOOL_CHANGE, Question.PLAN_MODE, Question.SUBAGENTS),
        *(Question.COMPACTION, Question.IMAGE, Question.WEB_PAGE, Question.WEB_SEARCH),
    }
)
"""Sent to vLLM directly only where they do not pass at the client's endpoint."""
SUBAGENTS = 3
"""Requests of the question about subagents, sent at the same time."""
LONG_SHARE = 0.9
"""Of the window that the long prompt fills."""
_CHARS_PER_TOKEN = 4
_IMAGE_TOKENS = 300
"""What a small image costs at most, in tokens."""
_FILLER = " ok"
"""One token in the usual tokenizers."""
_CODE_WORD = "pelican"
_SUMMARY = (
    "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\n\nYour task is to create a summary of the conversation "
    "so far, in one sentence, in a <summary> block."
)


@dataclass(frozen=True, slots=True)
class CanaryRequest:
    """One request: its path and body."""

    question: Question
    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    """Besides those of the endpoint, which may replace them: the user's own headers are among those."""
    others: tuple[CanaryRequest, ...] = ()
    """Requests that are sent at the same time."""

    @property
    def streamed(self) -> bool:
        """Return whether it requests a stream."""
        return bool(self.body.get("stream"))

    @property
    def count(self) -> int:
        """Return the number of requests."""
        return 1 + len(self.others)

    @property
    def prompt_tokens(self) -> int:
        """Return the approximate number of prompt tokens; 0 if no prompt reaches the engine."""
        if self.question in {Question.COUNT_TOKENS, Question.UNKNOWN_MODEL}:
            return 0
        if self.question is Question.LONG:
            return len(json.dumps(self.body["messages"])) // len(_FILLER)
        parts = [self.body.get(name) for name in ("system", "messages", "tools")]
        size = len(json.dumps([part for part in parts if part]))
        image = _IMAGE_TOKENS - len(PICTURE) // _CHARS_PER_TOKEN if self.question is Question.IMAGE else 0
        return (size // _CHARS_PER_TOKEN + image) * self.count

    @property
    def max_tokens(self) -> int:
        """Return the maximum number of generated tokens."""
        return 0 if not self.prompt_tokens else int(self.body.get("max_tokens", 0)) * self.count


def requests_for(
    shape: Shape, route: Route, *, alone: bool, model: str | None = None, long_tokens: int = 0
) -> tuple[CanaryRequest, ...]:
    """Return the requests for a route; ``alone`` if it is the only one. ``model`` replaces the client's id.

    ``long_tokens`` is the size of the long prompt, 0 if none was asked for.
    """
    wanted = [one for one in SENT if alone or route is Route.CLIENT or one not in CLIENT_ONLY]
    if shape.background == shape.model or route is Route.DIRECT:
        wanted = [one for one in wanted if one is not Question.BACKGROUND]
    if not long_tokens:
        wanted = [one for one in wanted if one is not Question.LONG]
    if not shape.loads_tools:
        wanted = [one for one in wanted if one is not Question.TOOL_CHANGE]
    if "mid_conv_system" in shape.lacks:
        wanted = [one for one in wanted if one is not Question.LATE_SYSTEM]
    asked = model or shape.model
    side = asked if route is Route.DIRECT else shape.background
    return tuple(_request(shape, one, asked, side, long_tokens) for one in wanted)


def _request(shape: Shape, question: Question, model: str, side: str, long_tokens: int) -> CanaryRequest:
    if question in WHOLE_TURNS:
        return _whole_turn(shape, question, model, side)
    asked = {Question.BACKGROUND: side, Question.UNKNOWN_MODEL: NO_SUCH_MODEL}.get(question, model)
    betas = {Question.BACKGROUND: shape.side_header, Question.COUNT_TOKENS: shape.counting_header}
    path = COUNT_TOKENS if question is Question.COUNT_TOKENS else MESSAGES
    body = _small_body(shape, question, asked, long_tokens)
    return CanaryRequest(question, path, body, {"anthropic-beta": betas.get(question, shape.beta_header)})


def _small_body(shape: Shape, question: Question, model: str, long_tokens: int) -> dict[str, Any]:
    """Return the body of a request that isolates one thing."""
    match question:
        case Question.COUNT_TOKENS:
            return {"model": model, "messages": [_user("Say ok.")], "tools": [_BASH]}
        case Question.STREAM:
            return _body(shape, model, 32, "Count from one to five.", stream=True)
        case Question.LATE_SYSTEM:
            late = {"role": "system", "content": "Available agent types: general-purpose."}
            return _body(shape, model, 16, "Say ok.", messages=[_user("Say ok."), late])
        case Question.THINKING:
            return _body(shape, model, 64, "What is 2 + 3?", stream=True, **_thinking(shape))
        case Question.TOOL_FORCED:
            forced = {"type": "tool", "name": "Bash"}
            return _body(shape, model, 64, "Run: echo ok", stream=True, tools=[_BASH], tool_choice=forced)
        case Question.TOOL_FREE:
            text = "Use the Bash tool to run exactly: echo ok"
            return _body(shape, model, 64, text, stream=True, tools=[_BASH])
        case Question.LONG:
            return _body(shape, model, 64, _long_text(shape, long_tokens), stream=True)
    return _body(shape, model, 16, "Say ok.")


def _whole_turn(shape: Shape, question: Question, model: str, side: str) -> CanaryRequest:
    """Return a request with the tools, system blocks, betas and history of the client (recorded, 2.1.332)."""
    betas, read = shape.beta_header, "notes.txt"
    match question:
        case Question.TOOL_RESULT:
            follow = _called(shape, "Read", {"file_path": read}, "1\tIt rains.\n2\t")
            body = turn(shape, model, 32, "Read notes.txt and say in a word what the weather is.", follow=follow)
        case Question.TOOL_CHANGE:
            found = [{"type": "tool_reference", "tool_name": LOADED}]
            follow = _called(shape, "ToolSearch", {"query": f"select:{LOADED}"}, found)
            more = [deferred(LOADED)]
            body = turn(shape, model, 32, "Load WebFetch, then say ok.", follow=follow, more_tools=more)
        case Question.PLAN_MODE:
            betas = shape.guarded_header
            asks = [tool("AskUserQuestion")] if shape.loads_tools else []
            body = turn(shape, model, 32, "Plan one step.", more_tools=asks, is_guarded=True)
        case Question.SUBAGENTS:
            first, *others = (_subagent(shape, model, number) for number in range(SUBAGENTS))
            return replace(first, others=tuple(others))
        case Question.COMPACTION:
            follow = [{"role": "assistant", "content": [_text("It rains.")]}, {"role": "user", "content": _SUMMARY}]
            body = turn(shape, model, 64, "What is the weather?", follow=follow)
        case Question.IMAGE:
            source = {"type": "base64", "data": PICTURE, "media_type": "image/png"}
            follow = _called(shape, "Read", {"file_path": "picture.png"}, [{"type": "image", "source": source}])
            text = "Read picture.png. Name the two colours that you see in it, in two words."
            body = turn(shape, model, 64, text, follow=follow)
        case Question.WEB_PAGE:
            text = "\nWeb page content:\n---\nWeather\n=======\n\nIt rains.\n---\n\nWhat is the weather?\n"
            body, betas = side_request(shape, side, 32, text), shape.side_header
        case Question.WEB_SEARCH:
            search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 1}
            body = side_request(shape, model, 32, "Perform a web search for the query: weather")
            body |= {"tools": [search], "tool_choice": {"type": "auto"}}
            betas = shape.side_header
        case _:
            body = turn(shape, model, 32, "Say ok.")
    return CanaryRequest(question, MESSAGES, body, {"anthropic-beta": betas})


def _called(shape: Shape, name: str, arguments: Mapping[str, Any], result: object) -> list[dict[str, Any]]:
    """Return a tool call and its result; thinking goes back with them, as the client sends it."""
    call: dict[str, Any] = {"type": "tool_use", "id": "toolu_stormdeck_1", "name": name, "input": dict(arguments)}
    thought = {"type": "thinking", "thinking": "A tool is needed.", "signature": ""}
    answer = [thought, call] if "thinking" in thinking(shape) else [call]
    returned = {"type": "tool_result", "tool_use_id": call["id"], "content": result}
    return [{"role": "assistant", "content": answer}, {"role": "user", "content": [returned]}]


def _subagent(shape: Shape, model: str, number: int) -> CanaryRequest:
    headers = {"anthropic-beta": shape.beta_header}
    if shape.loads_tools:
        headers["x-claude-code-agent-id"] = f"a{number:016}"
    text = f"You are sub-agent {number + 1}. Count from one to thirty in words."
    body = turn(shape, model, 48, text, is_subagent=True)
    return CanaryRequest(Question.SUBAGENTS, MESSAGES, body, headers)


def _long_text(shape: Shape, tokens: int) -> str:
    """Return a prompt of a size; it begins with a word to recall, and differs in each run, for the prefix cache."""
    start = f"[{shape.session}] The code word is {_CODE_WORD}. Filler follows."
    end = "\nEnd of the filler. What is the code word? Answer in one word."
    return start + _FILLER * max(0, tokens) + end


def recalls(text: str) -> bool:
    """Return whether an answer to the long prompt has the word of its beginning."""
    return _CODE_WORD in text.lower()


def sees(text: str) -> bool:
    """Return whether an answer names what the image shows."""
    return all(colour in text.lower() for colour in COLOURS)


_BASH = tool("Bash")


def _body(
    shape: Shape, model: str, max_tokens: int, text: str, *, stream: bool = False, **more: object
) -> dict[str, Any]:
    """Return a small body; the user's extra fields cannot change its length or its question."""
    marks = {"cache_control": {"type": "ephemeral"}} if shape.caches else {}
    body: dict[str, Any] = {
        **shape.extra,
        "model": model,
        "max_tokens": max_tokens,
        "system": [{"type": "text", "text": SYSTEM, **marks}],
        "messages": [_user(text)],
    }
    body.pop("stream", None)
    return body | ({"stream": True} if stream else {}) | more


def _thinking(shape: Shape) -> dict[str, Any]:
    """Return the fields for thinking; older clients think with a budget, but only with models that they know."""
    if shape.thinks and not shape.dialect.thinking:
        return {"thinking": {"type": "enabled", "budget_tokens": THINKING_BUDGET}}
    return thinking(shape)


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [_text(text)]}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
