"""``stormdeck run``: a client with the recorder between it and its server, and nothing left afterwards."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from http_thread import messages_server
from waiting import until

CLIENT = """
import json, os, signal, sys, urllib.request
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that runs the tests in the background has it ignored
words = sys.argv[1:]
given = words[words.index("--settings") + 1]
settings = json.loads(given if given.startswith("{") else open(given).read())
report = {"words": words, "settings": settings, "variable": os.environ["ANTHROPIC_BASE_URL"], "mode": None}
if not given.startswith("{"):
    report["mode"] = oct(os.stat(given).st_mode & 0o777)
asked = [{"role": "user", "content": "hi"}]
body = json.dumps({"model": "m", "max_tokens": 9, "tools": [{"name": "Task"}], "messages": asked})
for _ in range(int(os.environ.get("TIMES", "1"))):
    url = settings["env"]["ANTHROPIC_BASE_URL"] + "/v1/messages"
    request = urllib.request.Request(url, body.encode(), {"authorization": "Bearer t"})
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError:
        pass
print(json.dumps(report))
if "wait" in words:
    sys.stdout.flush()
    import time
    time.sleep(600)
sys.exit(7)
"""


@pytest.fixture
def server():
    with messages_server(500, 500, 200) as listening:
        yield listening


class Scratch:
    """A home, a project, and a client that is a script."""

    def __init__(self, folder, server):
        self.folder, self.project = folder, folder / "project"
        self.url = server.url
        self.project.mkdir()
        (folder / ".claude").mkdir()
        self.settings = folder / ".claude" / "settings.json"
        self.set({"ANTHROPIC_BASE_URL": f"{self.url}/vllm", "ANTHROPIC_AUTH_TOKEN": "t"})
        self.client = folder / "claude"
        self.client.write_text(f"#!{sys.executable}\n{CLIENT}")
        self.client.chmod(0o755)
        self.wire = folder / ".local" / "state" / "stormdeck" / "wire"

    def set(self, env):
        self.settings.write_text(json.dumps({"env": env}))

    def start(self, *words, options=(), own_session=False, **variables):
        command = [sys.executable, "-m", "stormdeck", "run", *options, "--", str(self.client), *words]
        environ = {"HOME": str(self.folder), "PATH": os.environ["PATH"], **variables}
        return subprocess.Popen(
            command,
            cwd=self.project,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=own_session,
        )

    def run(self, *words, **more):
        child = self.start(*words, **more)
        out, err = child.communicate(timeout=60)
        return child.returncode, out, err


@pytest.fixture
def home(tmp_path, server):
    return Scratch(tmp_path, server)


def test_the_client_gets_the_address_and_nothing_is_left(home, server):
    before = home.settings.read_bytes()
    code, out, err = home.run("-p", "hi")
    printed = json.loads(out)
    base = printed["settings"]["env"]["ANTHROPIC_BASE_URL"]
    assert (code, err) == (7, "")
    assert base == printed["variable"] != home.url
    assert base.endswith("/vllm")
    assert printed["words"][0] == "--settings"
    assert printed["words"][2:] == ["-p", "hi"]
    assert server.got == [("/vllm/v1/messages", "Bearer t")]
    assert home.settings.read_bytes() == before
    assert list(home.wire.iterdir()) == []


def test_what_passes_is_recorded_to_a_file(home):
    code, _, _ = home.run(options=["--record", str(home.folder / "kept.jsonl")], TIMES="3")
    lines = [json.loads(line) for line in (home.folder / "kept.jsonl").read_text().splitlines()]
    assert code == 7
    assert [(line["status"], line["outcome"], line.get("attempt", 1)) for line in lines] == [
        (500, "status", 1),
        (500, "status", 2),
        (200, "answered", 3),
    ]
    assert "hi" not in {value for line in lines for value in line.values()}


def test_a_file_is_not_written_over(home):
    (home.folder / "kept.jsonl").write_text("mine")
    code, _, err = home.run(options=["--record", str(home.folder / "kept.jsonl")])
    assert code == 2
    assert "kept.jsonl" in err
    assert (home.folder / "kept.jsonl").read_text() == "mine"


def test_own_settings_are_merged_in_place(home):
    own = json.dumps({"model": "opus", "env": {"A": "1", "ANTHROPIC_BASE_URL": home.url}})
    _, out, _ = home.run("--settings", own, "-p", "hi")
    printed = json.loads(out)
    assert printed["settings"]["model"] == "opus"
    assert printed["settings"]["env"]["A"] == "1"
    assert printed["words"].count("--settings") == 1
    assert not printed["settings"]["env"]["ANTHROPIC_BASE_URL"].endswith("/vllm")


def test_own_settings_in_a_file_stay_out_of_the_list_of_processes(home):
    file = home.folder / "own.json"
    file.write_text(json.dumps({"env": {"ANTHROPIC_AUTH_TOKEN": "PLANTED"}}))
    _, out, _ = home.run("-p", "hi", "--settings", str(file))
    printed = json.loads(out)
    assert printed["settings"]["env"]["ANTHROPIC_AUTH_TOKEN"] == "PLANTED"
    assert "PLANTED" not in " ".join(printed["words"])
    assert printed["mode"] == "0o600"
    assert list(home.wire.iterdir()) == []


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "no ANTHROPIC_BASE_URL is set"),
        ({"ANTHROPIC_BASE_URL": "https://api.anthropic.com"}, "hosted API"),
        ({"ANTHROPIC_BASE_URL": "http://:8000"}, "host is missing"),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "CLAUDE_CODE_USE_BEDROCK": "1"}, "CLAUDE_CODE_USE_BEDROCK is on"),
    ],
)
def test_without_a_server_of_ones_own_nothing_starts(home, env, words):
    home.set(env)
    code, out, err = home.run("-p", "hi")
    assert (code, out) == (2, "")
    assert words in err
    assert not home.wire.exists() or not list(home.wire.iterdir())


def test_the_server_of_an_untrusted_folder_gets_no_token(home, server):
    home.set({"ANTHROPIC_AUTH_TOKEN": "t"})
    (home.project / ".claude").mkdir()
    (home.project / ".claude" / "settings.json").write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": home.url}}))
    code, _, err = home.run("-p", "hi")
    assert (code, server.got) == (2, [])
    assert "only this folder's settings lead to" in err
    assert home.run("-p", "hi", options=["--to", home.url])[0] == 7


def test_a_path_is_no_server(home, server):
    code, _, err = home.run("-p", "hi", options=["--to", "/dev/zero"])
    assert (code, server.got) == (2, [])
    assert "/dev/zero is not a URL" in err


@pytest.mark.parametrize("slashes", ["", "/", "///"])
def test_a_base_url_with_other_slashes_leads_to_the_server_as_for_the_client(home, server, slashes):
    home.set({"ANTHROPIC_BASE_URL": home.url.replace("//", slashes, 1)})
    assert home.run("-p", "hi")[0] == 7
    assert len(server.got) == 1


def test_managed_settings_outrank_what_can_be_handed_over(home):
    managed = home.folder / "etc" / "claude-code"
    managed.mkdir(parents=True)
    (managed / "managed-settings.json").write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": home.url}}))
    code, _, err = home.run(options=["--home", str(home.folder)])
    assert code == 2
    assert "managed settings" in err


def test_a_program_that_does_not_exist_is_said(home):
    home.client.unlink()
    code, _, err = home.run()
    assert code == 127
    assert "is not found" in err


def test_a_proxy_of_the_shell_is_not_asked_for_the_recorder(home, server):
    code, out, _ = home.run(HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", NO_PROXY="example.org")
    assert code == 7
    assert json.loads(out)["settings"]["env"]["NO_PROXY"] == "example.org,127.0.0.1"
    assert len(server.got) == 1


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def child_of(pid):
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_the_client_ends_with_the_recorder_however_it_ends(home, number):
    child = home.start("wait")
    assert child.stdout.readline()
    client = child_of(child.pid)
    if number is signal.SIGINT:  # of a terminal: it goes to both
        os.kill(client, number)
    os.kill(child.pid, number)
    child.communicate(timeout=60)
    until(lambda: not is_running(client))
    assert child.returncode == (-9 if number is signal.SIGKILL else 128 + number)
    home.run()
    assert list(home.wire.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_client_that_stops_itself_stops_the_command_and_both_go_on(home):
    child = home.start("wait")
    assert child.stdout.readline()
    client = child_of(child.pid)
    state = lambda pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]  # noqa: E731
    os.kill(client, signal.SIGSTOP)
    until(lambda: state(child.pid) == "T")
    os.kill(child.pid, signal.SIGCONT)
    until(lambda: state(client) == "S")
    child.terminate()
    child.communicate(timeout=60)
    assert child.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_an_interrupt_that_no_terminal_sent_reaches_the_client(home, number):
    """A supervisor or an IDE sends it to the command alone."""
    child = home.start("wait", own_session=True)
    assert child.stdout.readline()
    os.kill(child.pid, number)
    child.communicate(timeout=60)
    assert child.returncode == 128 + number
    assert list(home.wire.iterdir()) == []


def test_the_query_of_a_base_url_is_handed_over(home):
    home.set({"ANTHROPIC_BASE_URL": f"{home.url}/gate/?team=a", "ANTHROPIC_AUTH_TOKEN": "t"})
    _, out, _ = home.run()
    base = json.loads(out)["settings"]["env"]["ANTHROPIC_BASE_URL"]
    assert base.partition("/gate")[2] == "?team=a"
