"""``stormdeck replay`` as it is typed: what it takes, and how a wrong file is refused."""

import json
import sys
import types

import pytest

from command_home import Terminal
from stormdeck.__main__ import main
from stormdeck.commands.cli import parse


@pytest.fixture
def replay(monkeypatch, tmp_path):
    """Run the command at a terminal, without the panel; returns the exit code, stderr and what was to be played."""
    played = []
    run_replay = lambda options, tape, speed: played.append((tape.name, speed)) or 0  # noqa: E731
    module = types.SimpleNamespace(run_replay=run_replay)
    monkeypatch.setitem(sys.modules, "stormdeck.ui.run", module)

    def run(*argv):
        with monkeypatch.context() as patch:
            for name in ("stdin", "stdout", "stderr"):
                patch.setattr(sys, name, Terminal())
            return main(["replay", "--home", str(tmp_path), *argv]), sys.stderr.getvalue(), played

    return run


def write(tmp_path, *texts):
    path = tmp_path / "today.jsonl"
    path.write_text("\n".join(texts))
    return str(path)


def test_a_recording_is_played(replay, tmp_path):
    file = write(tmp_path, json.dumps({"t": 1, "line": "x"}))
    assert replay(file, "--speed", "10") == (0, "", [("today.jsonl", 10.0)])


def test_real_speed_unless_asked():
    assert parse(["replay", "x"]).arguments.speed == 1.0


def test_damage_is_reported_and_the_rest_is_played(replay, tmp_path):
    file = write(tmp_path, json.dumps({"t": 1, "line": "x"}), '{"t": 2, "li')
    code, err, played = replay(file)
    assert (code, len(played)) == (0, 1)
    assert err == "stormdeck: today.jsonl: line 2, the last one, is cut off and skipped.\n"


@pytest.mark.parametrize("texts", [(), ("INFO:     started",)], ids=["empty", "a plain log"])
def test_what_is_no_recording_is_refused(replay, tmp_path, texts):
    code, err, played = replay(write(tmp_path, *texts))
    assert (code, played) == (2, [])
    assert "today.jsonl is " in err


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "20000"])
def test_a_speed_is_a_number_within_bounds(speed):
    [problem] = parse(["replay", "x", f"--speed={speed}"]).problems
    assert "from 0.1 to 10000" in str(problem)
