"""The demo as a whole: the script runs, settings matter, and nothing is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import httpx
import psutil
import pytest

from stormdeck.demo.scenario import SCRIPT, Fault
from stormdeck.demo.stack import DemoStack
from stormdeck.options import load
from waiting import until

SPEED = 20.0
MAIN = re.compile(r'"POST /v1/messages\?beta=true HTTP/1\.1" (\d{3})')


@pytest.fixture
def stack():
    stack = DemoStack(speed=SPEED)
    stack.start()
    yield stack
    stack.stop()


def alive(pid):
    """Return whether a process still runs; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def statuses(stack):
    """Return the statuses of the main requests so far, as the proxy's log shows them."""
    return " ".join(MAIN.findall(stack.logs[0].read_text()))


def edit(stack, **env):
    """Change the client's settings as the panel does."""
    file = stack.home / ".claude" / "settings.json"
    settings = json.loads(file.read_text())
    settings["env"] |= env
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(settings))
    fresh.replace(file)


def test_the_script_shows_each_kind_of_fault_with_calm_around_it():
    faults = [scene.fault for scene in SCRIPT if not scene.calm]
    assert faults == [Fault.ENGINE_DEAD, Fault.RENAMED, Fault.ENGINE_DEAD, Fault.SLOW]
    assert all(one.calm != other.calm for one, other in pairwise(SCRIPT))
    assert SCRIPT[0].calm
    assert SCRIPT[0].seconds <= 15


def test_the_storms_come_in_the_order_of_the_script(stack):
    recovered, cooldown, given_up = "(500 ){3,}200", "404 (429 ){2,}.*200", "(500 ){5,}"
    until(lambda: re.search(f"200 {recovered} .*{cooldown} .*{given_up}", statuses(stack)), "no third storm")
    assert (stack.logs[0].parent / "client.log").read_text() == ""


def test_the_client_takes_up_its_settings_before_the_next_turn(stack):
    until(lambda: "200" in statuses(stack))
    edit(stack, ANTHROPIC_DEFAULT_SONNET_MODEL="not-served")
    until(lambda: "passed in model=not-served" in stack.logs[0].read_text())
    edit(stack, ANTHROPIC_BASE_URL=stack.vllm_url)
    until(lambda: "The model `not-served` does not exist" in stack.logs[1].read_text())


def test_the_scratch_files_are_what_the_panel_will_read(stack):
    file = stack.home / ".claude" / "settings.json"
    env = json.loads(file.read_text())["env"]
    assert env["ANTHROPIC_BASE_URL"] == stack.proxy_url
    assert all(env[f"ANTHROPIC_DEFAULT_{tier}_MODEL"] for tier in ("OPUS", "SONNET", "HAIKU", "FABLE"))
    assert "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC" not in env
    assert (file.stat().st_mode & 0o777, stack.home.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert stack.project.is_dir()
    command = psutil.Process(stack.pids["litellm"]).cmdline()
    config = Path(command[command.index("--config") + 1])
    assert f"api_base: {stack.vllm_url}/v1" in config.read_text()
    assert command[command.index("--port") + 1] == stack.proxy_url.rpartition(":")[2]


def test_what_the_user_says_of_the_panel_holds_in_the_demo_too(stack):
    given = {"readonly": ["on"], "keys": ["app.quit=Q"], "theme": ["nord"], "density": ["compact"], "bell": ["on"]}
    options = load(given, {}, with_file=False).options
    shown = stack.options(options)
    assert [getattr(shown, name) for name in given] == [getattr(options, name) for name in given]
    assert shown.home == stack.home


def test_start_does_not_wait_and_the_port_refuses_until_the_server_is_up(stack):
    def answer():
        try:
            return httpx.get(f"{stack.proxy_url}/health/liveliness", trust_env=False).json()
        except httpx.TransportError:
            return None

    assert until(answer) == "I'm alive!"


def test_stop_leaves_no_process_and_no_file(stack):
    until(lambda: "200" in statuses(stack))
    pids, folder = list(stack.pids.values()), stack.home.parent
    stack.stop()
    assert [pid for pid in pids if alive(pid)] == []
    assert not folder.exists()
    stack.stop()


def test_two_demos_run_side_by_side(stack):
    other = DemoStack(speed=SPEED, seed=2)
    other.start()
    try:
        assert {stack.vllm_url, stack.proxy_url}.isdisjoint({other.vllm_url, other.proxy_url})
        until(lambda: "200" in statuses(stack) and "200" in statuses(other))
    finally:
        other.stop()
    assert all(map(alive, stack.pids.values()))


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM], ids=lambda kill: kill.name)
def test_nothing_is_left_when_the_panel_is_killed(kill):
    code = (
        "import json, time\n"
        "from stormdeck.demo.stack import DemoStack\n"
        "stack = DemoStack()\n"
        "stack.start()\n"
        "print(json.dumps([str(stack.home.parent), *stack.pids.values()]), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as panel:
        folder, *pids = json.loads(panel.stdout.readline())
        assert Path(folder).is_dir()
        os.kill(panel.pid, kill)
    until(lambda: not any(map(alive, pids)), "a process was left")
    until(lambda: not Path(folder).exists(), "the folder was left")


def test_before_start_there_is_no_folder():
    with pytest.raises(RuntimeError, match="not been started"):
        DemoStack().home  # noqa: B018
