"""What each measured version of Claude Code puts into its requests: betas, tools and system messages.

Recorded on the wire from 2.1.42, 2.1.112, 2.1.329 and 2.1.332 (the last two send the same), 1.0.128 and 2.0.76 from
docs/facts/claude-code.md. ``tests/real/clients/test_canary_shape.py`` compares them with the real client.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stormdeck.model.versions import version_key

MILLION = "context-1m-2025-08-07"
TOOL_CHANGES = "mid-conversation-tool-changes-2026-07-01"
ADVANCED_TOOLS = "advanced-tool-use-2025-11-20"
EFFORT = "effort-2025-11-24"
_CODE = "claude-code-20250219"
_INTERLEAVED = "interleaved-thinking-2025-05-14"
_CONTEXT = "context-management-2025-06-27"
_THINKING_COUNT = "thinking-token-count-2026-05-13"
_CACHING = "prompt-caching-scope-2026-01-05"
_COUNTING = "token-counting-2024-11-01"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The requests of one version and of the later ones, up to the next dialect."""

    since: str
    betas: tuple[str, ...]
    """``anthropic-beta`` of a turn."""
    stable: tuple[str, ...]
    """The same with ``CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS``."""
    counting: tuple[str, ...] = ()
    """The same of ``count_tokens``; empty: as a turn's."""
    guarded: tuple[str, ...] = ()
    """Betas that plan mode and auto mode of a terminal add."""
    tools: tuple[str, ...] = ()
    """The tools of a turn of ``claude -p``."""
    subagent_tools: tuple[str, ...] = ()
    agent: str = "Agent"
    """The tool that starts a subagent."""
    thinking: str = ""
    """The kind of thinking that it requests for a model that it does not know; empty: none."""
    has_effort: bool = False
    edits_context: bool = False
    late_system: bool = False
    """Whether it sends system messages between the others."""
    searches_tools: bool = False
    """Whether it loads some tools only when they are needed, by ToolSearch and ``tool_reference``."""
    billing: bool = False
    """Whether the first system block is the attribution."""
    session_header: bool = False
    temperature: bool = False
    marked: int = 1
    """How many of the last messages are marked for the prompt cache."""


_OLD_TOOLS = (
    *("Task", "TaskOutput", "Bash", "Glob", "Grep", "ExitPlanMode", "Read", "Edit", "Write", "NotebookEdit"),
    *("WebFetch", "TodoWrite", "WebSearch", "TaskStop", "AskUserQuestion", "Skill", "EnterPlanMode"),
)
_MIDDLE_TOOLS = (
    *("Agent", "AskUserQuestion", "Bash", "CronCreate", "CronDelete", "CronList", "Edit", "EnterPlanMode"),
    *("EnterWorktree", "ExitPlanMode", "ExitWorktree", "Glob", "Grep", "NotebookEdit", "Read", "ScheduleWakeup"),
    *("Skill", "TaskOutput", "TaskStop", "TodoWrite", "WebFetch", "WebSearch", "Write"),
)
_NEW_TOOLS = (
    *("Agent", "Bash", "Edit", "ListAgents", "Read", "ReportFindings", "ScheduleWakeup", "Skill", "ToolSearch"),
    *("Workflow", "DeferredToolPlaceholder", "Write"),
)
_PLAIN_TOOLS = ("Bash", "Edit", "Glob", "Grep", "Read", "Skill", "TodoWrite", "Write")
"""Of a subagent; recorded only from 2.1.332, which has others."""
_NEW = Dialect(
    since="2.1.113",
    betas=(*(_CODE, MILLION, _INTERLEAVED, _CONTEXT, TOOL_CHANGES, _THINKING_COUNT, ADVANCED_TOOLS, EFFORT),),
    stable=(_CODE, MILLION, _INTERLEAVED, EFFORT),
    counting=(_CODE, _INTERLEAVED, _CONTEXT, _COUNTING),
    guarded=("dangerous-tool-use-2026-09-03", "thinking-display-updates-2026-08-18", "afk-mode-2026-01-31"),
    tools=_NEW_TOOLS,
    subagent_tools=(*("Agent", "Bash", "Edit", "Read", "Skill", "ToolSearch", "DeferredToolPlaceholder", "Write"),),
    thinking="adaptive",
    has_effort=True,
    edits_context=True,
    late_system=True,
    searches_tools=True,
    billing=True,
    session_header=True,
)
_MIDDLE = Dialect(
    since="2.1.86",
    betas=(_CODE, _INTERLEAVED, _CONTEXT, _CACHING, EFFORT),
    stable=(_CODE, _INTERLEAVED, EFFORT),
    tools=_MIDDLE_TOOLS,
    subagent_tools=_PLAIN_TOOLS,
    thinking="adaptive",
    has_effort=True,
    edits_context=True,
    billing=True,
    session_header=True,
)
_OLD = Dialect(
    since="2.1.40",
    betas=(_CODE, _INTERLEAVED, _CACHING),
    stable=(_CODE, _INTERLEAVED),
    tools=_OLD_TOOLS,
    subagent_tools=_PLAIN_TOOLS,
    agent="Task",
    billing=True,
    temperature=True,
    marked=2,
)
_OLDER = replace(_OLD, since="2.0", betas=(_CODE, _INTERLEAVED), billing=False)
DIALECTS = (
    _NEW,
    _MIDDLE,
    replace(_MIDDLE, since="2.1.43", session_header=False),
    _OLD,
    _OLDER,
    replace(_OLDER, since="0", betas=(_CODE, _INTERLEAVED, "fine-grained-tool-streaming-2025-05-14")),
)
"""The newest first; a version between two measured ones counts as the later."""


def dialect_of(version: str) -> Dialect:
    """Return what a version sends."""
    return next((one for one in DIALECTS if version_key(version) >= version_key(one.since)), DIALECTS[-1])
