"""The canary's requests have the shape of the real client's: headers, betas, keys, tools, thinking and cache marks.

A new version of Claude Code shows here what changed: ``model/canary/dialects.py`` is where it is written down.
"""

from __future__ import annotations

import asyncio
import json
from itertools import groupby

import pytest
from asked import COUNT_TOKENS, MAIN
from claude_code import Home, client, converse, run, settings_for
from recording_server import RecordingServer
from replies import SERVED, Call, Say
from versions import CLAUDE_CODE

from canary_samples import plan
from stormdeck.model.canary.check import Question
from stormdeck.model.canary.dialects import dialect_of
from stormdeck.model.rules.known_names import NEWEST_LISTED
from stormdeck.model.versions import version_key
from stormdeck.sources.canary import Canary

TRANSPORT = {"accept-encoding", "connection", "content-length", "host"}
"""Of the HTTP library: the canary takes nothing compressed, so that it can bound what it reads."""
TOOLS = "Read,Agent,Task,ToolSearch,WebFetch"
ALL = sorted({*CLAUDE_CODE, NEWEST_LISTED}, key=version_key)
LOADING = [version for version in ALL if dialect_of(version).searches_tools]


def marked(versions):
    return [
        pytest.param(version, marks=pytest.mark.program("Claude Code", version), id=version) for version in versions
    ]


def shape(asked):
    """Return what two requests of the same kind must share."""
    body = asked.fields
    user = (body.get("metadata") or {}).get("user_id", "")
    return {
        "headers": sorted(set(asked.headers) - TRANSPORT),
        "betas": asked.headers.get("anthropic-beta", "").split(","),
        "keys": sorted(body),
        "thinking": body.get("thinking"),
        "output_config": body.get("output_config"),
        "context_management": body.get("context_management"),
        "temperature": body.get("temperature"),
        "tools": {tool["name"]: sorted(tool) for tool in body.get("tools") or ()},
        "system": [_marks(block) for block in body.get("system") or ()],
        "billing": [str(block.get("text")).partition(" ")[0] for block in (body.get("system") or ())[:1]],
        "messages": [_message(message) for message in body["messages"]],
        "user": sorted(json.loads(user)) if user.startswith("{") else user.partition("_")[0],
        "safeguards": [one["type"] for one in body.get("safeguards") or ()],
    }


def _message(message):
    content = message["content"]
    if isinstance(content, str):
        return message["role"], "text"
    kinds = [kind for kind, _ in groupby(block["type"] for block in content)]
    return message["role"], *kinds, _marks(content[-1]), *_results(content[-1])


def _results(block):
    inside = block.get("content") if block["type"] == "tool_result" else None
    return [one["type"] for one in inside] if isinstance(inside, list) else []


def _marks(block):
    return "marked" if "cache_control" in block else "plain"


def played(version, folder, steps, *arguments, root=None):
    """Return the requests for messages of the real client, and those of the canary by question."""
    program = client(version)
    with RecordingServer(folder, steps) as server:
        home = Home(folder / "home", settings_for(server.url) | (root or {}))
        home.make()
        if root is None:
            run(program, home, server.url, "Say ok.", "--allowedTools", TOOLS, *arguments)
        else:
            converse(program, home, server.url, "Say ok.", home.has_ended)
        real = [asked for asked in server.requests if asked.kind in {MAIN, COUNT_TOKENS}]
        first = len(server.requests)
        planned = plan(server.url, version=version, root=root, **_env(server.url))
        asyncio.run(Canary().run(planned))
        sent = server.requests[first:]
        (target,) = planned.targets
        by_question = {
            ask.question: next(asked for asked in sent if asked.fields == ask.body) for ask in target.requests
        }
    return real, by_question


def _env(url):
    return settings_for(url)["env"]


@pytest.mark.parametrize("version", marked(ALL))
def test_a_turn_and_the_result_of_a_tool(version, tmp_path):
    real, canary = played(version, tmp_path, [Call("Read", {"file_path": "notes.txt"}), Say("ok")])
    assert shape(canary[Question.TURN]) == shape(real[0])
    assert shape(_without_thought(canary[Question.TOOL_RESULT])) == shape(real[1])


@pytest.mark.parametrize("version", marked(LOADING))
def test_a_tool_that_is_loaded_later(version, tmp_path):
    real, canary = played(version, tmp_path, [Call("ToolSearch", {"query": "select:WebFetch"}), Say("ok")])
    assert shape(_without_thought(canary[Question.TOOL_CHANGE])) == shape(real[1])


@pytest.mark.parametrize("version", marked(LOADING))
def test_a_subagent(version, tmp_path):
    call = Call("Agent", {"description": "look", "prompt": "Say ok.", "subagent_type": "general-purpose"})
    real, canary = played(version, tmp_path, [call, Say("ok")])
    worker = next(asked for asked in real if "x-claude-code-agent-id" in asked.headers)
    assert shape(canary[Question.SUBAGENTS]) == shape(worker)


@pytest.mark.parametrize("version", marked(LOADING))
def test_plan_mode_in_a_terminal(version, tmp_path):
    real, canary = played(version, tmp_path, [Say("ok")], root={"permissions": {"defaultMode": "plan"}})
    assert shape(canary[Question.PLAN_MODE]) == shape(real[0])


def _without_thought(asked):
    """Leave out the thinking that the canary's history has: the recording server never thinks."""
    for message in asked.fields["messages"]:
        if isinstance(message["content"], list):
            message["content"] = [block for block in message["content"] if block["type"] != "thinking"]
    return asked


def test_the_served_model_is_the_canarys():
    """The two sides must ask for the same id, or nothing above compares."""
    assert plan("http://127.0.0.1:1").shape.model == SERVED
