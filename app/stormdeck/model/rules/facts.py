"""Define the facts that rules are given: settings, running servers, and the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.client import Exposure, RunningClient
from stormdeck.model.snapshots.client_state import ClientState, Login
from stormdeck.model.snapshots.probe import Probe
from stormdeck.model.snapshots.server import EngineStats, ProxySnapshot, ServedModel, ServerKind, VllmSnapshot
from stormdeck.model.urls import same_place
from stormdeck.model.versions import at_least, version_key


@dataclass(frozen=True, slots=True)
class Live:
    """Facts about running servers."""

    probe: Probe | None = None
    vllm: VllmSnapshot | None = None
    proxy: ProxySnapshot | None = None
    command: tuple[str, ...] = ()
    """vLLM's command line, from its process; empty if it is not known."""
    model_type: str = ""
    """``model_type`` from config.json in vLLM's model folder, if it can be read."""
    has_own_network: bool = False
    """vLLM listens in a network of its own, so its port is not one of this machine."""
    bursts_of_400: bool = False
    """A log shows requests that were sent again and again within a second after a 400."""
    proxies: tuple[str, ...] = field(default=())
    """The URLs of all proxies that were found, to detect a proxy behind a proxy."""

    def served_at(self, base_url: str) -> tuple[str, ...] | None:
        """Return the ids that can be requested at a base URL; ``None`` if the server lists none.

        For an empty base URL, return the ids of the proxy, or of vLLM if there is no proxy.
        """
        proxy, vllm = self.proxy, self.vllm
        if proxy is not None and (not base_url or same_place(proxy.url, base_url)):
            return proxy.models or None
        if vllm is not None and (same_place(vllm.url, base_url) if base_url else self.direct):
            return tuple(model.id for model in vllm.models) or None
        return None

    def lister(self, base_url: str) -> ServerKind | None:
        """Return the kind of the server whose list ``served_at`` returns."""
        if self.proxy is not None and (not base_url or same_place(self.proxy.url, base_url)):
            return self.proxy.kind
        return self.vllm.kind if self.vllm is not None else None

    @property
    def attribution_stripped(self) -> bool:
        """Return whether vLLM removes the attribution block and there is no proxy in between."""
        return self.direct and at_least(self.vllm_version, "0.18")

    @property
    def direct(self) -> bool:
        """Return whether no proxy is known between client and server."""
        return self.proxy is None and not self.proxies

    @property
    def engine(self) -> EngineStats | None:
        """Return the metrics of vLLM's engine; ``None`` for a server of another kind."""
        return self.vllm.engine if self.vllm is not None and self.vllm.kind is ServerKind.VLLM else None

    @property
    def is_other_engine(self) -> bool:
        """Return whether the inference server is known to be another program than vLLM."""
        return self.vllm is not None and self.vllm.kind is not ServerKind.VLLM

    @property
    def vllm_version(self) -> str | None:
        """Return vLLM's version; ``None`` for a server of another kind."""
        return self.vllm.version if self.vllm is not None and self.vllm.kind is ServerKind.VLLM else None

    def model(self, asked: str) -> ServedModel | None:
        """Return vLLM's entry for an id, or the only entry, else ``None``."""
        models = self.vllm.models if self.vllm is not None else ()
        found = next((model for model in models if model.id == asked), None)
        same = {(model.root, model.max_model_len) for model in models}
        return found or (models[0] if len(same) == 1 else None)


MEASURED = ("2.1.42", "2.1.112", "2.1.329", "2.1.332")
"""The versions of Claude Code that ``tests/real`` runs."""
NEWEST = max(MEASURED, key=version_key)
"""The newest measured version of Claude Code; an unknown version counts as this one."""
TIER_IDS: Mapping[str, str] = {
    "sonnet": "env.ANTHROPIC_DEFAULT_SONNET_MODEL",
    "opus": "env.ANTHROPIC_DEFAULT_OPUS_MODEL",
    "haiku": "env.ANTHROPIC_DEFAULT_HAIKU_MODEL",
}
"""The settings that map the tiers which all measured versions use."""
FABLE_ID = "env.ANTHROPIC_DEFAULT_FABLE_MODEL"
CUSTOM_OPTION = "env.ANTHROPIC_CUSTOM_MODEL_OPTION"
BASE_URL = "env.ANTHROPIC_BASE_URL"


@dataclass(frozen=True, slots=True)
class Facts:
    """The effective settings, and what is known about servers and client.

    Unknown facts are empty or ``None``; rules that need them report nothing.
    """

    values: Mapping[str, str | None]
    """By key path, converted to text as Claude Code does; ``None`` is JSON null."""
    client_version: str | None = None
    """``2.1.329``; ``None`` if it is not known."""
    served: tuple[str, ...] | None = None
    """The ids in ``/v1/models``; ``None`` or empty if they are not known."""
    attribution_stripped: bool = False
    """The server is vLLM 0.18 or later, which removes the attribution block, and there is no proxy in between."""
    settings: SettingsSnapshot | None = None
    """The files of the values: for positions, overridden values, and files that are not in effect."""
    live: Live = field(default_factory=Live)
    proxy_config: ProxyConfig | None = None
    """LiteLLM's YAML."""
    exposures: tuple[Exposure, ...] = ()
    changed: frozenset[str] = frozenset()
    """The key paths that an edit changes, or that changed after the running clients started."""
    running: tuple[RunningClient, ...] = ()
    client: ClientState = field(default_factory=ClientState)
    """Whether an account is logged in."""
    named: tuple[str, ...] = ()
    """What the user named with flags: URLs of servers, the path of the proxy's YAML."""

    @classmethod
    def effective(
        cls,
        snapshot: SettingsSnapshot,
        client_version: str | None = None,
        served: tuple[str, ...] | None = None,
        *,
        attribution_stripped: bool = False,
        live: Live | None = None,
        proxy_config: ProxyConfig | None = None,
        exposures: tuple[Exposure, ...] = (),
        changed: frozenset[str] = frozenset(),
        running: tuple[RunningClient, ...] = (),
        client: ClientState | None = None,
        named: tuple[str, ...] = (),
    ) -> Facts:
        """Return the facts of the effective settings; ``served`` defaults to the ids that ``live`` lists."""
        live = live or Live()
        return cls(
            values=snapshot.texts,
            client_version=client_version,
            served=served if served is not None else live.served_at((snapshot.text(BASE_URL) or "").strip()),
            attribution_stripped=attribution_stripped or live.attribution_stripped,
            settings=snapshot,
            live=live,
            proxy_config=proxy_config,
            exposures=exposures,
            changed=changed,
            running=running,
            client=client or ClientState(),
            named=named,
        )

    @property
    def complete(self) -> bool:
        """Return whether a missing value is really missing.

        False while a settings file is not in effect: the value may be in that file.
        """
        return not (self.settings is not None and self.settings.broken)

    def text(self, path: str) -> str:
        """Return a value without surrounding spaces, empty if it is not set."""
        return (self.values.get(path) or "").strip()

    def raw(self, path: str) -> str | None:
        """Return a value as written, ``None`` if it is not set or null."""
        return self.values.get(path)

    def root_or_env(self, name: str) -> str:
        """Return a variable from ``env``, or from the top level, where it has no effect but shows the intention."""
        return self.text(f"env.{name}") or self.text(name)

    def since(self, version: str) -> bool:
        """Return whether the client has this version or a later one; an unknown version counts as the newest."""
        return version_key(self.client_version or NEWEST) >= version_key(version)

    @property
    def known_version(self) -> bool:
        """Return whether the client's version is known."""
        return self.client_version is not None

    @property
    def login(self) -> Login:
        """Return whether an account is logged in; its token in a variable counts too (measured)."""
        return Login.ACCOUNT if self.text("env.CLAUDE_CODE_OAUTH_TOKEN") else self.client.login

    @property
    def has_base_url(self) -> bool:
        """Return whether a base URL is set, even at the top level by mistake."""
        return bool(self.root_or_env("ANTHROPIC_BASE_URL"))
