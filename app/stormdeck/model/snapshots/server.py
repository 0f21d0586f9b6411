"""Hold the state of the servers on the path: the inference server, and the proxy in front of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from stormdeck.model.snapshots.failure import CUT_WORDS
from stormdeck.model.symbols import Health

FULL_PERCENT = 95.0
"""Use of the KV cache from which on an engine counts as full."""


class ServerKind(StrEnum):
    """The program that answers, recognised by its answers and not by its port."""

    VLLM = "vLLM"
    LITELLM = "LiteLLM"
    CLAUDE_CODE_PROXY = "claude-code-proxy"
    CLAUDE_CODE_ROUTER = "claude-code-router"
    SGLANG = "SGLang"
    LLAMA_SERVER = "llama-server"
    OLLAMA = "Ollama"
    LM_STUDIO = "LM Studio"
    TGI = "TGI"
    TENSORRT_LLM = "TensorRT-LLM"
    MLX = "MLX"
    OTHER = "server"

    @property
    def is_proxy(self) -> bool:
        """Return whether it passes requests on to an inference server."""
        return self in {ServerKind.LITELLM, ServerKind.CLAUDE_CODE_PROXY, ServerKind.CLAUDE_CODE_ROUTER}

    @property
    def is_engine(self) -> bool:
        """Return whether it is a known inference server."""
        return not self.is_proxy and self is not ServerKind.OTHER


class ServerState(StrEnum):
    """The state of a server at the last poll."""

    ASKING = "asking"
    """No answer yet, and no timeout yet."""
    UP = "up"
    STARTING = "starting"
    """Its process runs, but the port refuses connections, as with vLLM during the whole start (measured, 0.32)."""
    DOWN = "down"
    """Nothing listens, or its process has ended."""
    UNREACHABLE = "not reachable from here"
    """Its host name is not known on this machine. It may be known where the proxy runs: nothing shows it to be down."""
    SILENT = "no answer"
    """No complete answer, and none before. It may be slow, busy, hung or unreachable, but is not known to be down."""
    REFUSING = "refusing"
    """It requires a key that it was not given (401)."""
    DEGRADED = "degraded"
    """It runs, but every request fails: its engine hangs or is dead, or what is in front of it answers in its place."""
    STALE = "stale"
    """It answered before, but the last answer is old."""
    STRANGE = "strange"
    """Something answers, but not as this kind of server does."""

    @property
    def health(self) -> Health:
        """Return the health of this state."""
        return _HEALTH[self]


_HEALTH = {
    ServerState.ASKING: Health.UNKNOWN,
    ServerState.UP: Health.OK,
    ServerState.STARTING: Health.WARNING,
    ServerState.DOWN: Health.ERROR,
    ServerState.UNREACHABLE: Health.UNKNOWN,
    ServerState.SILENT: Health.UNKNOWN,
    ServerState.REFUSING: Health.ERROR,
    ServerState.DEGRADED: Health.ERROR,
    ServerState.STALE: Health.STALE,
    ServerState.STRANGE: Health.ERROR,
}


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One entry of ``/v1/models``."""

    id: str
    max_model_len: int | None = None
    """The context window in tokens; proxies do not report it."""
    root: str | None = None


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """The load of one engine; with data parallelism a server has several."""

    name: str
    """The engine's label in the metrics, ``0``; empty for the only engine."""
    running: int
    waiting: int
    kv_cache_percent: float | None
    preemptions: int
    stalled_s: int = 0
    """For how long its requests have run without a token, in tens of seconds; 0 if that is normal."""

    @property
    def is_crowded(self) -> bool:
        """Return whether it has more requests than its KV cache can hold."""
        is_full = self.kv_cache_percent is not None and self.kv_cache_percent >= FULL_PERCENT
        return bool(self.preemptions) or (is_full and self.waiting > 0)


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Figures of the last window from vLLM's ``/metrics``. ``None``: not reported, or nothing happened."""

    running: int
    waiting: int
    kv_cache_percent: float | None
    prefix_hit_percent: float | None
    """Share of the prompt tokens in the window that were found in the prefix cache."""
    prompt_tokens_per_s: float | None
    generation_tokens_per_s: float | None
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    preemptions: int
    """In the window; vLLM does not log them (facts/vllm.md)."""
    window_s: int = field(compare=False)
    """The time that the rates and percentiles cover, in whole seconds."""
    prompt_tokens_unfinished: int | None = None
    """Lower bound of the prompt tokens that were read in the window for requests that never finished.

    Aborted requests count as read, but never as finished (public issue 55634). ``None`` unless the engine is idle:
    running requests have read tokens, too.
    """
    finished: int | None = None
    """Requests that ended since the server started, however they ended."""
    engines: tuple[EngineLoad, ...] = ()
    """The data-parallel engines, judged one by one; empty if there is only one engine."""

    @property
    def loads(self) -> tuple[EngineLoad, ...]:
        """Return the load of each engine; a full cache matters only to the requests of its own engine."""
        only = EngineLoad("", self.running, self.waiting, self.kv_cache_percent, self.preemptions)
        return self.engines or (only,)

    @property
    def crowded(self) -> tuple[EngineLoad, ...]:
        """Return the engines that have more requests than their KV caches can hold."""
        return tuple(one for one in self.loads if one.is_crowded)

    @property
    def stalled(self) -> tuple[EngineLoad, ...]:
        """Return the data-parallel engines that hang, while others work."""
        return tuple(one for one in self.engines if one.stalled_s)


@dataclass(frozen=True, slots=True)
class VllmSnapshot:
    """The state of an inference server at one moment, rounded to what is shown.

    Snapshots that look the same are equal.
    """

    url: str
    state: ServerState
    detail: str = ""
    """The state in plain words: the request, the answer, and what it means."""
    latency_ms: int | None = None
    """Latency of ``/health``, the median of the last polls."""
    version: str | None = None
    models: tuple[ServedModel, ...] = ()
    engine: EngineStats | None = None
    started: int | None = None
    """When its process started, in unix seconds."""
    pid: int | None = None
    seen: float = field(default=0.0, compare=False)
    """When it last answered, in unix seconds; 0.0 if it never did."""
    kind: ServerKind = ServerKind.VLLM
    figures_hidden: bool = False
    """A gateway in front of it passes only the API: its figures are not known."""


@dataclass(frozen=True, slots=True)
class ProxySnapshot:
    """The state of a proxy at one moment, rounded to what is shown."""

    url: str
    kind: ServerKind
    state: ServerState
    detail: str = ""
    latency_ms: int | None = None
    version: str | None = None
    models: tuple[str, ...] = ()
    in_flight: int | None = None
    """Requests in the proxy, without stormdeck's own poll; reported by LiteLLM, and only with a key."""
    started: int | None = None
    pid: int | None = None
    seen: float = field(default=0.0, compare=False)


_REFUSED = "connection refused"
_LOADING = "/v1/models"
"""How ``detail`` begins where a server answers that it loads its model."""
FRONT_ALONE = "the front answers"
"""How ``detail`` begins where a gateway answers in place of the server behind it."""


def refuses_connections(server: VllmSnapshot | ProxySnapshot) -> bool:
    """Return whether nothing listened on the server's port at the last poll."""
    is_loading = server.state is ServerState.STARTING and not server.detail.startswith(_LOADING)
    is_down = server.state is ServerState.DOWN and server.detail.startswith(_REFUSED)
    return (is_loading and CUT_WORDS not in server.detail) or is_down


def is_front_alone(server: VllmSnapshot | ProxySnapshot) -> bool:
    """Return whether what is in front of a server answered that the server behind it does not."""
    return server.state is ServerState.DEGRADED and server.detail.startswith(FRONT_ALONE)
