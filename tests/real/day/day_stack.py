"""The programs of the day: a real LiteLLM, the stand-in for vLLM, real clients in panes, and the panel in its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from claude_code import Client, Home, settings_for
from running import Program, start, until
from tmux import Pane

HERE = Path(__file__).parent
SERVED = "Qwen3.5-27B"
KEY = "sk-stormdeck-day"
VLLM_PORT, PROXY_PORT = 8000, 4000
WIDTH, HEIGHT = 100, 31
"""The smallest size at which the overview shows turns and retries beside everything else."""
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}
CONFIG = f"""model_list:
  - model_name: {SERVED}
    litellm_params:
      model: anthropic/{SERVED}
      api_base: http://127.0.0.1:{VLLM_PORT}
      api_key: any-text
      extra_headers: {{"x-day-proxy": "1"}}
litellm_settings:
  drop_params: true
  num_retries: 0
  callbacks: day_callback.instance
router_settings:
  disable_cooldowns: true
general_settings:
  master_key: {KEY}
  cancel_on_disconnect: true
"""
CALLBACK = """import sys
from pathlib import Path

sys.path.insert(0, {here!r})
from day_ledger import Ledger
from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy.proxy_server import app

app.middleware_stack = Ledger(app.middleware_stack, Path({ledger!r}))
instance = CustomLogger()
"""
"""LiteLLM imports it while it starts; the ledger wraps what the application has built by then."""


@dataclass
class Stack:
    """What runs, by name; everything ends with ``close``."""

    folder: Path
    litellm: Path
    """The command of the real LiteLLM."""
    client: Client
    vllm: Program | None = None
    proxy: Program | None = None
    panes: list[Pane] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "litellm.yaml").write_text(CONFIG)
        ledger = str(self.folder / "litellm.ledger.jsonl")
        (self.folder / "day_callback.py").write_text(CALLBACK.format(here=str(HERE), ledger=ledger))
        command = self.folder / "vllm"
        command.write_text(
            f"#!{sys.executable}\n{(HERE / 'day_vllm.py').read_text()}".replace(
                "Path(__file__).parent", f"Path({str(HERE)!r})"
            )
        )
        command.chmod(0o755)
        self.home = Home(self.folder / "home", self._settings())
        self.home.make(git=True)
        known: dict = {"hasCompletedOnboarding": True, "projects": {}}
        for folder in (self.home.project, self.other_project):
            folder.mkdir(exist_ok=True)
            known["projects"][str(folder)] = {"hasTrustDialogAccepted": True}
        (self.home.folder / ".claude.json").write_text(json.dumps(known))

    @property
    def other_project(self) -> Path:
        """Return a second folder, for a second session."""
        return self.home.folder / "other"

    @property
    def settings(self) -> Path:
        """Return the user's settings file."""
        return self.home.folder / ".claude" / "settings.json"

    def _settings(self) -> dict:
        asked = {
            "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072",
            "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
            "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
            "ANTHROPIC_DEFAULT_FABLE_MODEL": SERVED,
        }
        env = settings_for(f"http://127.0.0.1:{PROXY_PORT}", ANTHROPIC_AUTH_TOKEN=KEY, **asked)["env"]
        permissions = {"defaultMode": "acceptEdits", "allow": ["Bash(ls:*)", "Bash(echo:*)"]}
        return {"model": "sonnet", "env": env, "permissions": permissions, "disableAutoMode": "disable"}

    def point_at(self, port: int) -> None:
        """Change the base URL by hand, as an editor that writes a new file does."""
        text = re.sub(r"http://127\.0\.0\.1:\d+", f"http://127.0.0.1:{port}", self.settings.read_text())
        beside = self.settings.with_suffix(".new")
        beside.write_text(text)
        beside.replace(self.settings)

    def start_vllm(self) -> None:
        """Start the stand-in on its port, with its log."""
        command = [self.folder / "vllm", "serve", "Qwen/Qwen3.5-27B", "--port", str(VLLM_PORT)]
        flags = ["--served-model-name", SERVED, "--max-model-len", "131072", "--enable-auto-tool-choice"]
        rest = ["--tool-call-parser", "qwen3_coder", "--folder", str(self.folder)]
        self.vllm = start([*command, *flags, *rest], self.folder / "vllm.log", VLLM_PORT, {"PYTHONUNBUFFERED": "1"})
        self.vllm.wait_for("/health")

    def start_proxy(self) -> None:
        """Start LiteLLM on its port, with its log."""
        command = [self.litellm, "--config", "litellm.yaml", "--host", "127.0.0.1", "--port", str(PROXY_PORT)]
        log = self.folder / "litellm.log"
        self.proxy = start([*command, "--telemetry", "False"], log, PROXY_PORT, QUIET)
        self.proxy.wait_for("/health/liveliness")

    def script(self, *steps: dict) -> None:
        """Say how the next main requests are answered; afterwards all is well again."""
        beside = self.folder / "script.part"
        beside.write_text(json.dumps(steps))
        beside.replace(self.folder / "script.json")

    def panel(self) -> Pane:
        """Start a panel without a flag in a pane of its own."""
        environ = self._environ(f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        command = [*environ, sys.executable, "-m", "stormdeck"]
        return self._pane(command, WIDTH, HEIGHT, self.home.project)

    def session(self, project: Path, *flags: str) -> Session:
        """Start a client in a terminal of its own, ready for a prompt."""
        command = [*self._environ(self.client.path), str(self.client.command), *flags]
        pane = self._pane(command, 120, 40, project)
        pane.until(lambda screen: re.search(r"^\s*[>❯]", screen, re.MULTILINE) and screen, "the client is not ready")
        return Session(pane)

    def status(self) -> dict:
        """Return what ``stormdeck status --json`` says; an open panel answers it."""
        environ = self._environ(os.environ["PATH"])
        command = [*environ, sys.executable, "-m", "stormdeck", "status", "--json", "--project", str(self.home.project)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return json.loads(done.stdout)

    def _environ(self, path: str) -> list[str]:
        own = {"PATH": path, "HOME": str(self.home.folder), "SHELL": "/bin/sh", "LANG": "C.UTF-8"}
        own |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "DISABLE_AUTOUPDATER": "1"}
        return ["env", "-i", *(f"{name}={value}" for name, value in own.items())]

    def _pane(self, command: list[str], width: int, height: int, folder: Path) -> Pane:
        temp = self.folder / "temp"
        temp.mkdir(exist_ok=True)
        pane = Pane(["env", "-C", str(folder), *command], width, height, temp)
        self.panes.append(pane)
        return pane

    def close(self) -> None:
        """End everything."""
        for pane in self.panes:
            pane.close()
        for program in (self.proxy, self.vllm):
            if program is not None:
                program.stop()


@dataclass
class Session:
    """A client in a pane."""

    pane: Pane

    def ask(self, prompt: str) -> None:
        """Type a prompt and send it."""
        self.pane.tmux("send-keys", "-l", prompt)
        time.sleep(0.3)  # The client takes a key that follows at once for a line of a pasted text.
        self.pane.press("Enter")

    def until(self, holds: Callable[[str], object], what: str, limit_s: float = 120.0) -> None:
        """Wait until the client's screen shows something."""
        until(lambda: holds(self.pane.screen()), limit_s, why=lambda: f"{what}; the screen:\n{self.pane.screen()}")


def can_play() -> str:
    """Return what is missing to play the day, empty if nothing is."""
    for command in ("tmux", "unshare", "node", "npm"):
        if shutil.which(command) is None:
            return f"{command} is not installed"
    return "" if os.geteuid() == 0 else "a network namespace of its own needs root"
