"""What a rule may know: the values of the settings, and who reads and serves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.client import Exposure, RunningClient
from stormdeck.model.snapshots.client_state import ClientState, Login
from stormdeck.model.snapshots.probe import Probe
from stormdeck.model.snapshots.server import EngineStats, ProxySnapshot, ServedModel, VllmSnapshot
from stormdeck.model.urls import same_place
from stormdeck.model.versions import at_least, version_key


@dataclass(frozen=True, slots=True)
class Live:
    """The live side of the facts."""

    probe: Probe | None = None
    vllm: VllmSnapshot | None = None
    proxy: ProxySnapshot | None = None
    command: tuple[str, ...] = ()
    """vLLM's command line, from its process; empty: not known."""
    model_type: str = ""
    """``model_type`` of the folder that vLLM was started with, where it can be read here."""
    bursts_of_400: bool = False
    """A log shows a 400 that was sent again and again within a second."""
    proxies: tuple[str, ...] = field(default=())
    """The URLs of all proxies that were found, for a proxy behind a proxy."""

    def served_at(self, base_url: str) -> tuple[str, ...] | None:
        """Return the ids that a client with this base URL may ask for; ``None``: the server there told none.

        Without a base URL they are those of the server that it would lead to: the proxy, else vLLM.
        """
        proxy, vllm = self.proxy, self.vllm
        if proxy is not None and (not base_url or same_place(proxy.url, base_url)):
            return proxy.models or None
        if vllm is not None and (same_place(vllm.url, base_url) if base_url else self.direct):
            return tuple(model.id for model in vllm.models) or None
        return None

    @property
    def attribution_stripped(self) -> bool:
        """Say whether a vLLM that takes the attribution block out is asked without a proxy between."""
        return self.direct and self.vllm is not None and at_least(self.vllm.version, "0.18")

    @property
    def direct(self) -> bool:
        """Say whether no proxy is known to stand between client and server."""
        return self.proxy is None and not self.proxies

    @property
    def engine(self) -> EngineStats | None:
        """Return the figures of vLLM's engine."""
        return self.vllm.engine if self.vllm is not None else None

    @property
    def vllm_version(self) -> str | None:
        """Return vLLM's version."""
        return self.vllm.version if self.vllm is not None else None

    def model(self, asked: str) -> ServedModel | None:
        """Return what vLLM serves for an id: that entry, else the only one, else none."""
        models = self.vllm.models if self.vllm is not None else ()
        found = next((model for model in models if model.id == asked), None)
        same = {(model.root, model.max_model_len) for model in models}
        return found or (models[0] if len(same) == 1 else None)


NEWEST = "2.1.329"
"""The newest client that was measured: an unknown version is taken for it."""
TIER_IDS: Mapping[str, str] = {
    "sonnet": "env.ANTHROPIC_DEFAULT_SONNET_MODEL",
    "opus": "env.ANTHROPIC_DEFAULT_OPUS_MODEL",
    "haiku": "env.ANTHROPIC_DEFAULT_HAIKU_MODEL",
}
"""Which setting maps a tier; the tiers that every measured client asks for."""
FABLE_ID = "env.ANTHROPIC_DEFAULT_FABLE_MODEL"
CUSTOM_OPTION = "env.ANTHROPIC_CUSTOM_MODEL_OPTION"
BASE_URL = "env.ANTHROPIC_BASE_URL"


@dataclass(frozen=True, slots=True)
class Facts:
    """The values in force, and what is known around them.

    What is not known is empty or ``None``; the rules that need it are silent.
    """

    values: Mapping[str, str | None]
    """By key path, as the text that the client makes of it; ``None`` is JSON null."""
    client_version: str | None = None
    """``2.1.329``; ``None``: not known."""
    served: tuple[str, ...] | None = None
    """The ids of ``/v1/models``; ``None`` or empty: not known."""
    attribution_stripped: bool = False
    """The live server is a vLLM (0.18 or later) that takes the attribution block out, and no proxy is between."""
    settings: SettingsSnapshot | None = None
    """The files that the values are from: for places, for what loses, and for files that are not in effect."""
    live: Live = field(default_factory=Live)
    proxy_config: ProxyConfig | None = None
    """LiteLLM's YAML."""
    exposures: tuple[Exposure, ...] = ()
    changed: frozenset[str] = frozenset()
    """The key paths that an edit changes, or changed after the running clients had begun."""
    running: tuple[RunningClient, ...] = ()
    client: ClientState = field(default_factory=ClientState)
    """Whether an account is logged in."""
    named: tuple[str, ...] = ()
    """What the user named as own: the URLs of servers, the path of the proxy's YAML."""

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
        """Return the facts of the values in force; what ``live`` tells of the served ids need not be told twice."""
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
        """Say whether a value that is missing here is missing for the client.

        Not while a file is not in effect: what is missing may stand in it, and that file is what is wrong.
        """
        return not (self.settings is not None and self.settings.broken)

    def text(self, path: str) -> str:
        """Return a value with blanks at its ends taken off, empty where it is not set."""
        return (self.values.get(path) or "").strip()

    def raw(self, path: str) -> str | None:
        """Return a value as written, ``None`` where it is not set or null."""
        return self.values.get(path)

    def root_or_env(self, name: str) -> str:
        """Return a variable from ``env``, or from the root, where it has no effect but tells what was meant."""
        return self.text(f"env.{name}") or self.text(name)

    def since(self, version: str) -> bool:
        """Say whether the client is of a version or later; an unknown one is taken for the newest."""
        return version_key(self.client_version or NEWEST) >= version_key(version)

    @property
    def known_version(self) -> bool:
        """Say whether the client's version is known."""
        return self.client_version is not None

    @property
    def login(self) -> Login:
        """Return whether an account is logged in; its token in a variable counts too (measured)."""
        return Login.ACCOUNT if self.text("env.CLAUDE_CODE_OAUTH_TOKEN") else self.client.login

    @property
    def has_base_url(self) -> bool:
        """Say whether requests are meant for a server of one's own."""
        return bool(self.root_or_env("ANTHROPIC_BASE_URL"))
