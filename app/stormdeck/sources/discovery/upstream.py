"""Find where a proxy sends its requests, and with which key, in its own configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stormdeck.model.litellm.config import Node
from stormdeck.model.litellm.placeholders import REFERENCE
from stormdeck.model.text import clean
from stormdeck.sources.litellm_yaml import read_proxy_config
from stormdeck.sources.net.http import HttpClient, json_object

_LONGEST_URL = 2048


@dataclass(frozen=True, slots=True, repr=False)
class LitellmConfig:
    """What a search needs of LiteLLM's YAML. Never shown: it has keys."""

    api_base: str | None = None
    """From the first model that has one."""
    api_key: str | None = None
    """The key for the server at ``api_base``."""
    master_key: str | None = None
    """The proxy's own key."""
    error: str = ""
    """Why there is no ``api_base``; empty if there is one."""


def read_litellm_config(path: Path) -> LitellmConfig:
    """Return the values in the YAML; a file that cannot be read or parsed sets ``error``."""
    config = read_proxy_config(path)
    if config.error is not None:
        return LitellmConfig(error=config.error.message)
    master_key = _literal(config.section("general_settings"), "master_key")
    for deployment in config.deployments():
        base = deployment.params.text("api_base") if deployment.params is not None else None
        if not base:
            continue
        if base.startswith(REFERENCE):
            shown = clean(base.removeprefix(REFERENCE))[:60]
            return LitellmConfig(master_key=master_key, error=f"api_base is in the variable {shown}")
        return LitellmConfig(base, _literal(deployment.params, "api_key"), master_key)
    return LitellmConfig(master_key=master_key, error="no model has an api_base")


async def claude_code_proxy_upstream(url: str, http: HttpClient, deadline_s: float) -> str | None:
    """Return where a claude-code-proxy sends its requests, as it reports on ``/`` (read from its source)."""
    config = (json_object(await http.get(url + "/", deadline_s=deadline_s)) or {}).get("config")
    base = config.get("openai_base_url") if isinstance(config, dict) else None
    return base if isinstance(base, str) and len(base) <= _LONGEST_URL else None


def _literal(node: Node | None, name: str) -> str | None:
    """Return a literal value; the value of a variable of the proxy is not known here."""
    value = node.text(name) if node is not None else None
    return value if value and not value.startswith(REFERENCE) else None
