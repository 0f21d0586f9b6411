"""Apply a snapshot to the deck."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.history.ring import HistorySnapshot
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.logs.endings import LogTails
from stormdeck.model.rules.collect import facts_of, findings_of
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.backends import BackendsSnapshot
from stormdeck.model.snapshots.client import ClientSnapshot
from stormdeck.model.snapshots.containers import ContainersSnapshot
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Left
from stormdeck.model.snapshots.gpu import GpuSnapshot
from stormdeck.model.snapshots.gpu_hosts import GpuHosts
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.snapshots.probe import Probe
from stormdeck.model.snapshots.replay import Replay
from stormdeck.model.snapshots.server import ProxySnapshot, ServerState, VllmSnapshot
from stormdeck.model.snapshots.timeline import TimelineSnapshot
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.snapshots.wire import WireSnapshot

Snapshot = (
    DiscoverySnapshot
    | SettingsSnapshot
    | ClientSnapshot
    | VllmSnapshot
    | ProxySnapshot
    | BackendsSnapshot
    | Probe
    | ProxyConfig
    | GpuSnapshot
    | GpuHosts
    | TrafficSnapshot
    | HistorySnapshot
    | WireSnapshot
    | LogTails
    | ContainersSnapshot
    | Replay
    | OwnFaults
    | TimelineSnapshot
    | Left
)

Server = VllmSnapshot | ProxySnapshot
_AWAY = {
    ServerState.DOWN,
    ServerState.UNREACHABLE,
    ServerState.STARTING,
    ServerState.SILENT,
    ServerState.DEGRADED,
    ServerState.STALE,
}

_FIELDS = {
    DiscoverySnapshot: "discovery",
    SettingsSnapshot: "settings",
    VllmSnapshot: "vllm",
    ProxySnapshot: "proxy",
    BackendsSnapshot: "backends",
    Probe: "probe",
    ProxyConfig: "proxy_config",
    GpuSnapshot: "gpu",
    GpuHosts: "gpu_hosts",
    TrafficSnapshot: "traffic",
    HistorySnapshot: "history",
    WireSnapshot: "wire",
    LogTails: "tails",
    ContainersSnapshot: "containers",
    Replay: "replay",
    OwnFaults: "own_faults",
    TimelineSnapshot: "timeline",
}
"""Field of the deck for each type of snapshot."""


def take(deck: Deck, snapshot: Snapshot) -> Deck:
    """Return the deck with a snapshot applied. The rules run only if their inputs changed."""
    after = _applied(deck, snapshot)
    if facts_of(after) == facts_of(deck):
        return after
    return replace(after, findings=findings_of(after))


def _applied(deck: Deck, snapshot: Snapshot) -> Deck:
    if isinstance(snapshot, ClientSnapshot):
        version = _version(deck, snapshot.version or "")
        return replace(deck, client_version=version, exposures=snapshot.exposures, client=snapshot.state)
    if isinstance(snapshot, Left):
        if snapshot.hop is HopKind.PROXY:
            return replace(deck, proxy=None, proxy_config=None, backends=BackendsSnapshot())
        return replace(deck, vllm=None)
    if isinstance(snapshot, TrafficSnapshot):
        deck = replace(deck, client_version=_version(deck, snapshot.client_version))
    if isinstance(snapshot, DiscoverySnapshot):
        running = {one.url: one.process for one in snapshot.found if one.process is not None}
        on_path = {one.url for one in snapshot.found}
        ended = {url: process for url, process in deck.processes.items() if url in on_path}
        deck = replace(deck, processes={**ended, **running})
    if isinstance(snapshot, VllmSnapshot):
        deck = replace(deck, prefix=deck.prefix.updated(snapshot, deck.client_version))
        deck = _with_return(deck, HopKind.SERVER, deck.vllm, snapshot)
        before = deck.vllm.models if deck.vllm is not None else ()
        if before and snapshot.models and before != snapshot.models:
            deck = replace(deck, listed_at=snapshot.seen)
    if isinstance(snapshot, ProxySnapshot):
        deck = _with_return(deck, HopKind.PROXY, deck.proxy, snapshot)
    field: dict[str, Any] = {_FIELDS[type(snapshot)]: snapshot}
    return replace(deck, **field)


def _with_return(deck: Deck, hop: HopKind, before: Server | None, now: Server) -> Deck:
    """Return the deck with the time at which a server that was away came back."""
    came_back = before is not None and before.state in _AWAY and now.state is ServerState.UP and before.url == now.url
    return replace(deck, back={**deck.back, hop: now.seen}) if came_back else deck


def _version(deck: Deck, detected: str) -> str | None:
    """Return the client's version: the one the user named, else the one detected last."""
    return deck.client_version if deck.version_given or not detected else detected
