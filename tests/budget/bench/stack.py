"""A stack to watch: the demo's simulated vLLM, LiteLLM and client, as real processes on loopback."""

from __future__ import annotations

from pathlib import Path

from bench import programs
from bench.place import Place
from bench.programs import Program
from stormdeck.demo.stack import DemoStack
from stormdeck.options import Options

STACK = "stormdeck on a live stack"


class Stack:
    """The servers and the client while the context lasts."""

    def __init__(self, place: Place) -> None:
        self._demo = DemoStack()
        self._place = place

    def __enter__(self) -> Stack:
        self._demo.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._demo.stop()

    @property
    def vllm_url(self) -> str:
        """Return the simulated vLLM's address."""
        return self._demo.vllm_url

    @property
    def proxy_log(self) -> Path:
        """Return the log that shows the client's requests."""
        return self._demo.logs[0]

    @property
    def options(self) -> Options:
        """Return the options of a panel on it."""
        return self._demo.options(Options())

    def panel(self, *arguments: str) -> Program:
        """Return stormdeck on it."""
        options = self.options
        places = ("--home", str(options.home), "--project", str(options.project))
        return programs.stormdeck(*places, "--litellm-config", str(options.litellm_config), *arguments)
