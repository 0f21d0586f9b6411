"""How a snapshot changes the deck."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.client import ClientSnapshot
from stormdeck.model.deck import Deck
from stormdeck.model.discovery import DiscoverySnapshot
from stormdeck.model.gpu import GpuSnapshot
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.rules.gather import findings_of
from stormdeck.model.server import ProxySnapshot, VllmSnapshot
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.traffic import TrafficSnapshot

Snapshot = (
    DiscoverySnapshot
    | SettingsSnapshot
    | ClientSnapshot
    | VllmSnapshot
    | ProxySnapshot
    | ProxyConfig
    | GpuSnapshot
    | TrafficSnapshot
)


def take(deck: Deck, snapshot: Snapshot) -> Deck:
    """Return the deck with a snapshot in its place, and the findings that follow from it."""
    match snapshot:
        case GpuSnapshot():
            return replace(deck, gpu=snapshot)
        case TrafficSnapshot():
            deck = replace(deck, traffic=snapshot)
            if snapshot.client_version in {"", deck.client_version} or deck.version_given:
                return deck
            deck = replace(deck, client_version=snapshot.client_version)
        case ProxySnapshot():
            deck = replace(deck, proxy=snapshot)
        case VllmSnapshot():
            deck = replace(deck, vllm=snapshot)
        case DiscoverySnapshot():
            deck = replace(deck, discovery=snapshot)
        case ProxyConfig():
            deck = replace(deck, proxy_config=snapshot)
        case ClientSnapshot():
            version = deck.client_version if deck.version_given else snapshot.version
            deck = replace(deck, client_version=version, exposures=snapshot.exposures)
        case SettingsSnapshot():
            deck = replace(deck, settings=snapshot)
    return replace(deck, findings=findings_of(deck))
