"""``--host`` with a second machine in namespaces of its own and the real sshd: what is seen here, and what is left."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_S = 900.0
PROGRAMS = ("unshare", "ip", "ssh", "ssh-keygen", "pkill")


def why_not():
    """Return why it cannot run here, an empty text where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if shutil.which("sshd", path="/usr/sbin:/usr/bin") is None:
        missing.append("sshd")
    return f"not installed: {', '.join(missing)}" if missing else ""


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Return what was seen, step by step."""
    if reason := why_not():
        pytest.skip(reason)
    out = tmp_path_factory.mktemp("host") / "seen.json"
    script = Path(__file__).with_name("two_machines.py")
    start = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable]
    done = subprocess.run([*start, str(script), str(out)], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if not out.exists():
        pytest.skip(f"no second machine can be made here: {done.stderr.strip()[-300:]}")
    return json.loads(out.read_text())


def test_it_was_played_to_its_end(steps):
    assert "failed" not in steps, steps


def test_status_finds_both_servers_and_says_which_machine(steps):
    urls = [hop["url"] for hop in steps["status"]["hops"]]
    assert (steps["status"]["code"], urls[1:3]) == (0, ["http://gpu-box:4000", "http://gpu-box:8000"])
    assert steps["status"]["errors"] == ""


def test_a_machine_that_cannot_be_reached_has_the_command_to_type(steps):
    for name, words in (("stranger", "try `ssh stranger`"), ("nowhere", "Could not resolve")):
        (statement,) = (one for one in steps[name]["statements"] if "cannot be seen" in one["text"])
        assert words in statement["evidence"]
        assert statement["next"].startswith("ssh ")


def test_both_logs_are_followed_and_the_storm_is_counted_as_sent(steps):
    assert [log.rpartition("/")[2] for log in steps["logs"]] == ["litellm.log", "vllm.log"]
    assert [storm[0] for storm in steps["storm"]["storms"]] == [5]


def test_the_gpus_there_are_seen(steps):
    assert steps["gpus"] == [["gpu-box", 2]]


def test_a_lost_connection_is_no_server_that_is_down_and_comes_back_by_itself(steps):
    assert steps["lost"]["headline"] == "gpu-box cannot be seen"
    assert "Connection refused" in steps["lost"]["machines"][0]["problem"]
    assert (steps["back"]["retries"], len(steps["back"]["storms"])) == (7, 2)


def test_a_server_that_ends_there_is_down_here(steps):
    assert steps["vLLM ended"]["headline"] == "vLLM gpu-box:8000 is down"
    assert "down" not in steps["vLLM again"]["headline"]


def test_nothing_is_left_on_either_side(steps):
    assert (steps["left there"], steps["left here"]) == ([], [])
