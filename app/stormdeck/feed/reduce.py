"""How a snapshot changes the deck."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.discovery import DiscoverySnapshot
from stormdeck.model.finding import Finding
from stormdeck.model.gpu import GpuSnapshot
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.registry import check
from stormdeck.model.server import ProxySnapshot, VllmSnapshot
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.traffic import TrafficSnapshot

Snapshot = DiscoverySnapshot | SettingsSnapshot | VllmSnapshot | ProxySnapshot | GpuSnapshot | TrafficSnapshot


def take(deck: Deck, snapshot: Snapshot) -> Deck:
    """Return the deck with a snapshot in its place, and the findings that follow from it."""
    if isinstance(snapshot, GpuSnapshot):
        return replace(deck, gpu=snapshot)
    if isinstance(snapshot, TrafficSnapshot):
        return replace(deck, traffic=snapshot)
    if isinstance(snapshot, ProxySnapshot):
        known = served_ids(deck)
        deck = replace(deck, proxy=snapshot)
        return deck if known == served_ids(deck) else replace(deck, findings=findings(deck))
    if isinstance(snapshot, DiscoverySnapshot):
        return replace(deck, discovery=snapshot)
    if isinstance(snapshot, VllmSnapshot):
        known = served_ids(deck)
        deck = replace(deck, vllm=snapshot)
        return deck if known == served_ids(deck) else replace(deck, findings=findings(deck))
    deck = replace(deck, settings=snapshot)
    return replace(deck, findings=findings(deck))


def findings(deck: Deck) -> tuple[Finding, ...]:
    """Return what the rules say about the settings in force, with what the live server serves."""
    if not any(file.exists for file in deck.settings.files):
        return ()
    return check(Facts.effective(deck.settings, deck.client_version, served_ids(deck)))


def served_ids(deck: Deck) -> tuple[str, ...] | None:
    """Return the ids that the client may ask for, ``None`` where nobody told: a proxy has names of its own."""
    if deck.proxy is not None:
        return deck.proxy.models or None
    return tuple(model.id for model in deck.vllm.models) or None if deck.vllm else None
