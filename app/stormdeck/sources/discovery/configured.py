"""Find the configured servers and their keys. A key is sent to the origin it was configured for, and to no other.

``localhost``, ``127.0.0.1`` and ``[::1]`` are three origins: different programs may listen at each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.settings.scope import Scope, SettingsSnapshot
from stormdeck.model.settings.trust import API_KEY, TOKEN, is_trusted, may_send
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.urls import why_no_url, with_scheme
from stormdeck.sources.discovery.upstream import read_litellm_config
from stormdeck.sources.net.address import address
from stormdeck.sources.processes.scan import config_of

_NAME = "env.ANTHROPIC_BASE_URL"


@dataclass(frozen=True, slots=True)
class ConfiguredTargets:
    """The servers and files that flags and options name; they win over everything that is found."""

    vllm: str | None = None
    proxy: str | None = None
    logs: tuple[LogSpec, ...] = ()
    litellm_config: Path | None = None


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """The client's base URL, as a server to probe."""

    url: str
    """With its path, but without the API's own path such as ``/v1``."""
    how: str
    """Where it is set, and what was removed or added."""
    hosted: bool
    """It is Anthropic's hosted API, which is not contacted."""


def base_url(settings: SettingsSnapshot) -> BaseUrl | None:
    """Return the base URL in force, ``None`` where there is none or it is not a URL."""
    text = (settings.text(_NAME) or "").strip()
    target = None if why_no_url(text) else address(with_scheme(text))
    if target is None:
        return None
    note = "" if "://" in text or text.lower().startswith(("http:", "https:")) else "it has no scheme, http:// assumed"
    left_out = (target.origin + target.path).removeprefix(target.base)
    if left_out:
        note = "; ".join(part for part in (note, f"its path {left_out[:40]} left out") if part)
    how = f"ANTHROPIC_BASE_URL {_place(settings)}" + (f" ({note})" if note else "")
    return BaseUrl(target.base, how, target.is_hosted)


def _place(settings: SettingsSnapshot) -> str:
    """Return where the base URL is set, in words."""
    scope = settings.effective[_NAME].scope
    file = settings.file(scope)
    if scope is Scope.SHELL or file is None:
        return "of the shell" if scope is Scope.SHELL else f"in the {scope.value} settings"
    home = Path.home()
    shown = f"~/{file.path.relative_to(home)}" if file.path.is_relative_to(home) else str(file.path)
    return f"in {shown}"


Keys = Mapping[str, str]
"""Keys by origin. Never shown, never in a snapshot."""


def origin_keys(settings: SettingsSnapshot, found: DiscoverySnapshot, named: ConfiguredTargets) -> Keys:
    """Return the keys by origin; reads the YAML of each LiteLLM that was found.

    The base URL gets the client's own token, right or wrong: the user must see a wrong one. LiteLLM's master key is
    used only where the client has no token for it, and only for a proxy that the user or trusted settings name: any
    program can answer on a usual port as LiteLLM does.
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
            for api_base, key in config.keys:
                belongs(api_base, key)
    return keys


def key_for(url: str, keys: Keys) -> str | None:
    """Return the key that belongs to the origin of a URL."""
    origin = _origin(url)
    return keys.get(origin) if origin is not None else None


def client_key(settings: SettingsSnapshot) -> str | None:
    """Return the credential for the base URL in force: the token, else the key; ``None`` if it must not be sent."""
    path = next((one for one in (TOKEN, API_KEY) if settings.text(one)), None)
    return settings.text(path) if path is not None and may_send(settings, path) else None


def named_origins(settings: SettingsSnapshot, named: ConfiguredTargets) -> frozenset[str]:
    """Return the origins that the user named, by a flag or by trusted settings."""
    base = base_url(settings) if is_trusted(settings) else None
    urls = (named.vllm, named.proxy, base.url if base is not None else None)
    return frozenset(origin for url in urls if (origin := _origin(url or "")) is not None)


def _origin(url: str) -> str | None:
    target = address(url)
    return target.origin if target is not None else None
