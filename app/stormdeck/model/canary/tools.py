"""The tools of Claude Code in short: real names and required arguments, descriptions of a few words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DEFERRED = "DeferredToolPlaceholder"
"""Keeps the loading of tools on; the client never takes it out (measured, 2.1.332)."""
LOADED = "WebFetch"
"""The tool that the canary loads in the middle of a conversation."""
_TEXT = {"type": "string"}
_SHORT = {"type": "string", "maxLength": 40}
_LIST = {"type": "array", "items": {"type": "object"}}
_TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "Agent": ("Start a sub-agent", {"description": _TEXT, "prompt": _TEXT}),
    "AskUserQuestion": ("Ask the user", {"questions": _LIST}),
    "Bash": ("Run a command in the shell", {"command": _SHORT}),
    "CronCreate": ("Plan a prompt", {"cron": _TEXT, "prompt": _TEXT}),
    "CronDelete": ("Remove a planned prompt", {"id": _TEXT}),
    "Edit": ("Change a file", {"file_path": _TEXT, "old_string": _TEXT, "new_string": _TEXT}),
    "ExitWorktree": ("Leave a worktree", {"action": _TEXT}),
    "Glob": ("Find files by name", {"pattern": _TEXT}),
    "Grep": ("Find text in files", {"pattern": _TEXT}),
    "NotebookEdit": ("Change a notebook", {"notebook_path": _TEXT, "new_source": _TEXT}),
    "Read": ("Read a file", {"file_path": _TEXT}),
    "ReportFindings": ("Report findings", {"findings": _LIST}),
    "Skill": ("Use a skill", {"skill": _TEXT}),
    "Task": ("Start a sub-agent", {"description": _TEXT, "prompt": _TEXT, "subagent_type": _TEXT}),
    "TodoWrite": ("Write a list of tasks", {"todos": _LIST}),
    "ToolSearch": ("Load other tools", {"query": _TEXT}),
    "WebFetch": ("Read a web page", {"url": _TEXT, "prompt": _TEXT}),
    "WebSearch": ("Search the web", {"query": _TEXT}),
    "Write": ("Write a file", {"file_path": _TEXT, "content": _TEXT}),
    DEFERRED: ("Never call this tool", {}),
}


def tool(name: str) -> dict[str, Any]:
    """Return a tool as the client offers it; one without required arguments may be missing in the table."""
    description, properties = _TOOLS.get(name, (f"Claude Code's {name}", {}))
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if properties:
        schema["required"] = list(properties)
    offered = {"name": name, "description": description, "input_schema": schema}
    return {**offered, "defer_loading": True} if name == DEFERRED else offered


def tools(names: Iterable[str]) -> list[dict[str, Any]]:
    """Return several tools, each new: an answer's reader may not change a shared one."""
    return [tool(name) for name in names]


def deferred(name: str) -> dict[str, Any]:
    """Return a tool as it is offered after ToolSearch has loaded it (measured, 2.1.332)."""
    return {**tool(name), "defer_loading": True}
