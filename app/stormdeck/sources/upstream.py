"""Where a proxy sends its requests, and with which key, read from its own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stormdeck.model.text import clean
from stormdeck.sources.http import HttpClient, json_object

_MOST = 1024 * 1024
_REFERENCE = "os.environ/"


@dataclass(frozen=True, slots=True, repr=False)
class LitellmConfig:
    """What a search needs of LiteLLM's YAML. Never shown: it holds keys."""

    api_base: str | None = None
    """Of the first model that has one."""
    api_key: str | None = None
    """Beside that ``api_base``; it belongs to the server there."""
    master_key: str | None = None
    """Belongs to the proxy itself."""
    error: str = ""
    """Why it says nothing, in words; empty when it does."""


def read_litellm_config(path: Path) -> LitellmConfig:
    """Return what the YAML tells; a file that cannot be read or parsed is an error in words."""
    import yaml

    try:
        with path.open("rb") as file:
            raw = file.read(_MOST + 1)
    except OSError as error:
        return LitellmConfig(error=f"cannot be read: {error.strerror}")
    if len(raw) > _MOST:
        return LitellmConfig(error="larger than 1 MiB, not read")
    try:
        root = yaml.safe_load(raw.decode("utf-8-sig", "replace"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        return LitellmConfig(error=f"not YAML{where}: {clean(str(getattr(error, 'problem', None) or error))[:80]}")
    if not isinstance(root, dict):
        return LitellmConfig(error="not a YAML mapping")
    general = root.get("general_settings")
    master_key = _literal(general, "master_key")
    models = root.get("model_list")
    for entry in models if isinstance(models, list) else ():
        params = entry.get("litellm_params") if isinstance(entry, dict) else None
        base = params.get("api_base") if isinstance(params, dict) else None
        if not isinstance(base, str) or not base:
            continue
        if base.startswith(_REFERENCE):
            return LitellmConfig(master_key=master_key, error=f"api_base is in the variable {clean(base[11:])[:60]}")
        return LitellmConfig(base, _literal(params, "api_key"), master_key)
    return LitellmConfig(master_key=master_key, error="no model has an api_base")


async def claude_code_proxy_upstream(url: str, http: HttpClient, deadline_s: float) -> str | None:
    """Return where a claude-code-proxy sends its requests; it says so itself on ``/`` (read from its source)."""
    config = (json_object(await http.get(url + "/", deadline_s=deadline_s)) or {}).get("config")
    base = config.get("openai_base_url") if isinstance(config, dict) else None
    return base if isinstance(base, str) else None


def _literal(mapping: object, name: str) -> str | None:
    """Return a value that stands in the file itself; what refers to a variable of the proxy is not known here."""
    value = mapping.get(name) if isinstance(mapping, Mapping) else None
    return value if isinstance(value, str) and value and not value.startswith(_REFERENCE) else None
