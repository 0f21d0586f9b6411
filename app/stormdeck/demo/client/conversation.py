"""Build the simulated client's request bodies: system prompt, tools, and a growing conversation."""

from __future__ import annotations

import json
import random
import uuid
from typing import Any

from stormdeck.demo.client import CLIENT_VERSION
from stormdeck.demo.client.settings import ClientSettings

PROMPTS = (
    "Why does test_reconnect fail now and then?",
    "Split the parser out of server.py, please.",
    "Does anything still call read_config with a path?",
    "Add a timeout to the health check.",
    "Explain what the cache key is made of.",
    "Write a test for the empty file.",
)
TOOLS = ("Bash", "Read", "Edit", "Write", "Glob", "Grep", "Task", "WebFetch", "TodoWrite", "NotebookEdit", "Skill")
_RULE = (
    "Prefer the smallest change that does the job, read a file before you edit it, run the tests that cover "
    "what you touched, and say what you did in a few plain sentences. "
)
SYSTEM = "You are Claude Code, the command line assistant.\n" + "".join(
    f"{number}. {_RULE}" for number in range(1, 241)
)
"""About 12 000 tokens, like the real one."""


def _tool(name: str) -> dict[str, Any]:
    described = f"Use {name} when the task calls for it. " * 40
    schema = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
    return {"name": name, "description": described, "input_schema": schema}


TOOL_BLOCKS = [_tool(name) for name in TOOLS]


class Session:
    """One session: its id, and the messages so far."""

    def __init__(self, rng: random.Random) -> None:
        self._random = rng
        self.id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.turns = 0
        self._messages: list[dict[str, Any]] = []

    def ask(self) -> None:
        """Add a prompt of the user."""
        self.turns += 1
        self._messages.append({"role": "user", "content": f"{self._random.choice(PROMPTS)} ({self.turns})"})

    def answered(self, content: list[dict[str, Any]]) -> bool:
        """Add an answer, and the results of the tools that it calls; return whether it calls any."""
        self._messages.append({"role": "assistant", "content": content})
        calls = [block for block in content if block["type"] == "tool_use"]
        if calls:
            self._messages.append({"role": "user", "content": [self._result(call) for call in calls]})
        return bool(calls)

    def failed(self) -> None:
        """Drop the messages that were not answered: the user will ask again."""
        while self._messages and self._messages[-1]["role"] == "user":
            self._messages.pop()

    def main_body(self, settings: ClientSettings) -> dict[str, Any]:
        """Return the body of a main request."""
        return {
            "model": settings.main_model,
            "messages": self._messages,
            "system": self._system(settings),
            "tools": TOOL_BLOCKS,
            "metadata": {"user_id": json.dumps({"device_id": "demo", "account_uuid": "", "session_id": self.id})},
            "max_tokens": 32000,
            "thinking": {"type": "adaptive", "display": "omitted"},
            "stream": True,
        }

    def task_body(self, settings: ClientSettings, number: int) -> dict[str, Any]:
        """Return the body of a subagent's request."""
        task = {"role": "user", "content": f"Look through part {number} of the sources and report what you find."}
        return self.main_body(settings) | {"messages": [task]}

    def title_body(self, settings: ClientSettings) -> dict[str, Any]:
        """Return the body of a title request: small model, no tools."""
        return {
            "model": settings.small_model,
            "messages": [{"role": "user", "content": "Write a title of at most six words for this session."}],
            "max_tokens": 512,
            "stream": True,
        }

    def count_body(self, settings: ClientSettings) -> dict[str, Any]:
        """Return the body of a ``count_tokens`` request."""
        return {"model": settings.main_model, "messages": self._messages, "tools": TOOL_BLOCKS}

    def _system(self, settings: ClientSettings) -> list[dict[str, Any]]:
        """Return the system blocks. The first one differs by session, unless the attribution header is off."""
        blocks: list[dict[str, Any]] = [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]
        if settings.env.get("CLAUDE_CODE_ATTRIBUTION_HEADER") in {"0", "false"}:
            return blocks
        head = f"x-anthropic-billing-header: cc_version={CLIENT_VERSION}.{self.id[:3]}; cc_entrypoint=cli;"
        return [{"type": "text", "text": head}, *blocks]

    def _result(self, call: dict[str, Any]) -> dict[str, Any]:
        lines = "".join(
            f"src/module_{self._random.randint(1, 40)}.py:{self._random.randint(1, 400)}: ok\n" for _ in range(60)
        )
        return {"type": "tool_result", "tool_use_id": call["id"], "content": [{"type": "text", "text": lines}]}
