"""A working day beside the panel: after each step it must say what the servers' ledgers say."""

import json
import subprocess
import sys
from pathlib import Path

import day_stack
import programs
import pytest
from claude_code import client
from versions import CLAUDE_CODE, LITELLM

CLIENT, PROXY = CLAUDE_CODE[0], LITELLM[0]
TABLE = Path(__file__).with_name("TABLE.md")
HEAD = f"""# A working day beside the panel

Written by `make test-day`: Claude Code {CLIENT} in tmux, LiteLLM {PROXY}, a stand-in for vLLM that fails on demand,
and the panel in a pane of its own, without a flag. Truth is what the ledgers of both servers hold.

| step | truth | agrees |
| --- | --- | --- |
"""
PATIENCE_S = 2400
pytestmark = [
    pytest.mark.day,
    pytest.mark.program("the working day", f"{CLIENT}, {PROXY}"),
    pytest.mark.skipif(bool(day_stack.can_play()), reason=day_stack.can_play() or "-"),
]


@pytest.fixture(scope="module")
def rows(tmp_path_factory, pytestconfig):
    """Return the steps of one day, each with what is true and what the panel said."""
    folder = tmp_path_factory.mktemp("day")
    script = [sys.executable, str(Path(__file__).with_name("day.py")), str(folder)]
    litellm = programs.litellm(PROXY)
    client(CLIENT)
    inside = ["sh", "-c", 'ip link set lo up; exec "$@"', "day", *script, CLIENT, str(litellm)]
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", *inside]
    with (folder / "day.log").open("w") as log:
        done = subprocess.run(command, stdout=log, stderr=log, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, (folder / "day.log").read_text()[-3000:]
    found = json.loads((folder / "day.json").read_text())
    if pytestconfig.getoption("--results"):
        lines = (f"| {row['step']} | {row['truth']} | {'yes' if row['agrees'] else '**no**'} |\n" for row in found)
        TABLE.write_text(HEAD + "".join(lines))
    return found


def test_the_panel_says_what_is_true_after_each_step(rows, record_property):
    wrong = [f"{row['step']}\n  true: {row['truth']}\n  said: {row['panel']}" for row in rows if not row["agrees"]]
    record_property("note", f"{len(rows) - len(wrong)} of {len(rows)} statements agree with the ledgers")
    assert not wrong, "\n".join(wrong)
