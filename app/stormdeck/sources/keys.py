"""Which key belongs to which server. A key goes to the origin that it was configured for and to no other.

``localhost``, ``127.0.0.1`` and ``[::1]`` are three origins: other programs may listen at each.
"""

from __future__ import annotations

from collections.abc import Mapping

from stormdeck.model.discovery import DiscoverySnapshot
from stormdeck.model.server import ServerKind
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import API_KEY, TOKEN, is_trusted, may_send
from stormdeck.sources.address import address
from stormdeck.sources.named import Named, base_url
from stormdeck.sources.processes import config_of
from stormdeck.sources.upstream import read_litellm_config

Keys = Mapping[str, str]
"""By origin. Never shown, never put into a snapshot."""


def origin_keys(settings: SettingsSnapshot, found: DiscoverySnapshot, named: Named) -> Keys:
    """Return the keys by origin; reads the YAML of the LiteLLMs that were found.

    The client's own token comes first at the base URL, right or wrong: a wrong one is what the user must
    see. LiteLLM's master key is used only where the client has none for it, and only at a proxy that the user
    named or the trusted settings lead to: any program can answer on a usual port as LiteLLM does.
    """
    keys: dict[str, str] = {}

    def belongs(url: str | None, key: str | None) -> None:
        origin = _origin(url or "")
        if origin is not None and key:
            keys.setdefault(origin, key)

    base = base_url(settings)
    belongs(base.url if base is not None else None, client_key(settings))
    known = named_origins(settings, named)
    for server in found.found:
        if server.kind is not ServerKind.LITELLM:
            continue
        path = named.litellm_config or (config_of(server.process) if server.process is not None else None)
        if path is not None:
            config = read_litellm_config(path)
            if _origin(server.url) in known:
                belongs(server.url, config.master_key)
            belongs(config.api_base, config.api_key)
    return keys


def key_for(url: str, keys: Keys) -> str | None:
    """Return the key that belongs to the origin of a URL."""
    origin = _origin(url)
    return keys.get(origin) if origin is not None else None


def client_key(settings: SettingsSnapshot) -> str | None:
    """Return what may be sent to the base URL in force: the token, else the key; ``None`` where it is withheld."""
    path = next((one for one in (TOKEN, API_KEY) if settings.text(one)), None)
    return settings.text(path) if path is not None and may_send(settings, path) else None


def named_origins(settings: SettingsSnapshot, named: Named) -> frozenset[str]:
    """Return the origins that are the user's word: by a flag, or by settings that are trusted."""
    base = base_url(settings) if is_trusted(settings) else None
    urls = (named.vllm, named.proxy, base.url if base is not None else None)
    return frozenset(origin for url in urls if (origin := _origin(url or "")) is not None)


def _origin(url: str) -> str | None:
    target = address(url)
    return target.origin if target is not None else None
