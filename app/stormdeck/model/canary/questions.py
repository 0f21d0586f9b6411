"""Build the requests of the canary as Claude Code sends them (measured, 1.0.128 to 2.1.329)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stormdeck.model.canary.check import Question, Route
from stormdeck.model.versions import version_key

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
    Question.UNKNOWN_MODEL,
)
"""In order of sending; the unknown model is last because a proxy may cool down after it (PROXY808)."""
CLIENT_ONLY = frozenset({Question.BACKGROUND, Question.UNKNOWN_MODEL})
"""About the model ids of the client: not sent to vLLM directly."""
_CHARS_PER_TOKEN = 4
_SYSTEM = "You are Claude Code, Anthropic's official CLI for Claude."
_TOOL = {
    "name": "Bash",
    "description": "Run a command in the shell",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string", "maxLength": 40}},
        "required": ["command"],
    },
}
_BASE = ("claude-code-20250219", "interleaved-thinking-2025-05-14")
_CACHING = "prompt-caching-scope-2026-01-05"
_CONTEXT = "context-management-2025-06-27"
_EFFORT = "effort-2025-11-24"
_BETAS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "2.1.113",
        (
            _BASE[0],
            "context-1m-2025-08-07",
            _BASE[1],
            _CONTEXT,
            "mid-conversation-tool-changes-2026-07-01",
            "thinking-token-count-2026-05-13",
            "advanced-tool-use-2025-11-20",
            _EFFORT,
        ),
    ),
    ("2.1.43", (*_BASE, _CACHING, _CONTEXT, _EFFORT)),
    ("2.1.40", (*_BASE, _CACHING)),
    ("2.0", _BASE),
    ("0", (*_BASE, "fine-grained-tool-streaming-2025-05-14")),
)
"""The ``anthropic-beta`` values by first client version; a version between two measured ones counts as the later."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the client's version and settings decide about its requests."""

    version: str
    model: str
    """The main model's id as it is sent."""
    background: str
    """The id of background requests."""
    betas: bool = True
    """Whether experimental betas are sent: ``CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS`` is not set."""
    thinks: bool = True
    """Whether it requests thinking."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """``CLAUDE_CODE_EXTRA_BODY``."""

    def since(self, version: str) -> bool:
        """Return whether the client has this version or a later one."""
        return version_key(self.version) >= version_key(version)

    @property
    def beta_header(self) -> str:
        """Return the value of ``anthropic-beta``."""
        if not self.betas:
            return ",".join(_BASE)
        return ",".join(next(betas for since, betas in _BETAS if self.since(since)))


@dataclass(frozen=True, slots=True)
class CanaryRequest:
    """One request: its path and body."""

    question: Question
    path: str
    body: Mapping[str, Any]

    @property
    def streamed(self) -> bool:
        """Return whether it requests a stream."""
        return bool(self.body.get("stream"))

    @property
    def prompt_tokens(self) -> int:
        """Return the approximate number of prompt tokens; 0 if no prompt reaches the engine."""
        if self.question in {Question.COUNT_TOKENS, Question.UNKNOWN_MODEL}:
            return 0
        parts = [self.body.get(name) for name in ("system", "messages", "tools")]
        return len(json.dumps([part for part in parts if part])) // _CHARS_PER_TOKEN

    @property
    def max_tokens(self) -> int:
        """Return the maximum number of generated tokens."""
        return 0 if not self.prompt_tokens else int(self.body.get("max_tokens", 0))


def requests_for(shape: Shape, route: Route, *, alone: bool, model: str | None = None) -> tuple[CanaryRequest, ...]:
    """Return the requests for a route; ``alone`` if it is the only one. ``model`` replaces the client's id."""
    wanted = [one for one in SENT if alone or route is Route.CLIENT or one not in CLIENT_ONLY]
    if shape.background == shape.model or route is Route.DIRECT:
        wanted = [one for one in wanted if one is not Question.BACKGROUND]
    return tuple(_request(shape, one, model or shape.model) for one in wanted)


def _request(shape: Shape, question: Question, model: str) -> CanaryRequest:
    more: dict[str, Any] = {}
    match question:
        case Question.COUNT_TOKENS:
            return CanaryRequest(
                question, COUNT_TOKENS, {"model": model, "messages": [_user("Say ok.")], "tools": [_TOOL]}
            )
        case Question.STREAM:
            return CanaryRequest(question, MESSAGES, _body(shape, model, 32, "Count from one to five.", stream=True))
        case Question.LATE_SYSTEM:
            late = {"role": "system", "content": "Available agent types: general-purpose."}
            more = {"messages": [_user("Say ok."), late]}
        case Question.THINKING:
            return CanaryRequest(
                question, MESSAGES, _body(shape, model, 64, "What is 2 + 3?", stream=True, **_thinking(shape))
            )
        case Question.TOOL_FORCED:
            more = {"tools": [_TOOL], "tool_choice": {"type": "tool", "name": "Bash"}}
            return CanaryRequest(question, MESSAGES, _body(shape, model, 64, "Run: echo ok", stream=True, **more))
        case Question.TOOL_FREE:
            text = "Use the Bash tool to run exactly: echo ok"
            return CanaryRequest(question, MESSAGES, _body(shape, model, 64, text, stream=True, tools=[_TOOL]))
        case Question.BACKGROUND:
            return CanaryRequest(question, MESSAGES, _body(shape, shape.background, 16, "Say ok."))
        case Question.UNKNOWN_MODEL:
            return CanaryRequest(question, MESSAGES, _body(shape, NO_SUCH_MODEL, 16, "Say ok."))
    return CanaryRequest(question, MESSAGES, _body(shape, model, 16, "Say ok.", **more))


def _body(
    shape: Shape, model: str, max_tokens: int, text: str, *, stream: bool = False, **more: object
) -> dict[str, Any]:
    """Return a body; the user's extra fields cannot change its length or its question."""
    body: dict[str, Any] = {
        **shape.extra,
        "model": model,
        "max_tokens": max_tokens,
        "system": [{"type": "text", "text": _SYSTEM, "cache_control": {"type": "ephemeral"}}],
        "messages": [_user(text)],
    }
    body.pop("stream", None)
    return body | ({"stream": True} if stream else {}) | more


def _thinking(shape: Shape) -> dict[str, Any]:
    """Return the client's fields for thinking: adaptive, effort and context edits in 2.1.329 (measured)."""
    if not shape.since("2.1.113"):
        return {"thinking": {"type": "enabled", "budget_tokens": 32}} if shape.thinks else {}
    more: dict[str, Any] = {"output_config": {"effort": "high"}}
    if shape.thinks:
        more["thinking"] = {"type": "adaptive", "display": "omitted"} if shape.betas else {"type": "adaptive"}
        if shape.betas:
            more["context_management"] = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    return more


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}
