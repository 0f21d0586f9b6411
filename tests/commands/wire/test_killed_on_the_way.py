"""Recorder, client or server is killed while a request is on its way: the others end, and nothing is left."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest

from stormdeck.sources.wire.journal import remove_left_behind
from stormdeck.sources.wire.reader import JournalReader
from waiting import until

SERVER = """
import socket, sys
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
connection, _ = listening.accept()
asked = b""
while b"{}" not in asked:
    asked += connection.recv(65536)
print("asked", flush=True)
if sys.argv[1] == "stream":
    event = b'data: {"type":"content_block_delta"}\\n\\n'
    connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-type: text/event-stream\\r\\n")
    connection.sendall(b"transfer-encoding: chunked\\r\\n\\r\\n")
    connection.sendall(b"%x\\r\\n%s\\r\\n" % (len(event), event))
try:
    while connection.recv(65536):
        pass
except ConnectionError:
    pass
print("left", flush=True)
"""
CLIENT = """
import json, os, socket, sys
from urllib.parse import urlsplit
given = json.loads(sys.argv[sys.argv.index("--settings") + 1])
at = urlsplit(given["env"]["ANTHROPIC_BASE_URL"])
connection = socket.create_connection((at.hostname, at.port))
connection.sendall(b"POST /v1/messages HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 2\\r\\n\\r\\n{}")
print(json.dumps([os.getpid(), at.port]), flush=True)
try:
    while got := connection.recv(65536):
        if b"content_block_delta" in got:
            print("streams", flush=True)
except ConnectionError:
    pass
print("ended", flush=True)
sys.exit(7)
"""


class Line:
    """The three programs, with a request on its way."""

    def __init__(self, folder, point):
        self.settings = folder / ".claude" / "settings.json"
        self.settings.parent.mkdir()
        self.wire = folder / ".local" / "state" / "stormdeck" / "wire"
        program = folder / "claude"
        program.write_text(f"#!{sys.executable}\n{CLIENT}")
        program.chmod(0o755)
        self.server = self._start([sys.executable, "-c", SERVER, point], folder)
        self.settings.write_text(
            json.dumps({"env": {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.read(self.server)}"}})
        )
        self.before = self.settings.read_bytes()
        self.recorder = self._start([sys.executable, "-m", "stormdeck", "run", "--", str(program)], folder)
        pid, self.port = json.loads(self.read(self.recorder))
        self.client = psutil.Process(pid)
        assert self.read(self.server) == "asked"
        if point == "stream":
            assert self.read(self.recorder) == "streams"

    def _start(self, command, folder):
        environ = {"HOME": str(folder), "PATH": os.environ["PATH"]}
        return subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True)

    def read(self, program):
        """Return the next line of a program."""
        return program.stdout.readline().strip()

    def client_is_gone(self):
        """Return whether the client has ended, waited for or not."""
        with suppress(psutil.NoSuchProcess):
            return self.client.status() == psutil.STATUS_ZOMBIE
        return True

    def close(self):
        """End what is left of the three."""
        with suppress(psutil.NoSuchProcess):
            self.client.kill()
        for program in (self.recorder, self.server):
            program.kill()
            program.wait()
            program.stdout.close()


@pytest.fixture(params=["asked", "stream"])
def line(request, tmp_path):
    """Return a line whose request has no answer yet, or a part of it."""
    one = Line(tmp_path, request.param)
    yield one
    one.close()


@pytest.fixture(params=[signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def number(request):
    """Return the signal."""
    return request.param


def nothing_is_left(line):
    assert line.settings.read_bytes() == line.before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", line.port)).close()
    assert JournalReader(line.wire).read() == []
    assert not list(line.wire.iterdir())


def test_the_client_is_killed(line, number):
    line.client.send_signal(number)
    assert line.recorder.wait() == 128 + number
    assert line.read(line.server) == "left"
    nothing_is_left(line)


def test_the_server_is_killed(line, number):
    line.server.send_signal(number)
    assert line.read(line.recorder) == "ended"
    assert line.recorder.wait() == 7
    nothing_is_left(line)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_recorder_is_killed(line, number):
    line.recorder.send_signal(number)
    line.recorder.wait()
    until(line.client_is_gone)
    assert line.read(line.server) == "left"
    if number == signal.SIGKILL:
        # Nobody could remove the file: no panel reads it, and the next recorder removes it.
        assert JournalReader(line.wire).read() == []
        remove_left_behind(line.wire)
    nothing_is_left(line)


def test_a_panel_drops_what_a_killed_recorder_had_in_flight(line):
    reader = JournalReader(line.wire)
    assert until(reader.read)[0].exchange.is_running
    assert len(reader.journals) == 1
    line.recorder.kill()
    line.recorder.wait()
    reader.read()
    assert not reader.journals
    assert urlsplit(json.loads(line.before)["env"]["ANTHROPIC_BASE_URL"]).port != line.port
