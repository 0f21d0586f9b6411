"""Run the demo's stack: real HTTP servers on loopback and a simulated client. Nothing is left behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from stormdeck.demo.client import CLIENT_VERSION
from stormdeck.demo.scratch import KEY, MODEL, Scratch
from stormdeck.options import Options

WINDOW_MIN = 5
"""The demo's request chart is short, so that it fills quickly."""
HOST = "127.0.0.1"
VLLM_PORT = 18000
PROXY_PORT = 14000
"""Preferred ports; if one is taken, any free port is used."""


class DemoStack:
    """A simulated vLLM, a simulated LiteLLM in front of it and a simulated client, each a process of its own.

    ``start`` returns at once; the servers are up about a second later. ``stop`` ends them and removes the folder. If
    this process dies first, the others end by themselves and a watchdog removes the folder::

        with DemoStack() as stack:
            run_panel(stack.options(options), sampler=SimulatedGpus, demo=True)
    """

    def __init__(self, speed: float = 1.0, seed: int = 1, pace: float = 1.0) -> None:
        """``speed``: how many times faster than real time everything runs; ``pace``: how much faster turns are."""
        self._speed = speed
        self._pace = pace
        self._seed = seed
        self._scratch: Scratch | None = None
        self._lifeline: int | None = None
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.vllm_url = self.proxy_url = ""

    @property
    def home(self) -> Path:
        """Return the folder that replaces ``~`` in the demo."""
        return self._files.home

    @property
    def project(self) -> Path:
        """Return the demo's project folder."""
        return self._files.project

    @property
    def logs(self) -> tuple[Path, Path]:
        """Return the logs of the proxy and of vLLM."""
        return self._files.logs

    @property
    def ledger(self) -> Path:
        """Return the file in which the simulated client records its requests."""
        return self._files.ledger

    @property
    def control(self) -> Path:
        """Return the file that names the current fault."""
        return self._files.control

    @property
    def pids(self) -> dict[str, int]:
        """Return the process ids of ``vllm``, ``litellm``, ``client`` and ``watchdog``."""
        return {name: process.pid for name, process in self._processes.items()}

    def __enter__(self) -> DemoStack:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """End it."""
        self.stop()

    def options(self, given: Options) -> Options:
        """Return the options for a panel on this stack: the demo's paths, and the user's options of the panel."""
        return replace(
            Options(
                home=self.home,
                project=self.project,
                # Names the demo's servers, so that another vLLM on this machine is not found while they start.
                litellm_config=self._files.config,
                window=WINDOW_MIN,
                client_version=CLIENT_VERSION,
            ),
            theme=given.theme,
            ascii=given.ascii,
            panels=given.panels,
            density=given.density,
            origins=given.origins,
            lines=given.lines,
            gpu=given.gpu,
            bell=given.bell,
            notify=given.notify,
            mouse=given.mouse,
            readonly=given.readonly,
            keys=given.keys,
        )

    def start(self) -> None:
        """Create the folder and start the processes."""
        if self._scratch is not None:
            raise RuntimeError("the demo runs already")
        self._scratch = Scratch(Path(tempfile.mkdtemp(prefix="stormdeck-demo-")))
        try:
            with _bound(VLLM_PORT) as vllm, _bound(PROXY_PORT) as proxy:
                self.vllm_url, self.proxy_url = _url(vllm), _url(proxy)
                self._scratch.fill(self.vllm_url, self.proxy_url)
                self._start_all(self._scratch, vllm, proxy)
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """End the processes and remove the folder; a second call does nothing."""
        processes = self._processes
        servers = [process for name, process in processes.items() if name != "watchdog"]
        _end(servers)
        if self._scratch is not None:
            shutil.rmtree(self._scratch.folder, ignore_errors=True)
        if self._lifeline is not None:
            os.close(self._lifeline)
        _end([process for process in processes.values() if process not in servers])
        self._processes, self._scratch, self._lifeline = {}, None, None

    @property
    def _files(self) -> Scratch:
        if self._scratch is None:
            raise RuntimeError("the demo has not been started")
        return self._scratch

    def _start_all(self, files: Scratch, vllm: socket.socket, proxy: socket.socket) -> None:
        """Start the children with a pipe as standard input, of which only this process has the writing end."""
        reading, self._lifeline = os.pipe()
        try:
            with (
                files.logs[0].open("ab") as proxy_log,
                files.logs[1].open("ab") as vllm_log,
                files.client_log.open("ab") as client_log,
            ):
                self._spawn("watchdog", reading, None, [str(files.folder)])
                self._spawn("vllm", reading, vllm_log, self._vllm_arguments(files, vllm), vllm)
                self._spawn("litellm", reading, proxy_log, self._proxy_arguments(files, proxy), proxy)
                self._spawn("client", reading, client_log, self._client_arguments(files))
        finally:
            os.close(reading)

    def _spawn(
        self,
        name: str,
        reading: int,
        log: IO[bytes] | None,
        arguments: Sequence[str],
        listener: socket.socket | None = None,
    ) -> None:
        self._processes[name] = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", f"stormdeck.demo.{name}", *arguments],
            stdin=reading,
            stdout=log or subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self._files.project,
            env={**os.environ, "LITELLM_MASTER_KEY": KEY, "NO_COLOR": "1"},
            pass_fds=[listener.fileno()] if listener else [],
            start_new_session=True,
        )

    def _vllm_arguments(self, files: Scratch, listener: socket.socket) -> list[str]:
        return [
            *("serve", f"Qwen/{MODEL}", "--served-model-name", MODEL, "--port", str(_port(listener))),
            *("--max-model-len", "131072", "--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder"),
            *("--control", str(files.control), *self._common(self._speed * self._pace), *_inherited(listener)),
        ]

    def _proxy_arguments(self, files: Scratch, listener: socket.socket) -> list[str]:
        return [
            *("--config", str(files.config), "--port", str(_port(listener)), "--upstream", self.vllm_url),
            *("--model", MODEL, *self._common(self._speed), *_inherited(listener)),
        ]

    def _client_arguments(self, files: Scratch) -> list[str]:
        return [
            *("--settings", str(files.settings), "--control", str(files.control), "--ledger", str(files.ledger)),
            *("--pace", str(self._pace), *self._common(self._speed)),
        ]

    def _common(self, speed: float) -> list[str]:
        return ["--speed", str(speed), "--seed", str(self._seed), "--tied"]


def _bound(port: int) -> socket.socket:
    """Return a socket bound to the port, or to any free port if that is taken.

    The child inherits the socket, so that no other program can take the port in between.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.bind((HOST, 0))
    return bound


def _inherited(listener: socket.socket) -> tuple[str, str]:
    return "--fd", str(listener.fileno())


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


def _url(bound: socket.socket) -> str:
    return f"http://{HOST}:{_port(bound)}"


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
