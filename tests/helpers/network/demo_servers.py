"""Start the demo's servers for a test, and read what they wrote."""

import contextlib
import os
import socket
import subprocess
import sys

import httpx

from places import TESTS
from waiting import DEADLINE_S, until

DATA = TESTS / "data" / "demo"
MODEL = "Qwen3.5-27B"
DEAD = "EngineCore encountered an issue. See stack trace (above) for the root cause."
SAID = "The server had an error while processing your request."


class Server:
    """One server process, its address and its log."""

    def __init__(self, name, folder, *arguments, **environ):
        self.log = folder / f"{name}.log"
        self.http = httpx.Client(trust_env=False, timeout=DEADLINE_S)
        with socket.socket() as bound, self.log.open("wb") as log:
            bound.bind(("127.0.0.1", 0))
            port = bound.getsockname()[1]
            self.url = f"http://127.0.0.1:{port}"
            address = ("--port", str(port), "--fd", str(bound.fileno()))
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"stormdeck.demo.{name}", *address, "--tied", *arguments],
                pass_fds=[bound.fileno()],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environ},
            )

    def lines(self, part=""):
        """Return the log's lines that contain a text."""
        return [line for line in self.log.read_text().splitlines() if part in line]

    def answers(self):
        """Return whether it is up; fail if it has ended."""
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            return self.request("GET", "/")

    def request(self, method, path, **more):
        """Send one request."""
        return self.http.request(method, f"{self.url}{path}", **more)


@contextlib.contextmanager
def running(name, folder, *arguments, **environ):
    """Run a server until the block ends; it ends by itself when its standard input does."""
    server = Server(name, folder, *arguments, **environ)
    try:
        until(server.answers, f"{name} did not come up")
        yield server
    finally:
        server.http.close()
        server.process.stdin.close()
        server.process.wait(DEADLINE_S)
