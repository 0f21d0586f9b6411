"""``stormdeck tap``: the recorder by itself, with one key to set its address and one to take it back."""

import json
import os
import signal
import subprocess
import sys

import httpx
import psutil
import pytest

from http_thread import messages_server
from waiting import until

BODY = b'{"model":"qwen","tools":[{"name":"Task"}],"messages":[]}'


@pytest.fixture
def url():
    with messages_server(200) as listening:
        yield listening.url


class Tap:
    """A tap with its standard input on a terminal, or without one."""

    def __init__(self, folder, *options, terminal=False):
        ours, its = os.openpty() if terminal else (None, subprocess.DEVNULL)
        self.keyboard = ours
        command = [sys.executable, "-m", "stormdeck", "tap", "--listen", "127.0.0.1:0", *options]
        self.child = subprocess.Popen(
            command,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
            cwd=folder,
            stdin=its,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if terminal:
            os.close(its)
        self.introduction = self.child.stderr.readline() + self.child.stderr.readline()
        self.base = self.introduction.split()[0]

    def press(self, key):
        os.write(self.keyboard, key)

    def end(self, number=signal.SIGINT):
        self.child.send_signal(number)
        out, err = self.child.communicate(timeout=60)
        if self.keyboard is not None:
            os.close(self.keyboard)
        return self.child.returncode, out, err


@pytest.fixture
def home(tmp_path, url):
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": url}}, indent=2))
    return tmp_path


def base_of(home):
    return json.loads((home / ".claude" / "settings.json").read_text())["env"]["ANTHROPIC_BASE_URL"]


def ask(tap):
    httpx.post(f"{tap.base}/v1/messages", content=BODY, trust_env=False)


def test_each_request_that_ends_is_a_line(home):
    tap = Tap(home)
    ask(tap)
    line = tap.child.stdout.readline()
    assert [part for part in line.split("  ")[1:] if " s" not in part] == ["-", "main", "attempt 1", "qwen", "200"]
    code, _, err = tap.end()
    assert code == 0
    assert "1 request, 1 turn, no retries." in err
    assert f"stormdeck set ANTHROPIC_BASE_URL {tap.base}" in tap.introduction


def test_json_is_a_line_of_json(home):
    tap = Tap(home, "--json")
    ask(tap)
    assert json.loads(tap.child.stdout.readline())["outcome"] == "answered"
    assert tap.end(signal.SIGTERM)[0] == 0
    assert not list((home / ".local/state/stormdeck/wire").iterdir())


def test_one_key_sets_the_address_and_another_takes_it_back(home, url):
    before = (home / ".claude" / "settings.json").read_bytes()
    tap = Tap(home, terminal=True)
    tap.press(b"s")
    until(lambda: base_of(home) == tap.base)
    tap.press(b"u")
    until(lambda: base_of(home) == url)
    assert (home / ".claude" / "settings.json").read_bytes() == before
    tap.press(b"s")
    until(lambda: base_of(home) == tap.base)
    assert tap.end(signal.SIGTERM)[0] == 0
    assert (home / ".claude" / "settings.json").read_bytes() == before


def test_a_tap_that_is_killed_leaves_no_setting(home):
    before = (home / ".claude" / "settings.json").read_bytes()
    tap = Tap(home, terminal=True)
    tap.press(b"s")
    until(lambda: base_of(home) == tap.base)
    assert tap.end(signal.SIGKILL)[0] == -signal.SIGKILL
    until(lambda: (home / ".claude" / "settings.json").read_bytes() == before)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_address_that_the_user_has_changed_meanwhile_stays(home, number):
    tap = Tap(home, terminal=True)
    tap.press(b"s")
    until(lambda: base_of(home) == tap.base)
    guard = until(lambda: psutil.Process(tap.child.pid).children())[0]
    own = json.dumps({"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}})
    (home / ".claude" / "settings.json").write_text(own)
    tap.end(number)
    psutil.wait_procs([guard])
    assert (home / ".claude" / "settings.json").read_text() == own


def test_nothing_guards_once_the_address_was_taken_back(home, url):
    tap = Tap(home, terminal=True)
    tap.press(b"s")
    until(lambda: base_of(home) == tap.base)
    guard = until(lambda: psutil.Process(tap.child.pid).children())[0]
    tap.press(b"u")
    until(lambda: base_of(home) == url)
    psutil.wait_procs([guard])
    tap.end()


def test_it_does_not_lead_to_itself(home):
    (home / ".claude" / "settings.json").write_text('{"env": {"ANTHROPIC_BASE_URL": "http://localhost:8484"}}')
    command = [sys.executable, "-m", "stormdeck", "tap"]
    done = subprocess.run(
        command,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "lead to this address already" in done.stderr
