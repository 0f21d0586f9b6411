"""Everything that is known at one moment: what the sources last said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stormdeck.model.finding import HopKind
from stormdeck.model.logs.endings import LogTails
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.client_state import ClientState
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.snapshots.prefix_cache import PrefixCache

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
    """The last snapshot of every source; ``None`` where there is no such thing on the path."""

    discovery: DiscoverySnapshot = field(default_factory=DiscoverySnapshot)
    settings: SettingsSnapshot = field(default_factory=SettingsSnapshot)
    findings: tuple[Finding, ...] = ()
    vllm: VllmSnapshot | None = None
    proxy: ProxySnapshot | None = None
    gpu: GpuSnapshot = field(default_factory=lambda: GpuSnapshot(GpuState.ASKING))
    traffic: TrafficSnapshot | None = None
    client_version: str | None = None
    client: ClientState = field(default_factory=ClientState)
    """Whether an account is logged in to the client, and which folders it trusts."""
    named: tuple[str, ...] = ()
    """What the user named as own: the URLs of servers, the path of the proxy's YAML."""
    version_given: bool = False
    """The user named the version: what transcripts tell does not count."""
    canary: CanaryReport | None = None
    """The last canary of this panel."""
    probe: Probe | None = None
    """What the base URL answered to a look that costs nothing."""
    exposures: tuple[Exposure, ...] = ()
    """Who else can read the settings files."""
    proxy_config: ProxyConfig | None = None
    """LiteLLM's YAML, where it is known."""
    tails: LogTails = field(default_factory=LogTails)
    """What the ends of the servers' logs tell."""
    back: Mapping[HopKind, float] = field(default_factory=dict)
    """When a server that had been away answered again, in unix seconds."""
    listed_at: float | None = None
    """When vLLM's list of models was seen to have changed last, in unix seconds."""
    prefix: PrefixCache = field(default_factory=PrefixCache)
    """What vLLM's prefix cache used to give."""
    replay: Replay | None = None
    """The recording that is played; nothing is known of servers and settings then."""
    troubles: OwnFaults = field(default_factory=OwnFaults)
    """What stormdeck itself cannot read or keep."""

    @property
    def storms(self) -> tuple[Storm, ...]:
        """Return the storms that are known, newest first."""
        return self.traffic.storms if self.traffic is not None else ()
