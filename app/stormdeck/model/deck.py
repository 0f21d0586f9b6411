"""Collect the newest snapshot of every source: everything that is known at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stormdeck.model.finding import HopKind
from stormdeck.model.fleet.snapshot import FleetSnapshot
from stormdeck.model.history.ring import HistorySnapshot
from stormdeck.model.logs.endings import LogTails
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.backends import BackendsSnapshot
from stormdeck.model.snapshots.client_state import ClientState
from stormdeck.model.snapshots.containers import ContainersSnapshot
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, ServerProcess
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHosts
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.snapshots.prefix_cache import PrefixCache
from stormdeck.model.snapshots.timeline import TimelineSnapshot
from stormdeck.model.snapshots.wire import WireSnapshot

# The panel imports the deck before its first paint: what it only names in types is not imported for it.
if TYPE_CHECKING:
    from stormdeck.model.canary.summary import CanaryReport
    from stormdeck.model.finding import Finding
    from stormdeck.model.litellm.config import ProxyConfig
    from stormdeck.model.retries.storms.storm import Storm
    from stormdeck.model.snapshots.client import Exposure
    from stormdeck.model.snapshots.probe import Probe
    from stormdeck.model.snapshots.replay import Replay
    from stormdeck.model.snapshots.server import ProxySnapshot, VllmSnapshot
    from stormdeck.model.snapshots.traffic import TrafficSnapshot


@dataclass(frozen=True, slots=True)
class Deck:
    """The newest snapshot of every source; ``None`` for what is not on the path."""

    discovery: DiscoverySnapshot = field(default_factory=DiscoverySnapshot)
    settings: SettingsSnapshot = field(default_factory=SettingsSnapshot)
    findings: tuple[Finding, ...] = ()
    vllm: VllmSnapshot | None = None
    proxy: ProxySnapshot | None = None
    backends: BackendsSnapshot = field(default_factory=BackendsSnapshot)
    """The servers behind the proxy's model groups, where there is more than one."""
    gpu: GpuSnapshot = field(default_factory=lambda: GpuSnapshot(GpuState.ASKING))
    gpu_hosts: GpuHosts = field(default_factory=GpuHosts)
    """The GPUs of other machines."""
    traffic: TrafficSnapshot | None = None
    history: HistorySnapshot = field(default_factory=HistorySnapshot)
    """The figures of the last hours."""
    wire: WireSnapshot = field(default_factory=WireSnapshot)
    """What recorders between clients and servers see."""
    fleet: FleetSnapshot = field(default_factory=FleetSnapshot)
    """What the Prometheus servers that the user named know of many servers."""
    client_version: str | None = None
    client: ClientState = field(default_factory=ClientState)
    """Whether the client is logged in, and which folders it trusts."""
    named: tuple[str, ...] = ()
    """What the user configured: URLs of servers, the path of the proxy's YAML."""
    version_given: bool = False
    """Whether the user configured the version; then the one in transcripts does not count."""
    canary: CanaryReport | None = None
    """The last canary of this panel."""
    probe: Probe | None = None
    """The answer of the base URL to a request that costs no tokens."""
    exposures: tuple[Exposure, ...] = ()
    """Which other users can read the settings files."""
    proxy_config: ProxyConfig | None = None
    """LiteLLM's YAML, if known."""
    tails: LogTails = field(default_factory=LogTails)
    """What the last lines of the servers' logs show."""
    containers: ContainersSnapshot = field(default_factory=ContainersSnapshot)
    """The containers whose logs are followed."""
    processes: Mapping[str, ServerProcess] = field(default_factory=dict)
    """The last known process of each server on the path, by its URL: it may have ended."""
    back: Mapping[HopKind, float] = field(default_factory=dict)
    """When a server answered again after an outage, in unix seconds."""
    listed_at: float | None = None
    """When vLLM's list of models last changed, in unix seconds."""
    prefix: PrefixCache = field(default_factory=PrefixCache)
    """The hit rates of vLLM's prefix cache over time."""
    timeline: TimelineSnapshot = field(default_factory=TimelineSnapshot)
    """What happened, apart from storms."""
    replay: Replay | None = None
    """The recording that is played; then servers and settings are unknown."""
    own_faults: OwnFaults = field(default_factory=OwnFaults)
    """What stormdeck cannot read or store."""

    @property
    def storms(self) -> tuple[Storm, ...]:
        """Return the known storms, newest first."""
        return self.traffic.storms if self.traffic is not None else ()
