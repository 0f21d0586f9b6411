"""The panel is killed while a recorder runs: the request goes on, and the next panel shows it again."""

import os
import shutil
import signal
import socket
import subprocess
import sys

import psutil
import pytest
from tmux import Pane

from places import TESTS
from waiting import until

pytestmark = [pytest.mark.tmux, pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")]
ALONE = TESTS / "helpers" / "alone.py"
SESSION = "5e5510a1-0000-4000-8000-000000000000"
BODY = b'{"model":"qwen","tools":[{"name":"Task"}],"messages":[]}'
REQUEST = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-claude-code-session-id: %b\r\ncontent-length: %d\r\n\r\n%b" % (
    SESSION.encode(),
    len(BODY),
    BODY,
)


@pytest.fixture
def server():
    """Return a socket that listens; nobody answers there until the test does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        yield listening


@pytest.fixture
def tap(tmp_path, server):
    """Return a running tap before that server, and its port."""
    to = f"http://127.0.0.1:{server.getsockname()[1]}"
    command = [sys.executable, "-m", "stormdeck", "tap", "--listen", "127.0.0.1:0", "--to", to]
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    child = subprocess.Popen(
        command,
        env=environ,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    yield child, int(child.stderr.readline().split()[0].rpartition(":")[2])
    child.send_signal(signal.SIGTERM)
    child.communicate()


def panel(tmp_path, url):
    command = [sys.executable, ALONE, "--home", tmp_path, "--project", tmp_path, "--vllm", url, "--no-gpu"]
    return Pane([str(part) for part in command], 120, 40, tmp_path)


def test_the_recorder_goes_on_and_the_next_panel_shows_the_same_requests(tmp_path, server, tap):
    child, port = tap
    with socket.create_connection(("127.0.0.1", port), 60) as client:
        client.sendall(REQUEST)
        asked, _ = server.accept()
        with asked:
            got = b""
            while not got.endswith(BODY):
                got += asked.recv(65536)
            pane = panel(tmp_path, "http://127.0.0.1:1")
            try:
                pane.until_shows("IN FLIGHT", f"{SESSION[:4]} main", "no byte yet")
                shell = psutil.Process(int(pane.found("pane_pid")))
                until(lambda: [one for one in shell.children() if "alone.py" in " ".join(one.cmdline())])[0].kill()
                pane.until_shows("EXIT:137")
            finally:
                pane.close()
            again = panel(tmp_path, "http://127.0.0.1:1")
            try:
                again.until_shows("IN FLIGHT", f"{SESSION[:4]} main", "no byte yet")
                asked.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                assert client.recv(65536).startswith(b"HTTP/1.1 200")
                again.until_shows("nothing: every request has its answer")
            finally:
                again.close()
    assert child.poll() is None
