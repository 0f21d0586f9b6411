"""Write the demo's scratch files: client settings with a few pitfalls, and the proxy's YAML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

MODEL = "Qwen3.5-27B"
KEY = "sk-demo-not-a-secret"

_YAML = """\
# Configuration of the demo's proxy. It is removed when the demo ends.
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
    """A demo's scratch folder and the paths in it."""

    folder: Path

    @property
    def home(self) -> Path:
        """Return the folder that replaces ``~``."""
        return self.folder / "home"

    @property
    def project(self) -> Path:
        """Return the project that the simulated client works in."""
        return self.folder / "project"

    @property
    def settings(self) -> Path:
        """Return the client's user settings."""
        return self.home / ".claude" / "settings.json"

    @property
    def config(self) -> Path:
        """Return the proxy's YAML."""
        return self.folder / "litellm_config.yaml"

    @property
    def control(self) -> Path:
        """Return the file that names the current fault."""
        return self.folder / "fault"

    @property
    def logs(self) -> tuple[Path, Path]:
        """Return the logs of the proxy and of vLLM."""
        return self.folder / "logs" / "litellm.log", self.folder / "logs" / "vllm.log"

    @property
    def client_log(self) -> Path:
        """Return the file for errors of the simulated client; empty if there were none."""
        return self.folder / "logs" / "client.log"

    @property
    def ledger(self) -> Path:
        """Return the file in which the simulated client records its requests."""
        return self.folder / "logs" / "ledger.jsonl"

    def fill(self, vllm: str, proxy: str) -> None:
        """Write the files for servers at these URLs."""
        for folder in (self.settings.parent, self.project, self.logs[0].parent):
            folder.mkdir(parents=True)
        self.settings.write_text(json.dumps(_settings(proxy), indent=2) + "\n", encoding="utf-8")
        self.settings.chmod(0o600)
        self.config.write_text(_YAML.format(model=MODEL, vllm=vllm, key=KEY), encoding="utf-8")


def _settings(proxy: str) -> dict[str, object]:
    """Return settings that work but have pitfalls: extra traffic is on, and the timeout has no effect."""
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
        "permissions": {
            "allow": ["Bash(git status)", "Read(./docs/**)"],
            "deny": ["Read(./.env)"],
            "defaultMode": "acceptEdits",
        },
        "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]},
        "statusLine": {"type": "command", "command": 'basename "$PWD"'},
        "x-team": {"owner": "platform", "since": 2025},
    }
