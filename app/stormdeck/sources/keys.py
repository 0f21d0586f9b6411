"""Which key belongs to which server. A key goes to the origin that it was configured for and to no other."""

from __future__ import annotations

from collections.abc import Mapping

from stormdeck.model.discovery import DiscoverySnapshot
from stormdeck.model.server import ServerKind
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.sources.address import address
from stormdeck.sources.named import Named, base_url
from stormdeck.sources.processes import config_of
from stormdeck.sources.upstream import read_litellm_config

Keys = Mapping[tuple[str, str, int], str]
"""By scheme, host and port. Never shown, never put into a snapshot."""


def origin_keys(settings: SettingsSnapshot, found: DiscoverySnapshot, named: Named) -> Keys:
    """Return the keys by origin; reads the YAML of the LiteLLMs that were found.

    The client's own token comes first at the base URL, right or wrong: a wrong one is what the user must
    see. LiteLLM's master key is used only where the client has none for it.
    """
    keys: dict[tuple[str, str, int], str] = {}

    def belongs(url: str | None, key: str | None) -> None:
        origin = _origin(url or "")
        if origin is not None and key:
            keys.setdefault(origin, key)

    base = base_url(settings)
    belongs(base.url if base is not None else None, client_key(settings))
    for server in found.found:
        if server.kind is not ServerKind.LITELLM:
            continue
        path = named.litellm_config or (config_of(server.process) if server.process is not None else None)
        if path is not None:
            config = read_litellm_config(path)
            belongs(server.url, config.master_key)
            belongs(config.api_base, config.api_key)
    return keys


def key_for(url: str, keys: Keys) -> str | None:
    """Return the key that belongs to the origin of a URL."""
    origin = _origin(url)
    return keys.get(origin) if origin is not None else None


def client_key(settings: SettingsSnapshot) -> str | None:
    """Return what the client sends: the token, else the key."""
    for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"):
        value = settings.text(f"env.{name}")
        if value:
            return value
    return None


def _origin(url: str) -> tuple[str, str, int] | None:
    target = address(url)
    return (target.scheme, *target.place) if target is not None else None
