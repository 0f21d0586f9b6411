"""What one look at the live servers showed."""

from __future__ import annotations

from dataclasses import dataclass, field

from stormdeck.model.discovery import DiscoverySnapshot
from stormdeck.model.rules.live import Probe
from stormdeck.model.server import ProxySnapshot, VllmSnapshot


@dataclass(frozen=True, slots=True)
class Look:
    """What the servers on the path said, once. The default: they were not asked."""

    discovery: DiscoverySnapshot = field(default_factory=DiscoverySnapshot)
    vllm: VllmSnapshot | None = None
    proxy: ProxySnapshot | None = None
    probe: Probe | None = None
    note: str = ""
    """Why the look is not whole, in words."""
