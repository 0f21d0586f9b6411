"""Read the simulated client's settings file, again before each turn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

HOSTED = {"opus": "claude-opus-5-5", "sonnet": "claude-sonnet-4-6", "haiku": "claude-haiku-4-5-20251001"}
"""Model ids of unmapped tiers in 2.1.329 and 2.1.112."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The effective settings; empty if the file does not parse, as in the real client."""

    env: Mapping[str, str] = field(default_factory=dict)
    model: str = "opus"

    @property
    def base_url(self) -> str | None:
        """Return the base URL; ``None`` unless it is on this machine: the simulated client sends nowhere else."""
        url = self.env.get("ANTHROPIC_BASE_URL", "").strip().rstrip("/")
        try:
            return url if urlsplit(url).hostname in LOOPBACK else None
        except ValueError:
            return None

    @property
    def token(self) -> str:
        """Return the bearer token; without it nothing is sent."""
        return self.env.get("ANTHROPIC_AUTH_TOKEN", "")

    @property
    def main_model(self) -> str:
        """Return the model id of main requests."""
        return self._resolve(self.env.get("ANTHROPIC_MODEL") or self.model)

    @property
    def small_model(self) -> str:
        """Return the model id of title requests."""
        return self._resolve("haiku")

    @property
    def timeout_s(self) -> float:
        """Return the request timeout."""
        text = self.env.get("API_TIMEOUT_MS", "")
        return int(text) / 1000 if text.isascii() and text.isdigit() else 600.0

    def switched_on(self, name: str) -> bool:
        """Return whether an environment variable of the settings is switched on."""
        return self.env.get(name, "").lower() in {"1", "true", "yes", "on"}

    def _resolve(self, model: str) -> str:
        tier = model.removesuffix("[1m]")
        if tier not in HOSTED:
            return tier
        return self.env.get(f"ANTHROPIC_DEFAULT_{tier.upper()}_MODEL", "").strip() or HOSTED[tier]


def read(path: Path) -> ClientSettings:
    """Return the settings of a file; empty if it is missing or not a JSON object."""
    try:
        root = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ClientSettings()
    if not isinstance(root, dict) or not isinstance(root.get("env", {}), dict):
        return ClientSettings()
    model = root.get("model", "opus")
    env = {name: str(value) for name, value in root.get("env", {}).items() if isinstance(value, str | int | bool)}
    return ClientSettings(env, model if isinstance(model, str) else "opus")
