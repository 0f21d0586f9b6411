"""What is known of the servers on the path: the inference server and the proxy before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from stormdeck.model.symbols import Health


class ServerKind(StrEnum):
    """Which program answers, told by what it says and never by its port."""

    VLLM = "vLLM"
    LITELLM = "LiteLLM"
    CLAUDE_CODE_PROXY = "claude-code-proxy"
    CLAUDE_CODE_ROUTER = "claude-code-router"
    OTHER = "server"

    @property
    def is_proxy(self) -> bool:
        """Say whether requests pass through it on their way to an inference server."""
        return self in {ServerKind.LITELLM, ServerKind.CLAUDE_CODE_PROXY, ServerKind.CLAUDE_CODE_ROUTER}


class ServerState(StrEnum):
    """What the last look at a server showed."""

    ASKING = "asking"
    """No answer yet, since none was awaited long enough."""
    UP = "up"
    STARTING = "starting"
    """Its process runs, its port refuses: vLLM does so the whole time it loads (measured, 0.32)."""
    DOWN = "down"
    """Nothing listens, the name does not resolve, or the connection is closed without an answer."""
    SILENT = "no answer"
    """No answer came in time, and none before: it may be late, busy, hung or out of reach. Not known to be down."""
    REFUSING = "refusing"
    """It wants a key that it was not given (401)."""
    DEGRADED = "degraded"
    """It runs, and no request is answered well: its engine hangs or is dead, or it is a front without its server."""
    STALE = "stale"
    """It answered before; the last answer is old."""
    STRANGE = "strange"
    """Something answers, and not as this server does."""

    @property
    def light(self) -> Health:
        """Return the light of this state."""
        return _LIGHTS[self]


_LIGHTS = {
    ServerState.ASKING: Health.UNKNOWN,
    ServerState.UP: Health.OK,
    ServerState.STARTING: Health.WARNING,
    ServerState.DOWN: Health.ERROR,
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
    """The context window in tokens; proxies do not tell it."""
    root: str | None = None


@dataclass(frozen=True, slots=True)
class EngineStats:
    """What vLLM's ``/metrics`` tell of the last window. ``None``: not told, or nothing happened in it."""

    running: int
    waiting: int
    kv_cache_percent: float | None
    prefix_hit_percent: float | None
    """Tokens found in the prefix cache, of the tokens asked for, in the window."""
    prompt_tokens_per_s: float | None
    generation_tokens_per_s: float | None
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    preemptions: int
    """In the window; they never appear in the log (facts/vllm.md)."""
    window_s: int = field(compare=False)
    """The span that the rates and percentiles cover, in whole seconds."""
    prompt_tokens_unfinished: int | None = None
    """Prompt tokens read in the window for requests that never finished, at least.

    Dropped requests count as read, never as finished (public issue 55634). ``None`` unless the engine is at rest: what
    runs has read tokens too.
    """


@dataclass(frozen=True, slots=True)
class VllmSnapshot:
    """One look at one vLLM, rounded to what is shown. Two looks that show the same are equal."""

    url: str
    state: ServerState
    detail: str = ""
    """The state in plain words: what was asked, what came back, what it means."""
    latency_ms: int | None = None
    """Of ``/health``, the median of the last polls."""
    version: str | None = None
    models: tuple[ServedModel, ...] = ()
    engine: EngineStats | None = None
    started: int | None = None
    """Unix seconds at which its process began."""
    pid: int | None = None
    seen: float = field(default=0.0, compare=False)
    """Unix seconds of the last answer, 0.0 when there never was one."""


@dataclass(frozen=True, slots=True)
class ProxySnapshot:
    """One look at the proxy, rounded to what is shown."""

    url: str
    kind: ServerKind
    state: ServerState
    detail: str = ""
    latency_ms: int | None = None
    version: str | None = None
    models: tuple[str, ...] = ()
    in_flight: int | None = None
    """Requests inside the proxy, our own poll taken off; told by LiteLLM with a key only."""
    started: int | None = None
    pid: int | None = None
    seen: float = field(default=0.0, compare=False)


_REFUSED = "connection refused"


def refuses_connections(server: VllmSnapshot | ProxySnapshot) -> bool:
    """Return whether nothing listened on the server's port at the last look."""
    return server.state is ServerState.STARTING or (
        server.state is ServerState.DOWN and server.detail.startswith(_REFUSED)
    )
