"""Build the parts of Claude Code's requests: its betas, a whole turn, thinking, and what marks the prompt cache."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stormdeck.model.canary.dialects import ADVANCED_TOOLS, EFFORT, MILLION, TOOL_CHANGES, Dialect, dialect_of
from stormdeck.model.canary.tools import DEFERRED, tools
from stormdeck.model.versions import version_key

LATE_SYSTEM_SINCE = "2.1.154"
"""The client sends late system messages from here on (reported in vllm-project/vllm issue 44000)."""
SYSTEM = "You are Claude Code, Anthropic's official CLI for Claude."
_WORKER = "You are an agent for Claude Code, Anthropic's official CLI for Claude."
_REMINDER = "<system-reminder>\nThis is a test by stormdeck.\n</system-reminder>"
_LATE = "# Environment\n - Platform: linux\n\nAvailable agent types for the Agent tool:\n- general-purpose"
_MARK = {"type": "ephemeral"}


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
    caches: bool = True
    """Whether blocks are marked for the prompt cache: ``DISABLE_PROMPT_CACHING`` is not set."""
    attributes: bool = True
    """Whether the attribution block is sent."""
    million: bool = True
    """Whether the beta of a window of a million tokens is sent."""
    searches_tools: bool = True
    """Whether tools are loaded when they are needed: ``ENABLE_TOOL_SEARCH`` is not ``false``."""
    effort: str = "high"
    """Of ``output_config``; empty: not sent."""
    lacks: frozenset[str] = frozenset()
    """What ``CLAUDE_CODE_MODEL_CAPABILITIES`` takes from the model: ``mid_conv_system``, ``effort`` ..."""
    session: str = ""

    def since(self, version: str) -> bool:
        """Return whether the client has this version or a later one."""
        return version_key(self.version) >= version_key(version)

    @property
    def dialect(self) -> Dialect:
        """Return what its version sends."""
        return dialect_of(self.version)

    @property
    def sends_late_system(self) -> bool:
        """Return whether it sends system messages between the others."""
        return self.since(LATE_SYSTEM_SINCE) and self.dialect.late_system and "mid_conv_system" not in self.lacks

    @property
    def loads_tools(self) -> bool:
        """Return whether it loads tools in the middle of a conversation."""
        return self.betas and self.searches_tools and self.dialect.searches_tools

    @property
    def beta_header(self) -> str:
        """Return ``anthropic-beta`` of a turn."""
        return ",".join(self._betas())

    @property
    def guarded_header(self) -> str:
        """Return ``anthropic-beta`` of a turn in plan mode."""
        return ",".join((*self._betas(), *(self.dialect.guarded if self.betas else ())))

    @property
    def side_header(self) -> str:
        """Return ``anthropic-beta`` of a request beside the turns, such as one that reads a web page."""
        return ",".join(one for one in self._betas() if one not in {MILLION, ADVANCED_TOOLS})

    @property
    def counting_header(self) -> str:
        """Return ``anthropic-beta`` of ``count_tokens``."""
        return ",".join(self.dialect.counting) or self.beta_header

    def _betas(self) -> tuple[str, ...]:
        dropped = {
            MILLION: not self.million,
            ADVANCED_TOOLS: not self.searches_tools,
            TOOL_CHANGES: "mid_conv_tool_change" in self.lacks,
            EFFORT: "effort" in self.lacks,
        }
        sent = self.dialect.betas if self.betas else self.dialect.stable
        return tuple(one for one in sent if not dropped.get(one))


def turn(
    shape: Shape,
    model: str,
    max_tokens: int,
    text: str,
    *,
    follow: Sequence[Mapping[str, Any]] = (),
    more_tools: Iterable[Mapping[str, Any]] = (),
    is_guarded: bool = False,
    is_subagent: bool = False,
) -> dict[str, Any]:
    """Return the body of a whole turn, as it is sent with its tools; ``follow`` are the messages after the first ones.

    The user's extra fields cannot change its length or its question.
    """
    dialect = shape.dialect
    names = dialect.subagent_tools if is_subagent else dialect.tools
    offered = [*tools(one for one in names if shape.loads_tools or one not in {DEFERRED, "ToolSearch"}), *more_tools]
    body: dict[str, Any] = {
        **shape.extra,
        "model": model,
        "messages": _marked(shape, [*opening(shape, text), *follow]),
        "system": _system(shape, is_subagent=is_subagent),
        "tools": offered,
        "metadata": {"user_id": _user_id(shape)},
        "max_tokens": max_tokens,
        **thinking(shape, display="updates" if is_guarded else "omitted"),
        "stream": True,
    }
    if dialect.temperature:
        body["temperature"] = 1
    if is_guarded and shape.betas and dialect.guarded:
        body["safeguards"] = [{"type": "dangerous_tool_use", "classifier_context": _CONTEXT_OF_PLAN_MODE}]
    return body


_CONTEXT_OF_PLAN_MODE = {
    "v": 1,
    "permission_mode": "plan",
    "platform": "linux",
    "rules": {"allow": [], "deny": [], "ask": []},
}
"""The recorded one also names folders of the user, which stay here."""


def opening(shape: Shape, text: str) -> list[dict[str, Any]]:
    """Return the messages before the first answer."""
    blocks = [_text(_REMINDER), _text(text)]
    if shape.sends_late_system:
        return [{"role": "user", "content": blocks}, {"role": "system", "content": [_text(_LATE)]}]
    return [{"role": "user", "content": [_text(_REMINDER), _text(_LATE), _text(text)] if shape.lacks else blocks}]


def side_request(shape: Shape, model: str, max_tokens: int, text: str) -> dict[str, Any]:
    """Return a request beside the turns: one question, no tools, no thinking (recorded from web fetch, 2.1.332)."""
    body: dict[str, Any] = {
        **shape.extra,
        "model": model,
        "messages": [{"role": "user", "content": [_text(text)]}],
        "system": [*_billing(shape, is_subagent=False), _text(SYSTEM)],
        "tools": [],
        "metadata": {"user_id": _user_id(shape)},
        "max_tokens": max_tokens,
        "stream": True,
    }
    return body | _effort(shape)


def thinking(shape: Shape, display: str = "omitted") -> dict[str, Any]:
    """Return the client's fields for thinking, effort and edits of the context (recorded)."""
    dialect, more = shape.dialect, _effort(shape)
    if not shape.thinks or not dialect.thinking:
        return more
    if "adaptive_thinking" in shape.lacks:
        more["thinking"] = {"type": "enabled", "budget_tokens": THINKING_BUDGET}
    else:
        more["thinking"] = {"type": dialect.thinking}
    if shape.betas and dialect.searches_tools:
        more["thinking"]["display"] = display
    if shape.betas and dialect.edits_context:
        more["context_management"] = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    return more


THINKING_BUDGET = 32


def _effort(shape: Shape) -> dict[str, Any]:
    has_effort = shape.dialect.has_effort and shape.effort and "effort" not in shape.lacks
    return {"output_config": {"effort": shape.effort}} if has_effort else {}


def _system(shape: Shape, *, is_subagent: bool) -> list[dict[str, Any]]:
    blocks = [_text(SYSTEM), _text(_WORKER if is_subagent else "Answer in a few words.")]
    if shape.caches:
        blocks = [{**block, "cache_control": _MARK} for block in blocks]
    return [*_billing(shape, is_subagent=is_subagent), *blocks]


def _billing(shape: Shape, *, is_subagent: bool) -> list[dict[str, Any]]:
    """Return the attribution block; its last three digits depend on the prompt in the real one."""
    if not shape.dialect.billing or not shape.attributes:
        return []
    worker = " cc_is_subagent=true;" if is_subagent else ""
    return [_text(f"x-anthropic-billing-header: cc_version={shape.version}.000; cc_entrypoint=cli;{worker}")]


def _user_id(shape: Shape) -> str:
    """Return the id of the session in the client's form, with a device that is nobody's."""
    device = "0" * 64
    if not shape.dialect.session_header:
        return f"user_{device}_account__session_{shape.session}"
    return json.dumps({"device_id": device, "account_uuid": "", "session_id": shape.session}, separators=(",", ":"))


def _marked(shape: Shape, messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return messages with the marks of the prompt cache; system messages before the last message become text."""
    plain = [
        {**one, "content": one["content"][0]["text"]} if one["role"] == "system" and one is not messages[-1] else one
        for one in messages
    ]
    first = len(plain) - shape.dialect.marked
    return [_with_mark(one) if shape.caches and number >= first else dict(one) for number, one in enumerate(plain)]


def _with_mark(message: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(message["content"], str):
        return dict(message)
    *blocks, end = message["content"]
    return {**message, "content": [*blocks, {**end, "cache_control": _MARK}]}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
