"""What one or more Prometheus servers know of all vLLM instances and LiteLLM proxies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FleetState(StrEnum):
    """What came of the last round of queries."""

    OFF = "off"
    """No Prometheus is given."""
    ASKING = "asking"
    """The first answer is awaited."""
    OK = "ok"
    PARTLY = "partly"
    """Some queries or some of several Prometheus servers did not answer."""
    NO_SERVERS = "no servers"
    """It answers and has no metrics of vLLM or LiteLLM."""
    SLOW = "slow"
    """No answer within the time limit."""
    REFUSED = "refused"
    """The connection was refused."""
    UNREACHABLE = "unreachable"
    """No connection for another reason: its name, its certificate, a gateway without the server behind it."""
    DENIED = "denied"
    """401 or 403."""
    NOT_PROMETHEUS = "not prometheus"
    """It answers with something else."""
    TOO_MANY = "too many"
    """More series than stormdeck reads; what was read is shown."""


@dataclass(frozen=True, slots=True)
class GpuShare:
    """The GPUs of the host of an instance."""

    count: int
    use: float | None = None
    """Mean use, 0 to 1."""
    memory: float | None = None
    """Used memory, 0 to 1."""
    power_w: float | None = None


@dataclass(frozen=True, slots=True)
class Replica:
    """One vLLM instance. ``None`` is unknown."""

    key: str
    """What names it uniquely: the Prometheus it is from, job and instance or pod."""
    name: str
    """What a user calls it: pod or ``host:port``."""
    model: str = ""
    up: bool | None = None
    running: float | None = None
    waiting: float | None = None
    kv_cache: float | None = None
    """Used share of the KV cache, 0 to 1."""
    prefix_hits: float | None = None
    """Share of prefix cache hits over the last minutes, 0 to 1."""
    first_token_p95_s: float | None = None
    tokens_per_s: float | None = None
    """Generated tokens a second."""
    requests_per_s: float | None = None
    preemptions_per_s: float | None = None
    version: str = ""
    host: str = ""
    gpu: GpuShare | None = None
    scraped_at: float | None = None
    """The time of the newest sample, in unix seconds."""
    number: int = 0
    """Its place among the instances of its model, by name, from 1: what statements call replica 3."""
    first_token_p50_s: float | None = None
    first_tokens: float | None = None
    """How many first tokens the two figures before are of."""
    prefix_tokens_per_s: float | None = None
    """Prompt tokens a second that the hit rate is of."""
    prefix_hits_before: float | None = None
    """The hit rate of the hour before, 0 to 1; ``None`` where too few prompts came."""
    waited_for_s: float | None = None
    """How long requests have been waiting at every scrape, if they have for that long and did not become fewer."""


@dataclass(frozen=True, slots=True)
class ProxyRow:
    """One LiteLLM. ``None`` is unknown."""

    key: str
    name: str
    up: bool | None = None
    requests_per_s: float | None = None
    failures_per_s: Mapping[str, float] = field(default_factory=dict)
    """Failed requests a second by class of the exception."""
    cooldowns: tuple[str, ...] = ()
    """The deployments that were cooled down in the last minutes."""
    user_agents: Mapping[str, float] = field(default_factory=dict)
    """Requests a second by user agent, the largest first, bounded."""
    version: str = ""


@dataclass(frozen=True, slots=True)
class FleetStatement:
    """One sentence about the fleet, the gravest first."""

    text: str
    """For instance: replica 3 of qwen: first token 4.1 s, 4 times its siblings' 1.0 s."""
    error: bool = False
    """Whether something fails now; else it is a warning."""
    keys: tuple[str, ...] = ()
    """The rows that it is about."""
    brief: tuple[str, str] = ("", "")
    """The same for a narrow pane: what, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class FleetSnapshot:
    """All instances and proxies at one moment."""

    state: FleetState = FleetState.OFF
    note: str = ""
    """What is wrong with the answers, in a sentence; empty if nothing is."""
    next_step: str = ""
    """What the user can do about it; empty if nothing."""
    sources: tuple[str, ...] = ()
    """The Prometheus servers, without credentials."""
    replicas: tuple[Replica, ...] = ()
    """Grouped by model, within it what is wrong first."""
    proxies: tuple[ProxyRow, ...] = ()
    statements: tuple[FleetStatement, ...] = ()
    taken_at: float | None = None
    """When the answers came, in unix seconds."""
    omitted: int = 0
    """Instances that were not read: there are more than stormdeck shows."""
    interval_s: float | None = None
    """The scrape interval, in seconds, as found from the samples; ``None`` until it is known."""
