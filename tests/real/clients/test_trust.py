"""Which folders the client trusts, and that stormdeck counts the same ones."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from claude_code import Home, client, converse, settings_for
from recording_server import RecordingServer
from replies import Say
from versions import CLAUDE_CODE

from stormdeck.paths import user_paths
from stormdeck.sources.client.trust import read_trust

CASES = {
    "the folder": ("project", None, True),
    "a folder above it": (".", None, True),
    "a folder below it": ("project/below", None, False),
    "a neighbour": ("projec", None, False),
    "above its git repository": (".", "project", False),
    "its git repository, above it": (".", ".", True),
}
"""The trusted folder, where a git repository is, and whether the folder ``project`` counts as trusted."""
SILENT_S = 12.0
"""A client that asks sends nothing: how long that is watched."""


@pytest.mark.parametrize(
    "version", [pytest.param(CLAUDE_CODE[0], marks=pytest.mark.program("Claude Code", CLAUDE_CODE[0]))]
)
@pytest.mark.parametrize("case", CASES)
def test_the_same_folders_are_trusted(version, case, tmp_path):
    trusted, repository, counts = CASES[case]
    program = client(version)
    with RecordingServer(tmp_path, (Say("It rains."),)) as server:
        home = Home(tmp_path / "home", settings_for("http://127.0.0.1:1"))
        home.make()
        (home.project / ".claude").mkdir()
        own = {"env": {"ANTHROPIC_BASE_URL": server.url}}
        (home.project / ".claude" / "settings.json").write_text(json.dumps(own))
        if repository is not None:
            subprocess.run(["git", "init", "-q", str(home.folder / repository)], check=True)
        folder = (home.folder / trusted).resolve()
        seconds = 90.0 if counts else SILENT_S
        printed = converse(
            program, home, "http://127.0.0.1:1", "Hello", lambda: bool(server.requests), seconds, trusted=folder
        )
        asked = re.search(r"trust\s*this\s*folder", printed.out) is not None
        assert (bool(server.requests), asked) == (counts, not counts)
    found = read_trust(user_paths({}, home.folder, home.project))
    assert found.by_client is counts
