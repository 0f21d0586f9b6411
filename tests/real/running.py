"""Real programs as processes: started on a free port, logged as ``>> FILE 2>&1`` does, and always ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import httpx

START_S = 400.0
STOP_S = 15.0
Found = TypeVar("Found")


def free_port() -> int:
    """Return a port of the loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Callable[[], Found], limit_s: float = 30.0, why: Callable[[], str] = str) -> Found:
    """Return what ``look`` finds, once it finds something."""
    deadline = time.monotonic() + limit_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {limit_s:.0f} s in vain {why()}"
        time.sleep(0.05)
    return found


class Program:
    """A program that runs, with a process group of its own."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, port: int) -> None:
        self.process = process
        self.log = log
        self.port = port

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return its process number, which is that of its group too."""
        return self.process.pid

    def lines(self, start: int = 0) -> list[str]:
        """Return the whole lines of its log from a byte on."""
        text = self.log.read_bytes()[start:].decode("utf-8", "replace")
        return text[: text.rfind("\n") + 1].splitlines()

    def mark(self) -> int:
        """Return how long its log is."""
        return self.log.stat().st_size

    def answers(self, path: str) -> bool:
        """Return whether it answers 200."""
        with suppress(httpx.HTTPError):
            return httpx.get(self.url + path, timeout=5.0, trust_env=False).status_code == 200
        return False

    def wait_for(self, path: str) -> None:
        """Return once it answers; fail with the end of its log where it ends first, or takes too long."""
        ready = until(
            lambda: "ended" if self.process.poll() is not None else self.answers(path), START_S, why=self._end
        )
        assert ready is True, f"it ended with {self.process.returncode}: {self._end()}"

    def stop(self) -> None:
        """End it, and all that it has started."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(STOP_S)

    def _end(self) -> str:
        return "\n".join(self.lines()[-15:])


def start(command: Sequence[str | Path], log: Path, port: int, environ: Mapping[str, str]) -> Program:
    """Start a program with nothing of this shell's environment but the path; should the tests die, it dies too."""
    leash = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*leash, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": os.environ["PATH"], "HOME": str(log.parent), **environ},
            cwd=log.parent,
            start_new_session=True,
        )
    return Program(process, log, port)


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, port: int, alive: str, environ: Mapping[str, str]
) -> Iterator[Program]:
    """Run a program from when it answers on ``alive``; it is ended whatever happens."""
    program = start(command, log, port, environ)
    try:
        program.wait_for(alive)
        yield program
    finally:
        program.stop()
