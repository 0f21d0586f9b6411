"""What the simulated client takes from its settings file, read again before each turn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

HOSTED = {"opus": "claude-opus-5-5", "sonnet": "claude-sonnet-4-6", "haiku": "claude-haiku-4-5-20251001"}
"""The ids that unmapped tiers stand for: 2.1.329 and 2.1.112."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The settings in force; those of a file that does not parse are empty, as in the real client."""

    env: Mapping[str, str] = field(default_factory=dict)
    model: str = "opus"

    @property
    def base_url(self) -> str | None:
        """Return where to send, ``None`` where the simulated client must not: anywhere but this machine."""
        url = self.env.get("ANTHROPIC_BASE_URL", "").strip().rstrip("/")
        try:
            return url if urlsplit(url).hostname in LOOPBACK else None
        except ValueError:
            return None

    @property
    def token(self) -> str:
        """Return the bearer token; without one nothing is sent."""
        return self.env.get("ANTHROPIC_AUTH_TOKEN", "")

    @property
    def main_model(self) -> str:
        """Return the id that main requests carry."""
        return self._resolve(self.env.get("ANTHROPIC_MODEL") or self.model)

    @property
    def small_model(self) -> str:
        """Return the id that titles carry."""
        return self._resolve("haiku")

    @property
    def timeout_s(self) -> float:
        """Return the request timeout."""
        text = self.env.get("API_TIMEOUT_MS", "")
        return int(text) / 1000 if text.isascii() and text.isdigit() else 600.0

    def switched_on(self, name: str) -> bool:
        """Say whether a switch of the environment is on."""
        return self.env.get(name, "").lower() in {"1", "true", "yes", "on"}

    def _resolve(self, model: str) -> str:
        tier = model.removesuffix("[1m]")
        if tier not in HOSTED:
            return tier
        return self.env.get(f"ANTHROPIC_DEFAULT_{tier.upper()}_MODEL", "").strip() or HOSTED[tier]


def read(path: Path) -> ClientSettings:
    """Return the settings of a file; one that is missing or no object counts as empty."""
    try:
        root = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ClientSettings()
    if not isinstance(root, dict) or not isinstance(root.get("env", {}), dict):
        return ClientSettings()
    model = root.get("model", "opus")
    env = {name: str(value) for name, value in root.get("env", {}).items() if isinstance(value, str | int | bool)}
    return ClientSettings(env, model if isinstance(model, str) else "opus")
