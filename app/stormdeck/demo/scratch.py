"""The scratch files of the demo: a client's settings with a few pitfalls in them, and the proxy's YAML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

MODEL = "Qwen3.5-27B"
KEY = "sk-demo-not-a-secret"

_YAML = """\
# The proxy of the built-in demo. It goes away with the demo.
model_list:
  - model_name: {model}
    litellm_params:
      model: hosted_vllm/{model}
      api_base: {vllm}/v1
      api_key: dummy

litellm_settings:
  drop_params: true
  num_retries: 2

general_settings:
  master_key: {key}
"""


@dataclass(frozen=True, slots=True)
class Scratch:
    """One demo's folder, and what is where in it."""

    folder: Path

    @property
    def home(self) -> Path:
        """Return what stands for ``~``."""
        return self.folder / "home"

    @property
    def project(self) -> Path:
        """Return the project that the simulated client works in."""
        return self.folder / "project"

    @property
    def settings(self) -> Path:
        """Return the client's user scope."""
        return self.home / ".claude" / "settings.json"

    @property
    def config(self) -> Path:
        """Return the proxy's YAML."""
        return self.folder / "litellm_config.yaml"

    @property
    def control(self) -> Path:
        """Return the file that names the fault of the moment."""
        return self.folder / "fault"

    @property
    def logs(self) -> tuple[Path, Path]:
        """Return the proxy's log and vLLM's."""
        return self.folder / "logs" / "litellm.log", self.folder / "logs" / "vllm.log"

    @property
    def client_log(self) -> Path:
        """Return where the simulated client says what it stumbled over; empty unless it did."""
        return self.folder / "logs" / "client.log"

    @property
    def ledger(self) -> Path:
        """Return where the simulated client writes down what it sent."""
        return self.folder / "logs" / "ledger.jsonl"

    def fill(self, vllm: str, proxy: str) -> None:
        """Write the files, for servers at these URLs."""
        for folder in (self.settings.parent, self.project, self.logs[0].parent):
            folder.mkdir(parents=True)
        self.settings.write_text(json.dumps(_settings(proxy), indent=2) + "\n", encoding="utf-8")
        self.settings.chmod(0o600)
        self.config.write_text(_YAML.format(model=MODEL, vllm=vllm, key=KEY), encoding="utf-8")


def _settings(proxy: str) -> dict[str, object]:
    """Return settings that work, with pitfalls that break no turn: extra traffic is on, the timeout does not hold."""
    return {
        "$schema": "https://json.schemastore.org/claude-code-settings.json",
        "model": "sonnet",
        "env": {
            "ANTHROPIC_BASE_URL": proxy,
            "ANTHROPIC_AUTH_TOKEN": KEY,
            "ANTHROPIC_DEFAULT_OPUS_MODEL": MODEL,
            "ANTHROPIC_DEFAULT_SONNET_MODEL": MODEL,
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": MODEL,
            "ANTHROPIC_DEFAULT_FABLE_MODEL": MODEL,
            "ANTHROPIC_CUSTOM_MODEL_OPTION": MODEL,
            "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
            "CLAUDE_CODE_MAX_RETRIES": "5",
            "API_TIMEOUT_MS": "3000000",
            "MY_TEAM_PROXY_NOTE": "ask Kim before changing the port",
        },
        "permissions": {"allow": ["Bash(git status)", "Read(./docs/**)"], "deny": ["Read(./.env)"]},
        "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]},
        "statusLine": {"type": "command", "command": 'basename "$PWD"'},
        "x-team": {"owner": "platform", "since": 2025},
    }
