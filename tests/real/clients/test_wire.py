"""Real clients through the recorder: it sees what the server sees, those retries included that no log shows."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from hashlib import sha256

import pytest
from asked import AUXILIARY, COUNT_TOKENS, MAIN, retries_of, turns_of
from claude_code import Home, client, converse, run
from recording_server import RecordingServer
from replies import Break, Call, Reset, Say, Slow, engine_dead
from scenario import Scenario
from scenarios import SCENARIOS
from test_clients import marks
from versions import CLAUDE_CODE

from stormdeck.model.wire.account import account
from stormdeck.model.wire.exchange import Outcome, from_line
from stormdeck.sources.transcripts.read import read_transcripts
from stormdeck.sources.wire.journal import remove_left_behind

NEWEST = CLAUDE_CODE[0]
AGENT = "x-claude-code-agent-id"
OWN_URL = {"nothing listens", "base URL with /v1", "base URL without a scheme", "variables at the root"}
"""Scenarios that lead elsewhere, or nowhere: the command says so and starts nothing, or another path is asked."""
ORDER = {"description": "look", "prompt": "Say ok.", "subagent_type": "general-purpose"}
DELEGATE = Call("Agent", ORDER)
DELEGATE_BEFORE = Call("Task", ORDER)
"""The tool's name in older clients."""
ON_THE_WIRE = (
    Scenario("slow", (Slow(),)),
    Scenario("slow, in a terminal", (Slow(),), terminal=True),
    Scenario("error in the middle of a stream, then an answer", (Break(), Say())),
    Scenario("error in the middle of each stream", (Break(),), {"CLAUDE_CODE_MAX_RETRIES": "2"}),
    Scenario("a subagent", (DELEGATE, Say()), since="2.1.329"),
    Scenario("a subagent that fails", (DELEGATE, engine_dead(), Reset(), Say()), since="2.1.329"),
    Scenario("a subagent of an older client", (DELEGATE_BEFORE, Say()), before="2.1.329"),
    Scenario(
        "a subagent of an older client that fails", (DELEGATE_BEFORE, engine_dead(), Reset(), Say()), before="2.1.329"
    ),
)
"""Played here only."""
PLAYED = [
    *(one for one in SCENARIOS if one.counted and one.name not in OWN_URL and one.finding != "FILE701"),
    *ON_THE_WIRE,
]
QUICK = {
    "a subagent that fails",
    "error in the middle of a stream, then an answer",
    "plain turn",
    "500 twice, then an answer",
    "reset twice, then an answer",
}


def through(program, record):
    """Return a program that starts another one through the recorder."""
    words = [sys.executable, "-m", "stormdeck", "run", "--record", str(record), "--", str(program)]
    script = record.with_suffix(".sh")
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    ("version", "scenario"),
    [
        pytest.param(
            version,
            one,
            id=f"{version}: {one.name}",
            marks=marks(version, quick=version == NEWEST and one.name in QUICK),
        )
        for version in CLAUDE_CODE
        for one in PLAYED
        if one.is_for(version)
    ],
)
def test_the_recorder_sees_what_the_server_sees(version, scenario, tmp_path):
    installed = client(version)
    record = tmp_path / "wire.jsonl"
    recorded = replace(installed, command=through(installed.command, record))
    with RecordingServer(tmp_path, scenario.steps, counts_tokens=scenario.counts_tokens) as server:
        home = Home(tmp_path / "home", scenario.settings_at(server.url))
        home.make(git=scenario.git)
        if scenario.terminal:
            printed = converse(recorded, home, server.url, scenario.prompt, home.has_ended)
        else:
            printed = run(recorded, home, server.url, scenario.prompt, *scenario.arguments)
        asked = [one for one in server.requests if one.kind in {MAIN, AUXILIARY, COUNT_TOKENS}]
    seen = account(filter(None, map(from_line, record.read_text().splitlines())))
    passed = [one for one in seen.exchanges if one.kind != "other"]

    assert printed.code is not None, printed.err
    # Sorted: requests that are sent side by side reach the two in either order.
    assert sorted(
        (one.body, one.kind.value, one.session, one.status or 0, one.outcome in {Outcome.ANSWERED, Outcome.STATUS})
        for one in passed
    ) == sorted((sha256(one.body).hexdigest(), one.kind, one.session, one.status or 0, one.whole) for one in asked)
    assert seen.retries == retries_of(asked)
    workers = {one.agent for one in passed if one.agent}
    assert workers == {one.headers[AGENT] for one in asked if AGENT in one.headers}
    assert workers <= {entry.agent for entry in read_transcripts(home.folder / ".claude" / "projects")}
    assert sorted(len(turn.attempts) for turn in seen.turns) == sorted(len(turn) for turn in turns_of(asked))
    folder = home.folder / ".local/state/stormdeck/wire"
    if scenario.terminal:
        # Here the recorder was killed with the client: the next one clears what it left.
        remove_left_behind(folder)
    assert not list(folder.iterdir())
    assert json.loads((home.folder / ".claude/settings.json").read_text())["env"]["ANTHROPIC_BASE_URL"] == server.url
