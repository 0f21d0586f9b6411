"""Claude Code in front of LiteLLM in front of vLLM, with the panel in tmux and ``stormdeck watch`` beside them."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import engine
import programs
from claude_code import Client, Home, settings_for
from proxied import QUIET
from running import Program, free_port, running, start, until
from tmux import Pane
from versions import LITELLM

KEY = "sk-stormdeck-chain"
LENGTH = 131_072
RETRIES = 15
"""The most that the client takes. A vLLM loads for minutes on a busy machine, and ten retries may be over by then."""
ASKED = {
    "CLAUDE_CODE_MAX_RETRIES": str(RETRIES),
    "CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(LENGTH),
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
}
"""What ``stormdeck check`` asks for here, beside what makes the client work at all."""
SIZE = 120, 40
STORMDECK = [sys.executable, "-m", "stormdeck"]
CONFIG = """model_list:
  - model_name: "{served}"
    litellm_params:
      model: hosted_vllm/{served}
      api_base: {vllm}/v1
      api_key: none
      stop: ["e", "a"]
litellm_settings:
  drop_params: true
general_settings:
  master_key: {key}
"""
"""``stop``: a model without weights says anything, and without an end."""


@dataclass(frozen=True)
class Watch:
    """``stormdeck watch``, which prints events and keeps a recording."""

    program: Program
    recording: Path

    def events(self, name: str) -> list[dict]:
        """Return the events of a name that were printed so far."""
        printed = (json.loads(line) for line in self.program.lines() if line.startswith("{"))
        return [one for one in printed if one["event"] == name]

    def finish(self) -> int:
        """End it by Ctrl-C and return its exit status."""
        self.program.process.send_signal(signal.SIGINT)
        return self.program.process.wait(30)


def make_home(folder: Path, client: Client, url: str) -> Home:
    """Return a scratch home whose client is set for the proxy as it should be."""
    home = Home(folder / "home", settings_for(url, ANTHROPIC_AUTH_TOKEN=KEY, **ASKED))
    home.make()
    return home


@contextmanager
def proxy(folder: Path, vllm: str) -> Iterator[Program]:
    """Run LiteLLM in front of a vLLM, which need not be there yet."""
    config, port = folder / "litellm.yaml", free_port()
    config.write_text(CONFIG.format(served=engine.SERVED, vllm=vllm, key=KEY))
    command = [programs.litellm(LITELLM[0]), "--config", config, "--host", "127.0.0.1", "--port", str(port)]
    with running([*command, "--telemetry", "False"], folder / "litellm.log", port, "/health/liveliness", QUIET) as one:
        yield one


@contextmanager
def watch(folder: Path, home: Home, *logs: Path) -> Iterator[Watch]:
    """Run ``stormdeck watch --record`` on logs, from when it follows them all."""
    place = ["--home", str(home.folder), "--project", str(home.project)]
    command = [*STORMDECK, "watch", *map(str, logs), "--json", "--record", str(folder / "recording.jsonl"), *place]
    one = Watch(start(command, folder / "watch.log", 0, {}), folder / "recording.jsonl")
    try:
        until(lambda: sum(log["state"] == "following" for log in one.events("log")) == len(logs))
        yield one
    finally:
        one.program.stop()


@contextmanager
def panel(folder: Path, home: Home, client: Client) -> Iterator[Pane]:
    """Run the panel in a pane of its own; it finds servers and logs by itself."""
    place = ["--home", str(home.folder), "--project", str(home.project), "--client-version", client.version]
    temp = folder / "temp"
    temp.mkdir(exist_ok=True)
    pane = Pane([*STORMDECK, *place], *SIZE, temp)
    try:
        yield pane
    finally:
        pane.close()
