"""The facts that follow from what is known at one moment."""

from __future__ import annotations

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding
from stormdeck.model.masking.findings import mask_findings
from stormdeck.model.path import HopKind
from stormdeck.model.rules.facts import Facts, RunningClient
from stormdeck.model.rules.live import live_of
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.scope import SettingsSnapshot


def facts_of(
    deck: Deck,
    settings: SettingsSnapshot | None = None,
    changed: frozenset[str] = frozenset(),
    running: tuple[RunningClient, ...] = (),
) -> Facts:
    """Return what the rules may know, about the settings of a deck or about others in their place."""
    return Facts.effective(
        settings if settings is not None else deck.settings,
        deck.client_version,
        live=live_of(deck, deck.probe),
        proxy_config=deck.proxy_config,
        exposures=deck.exposures,
        changed=changed,
        running=running,
    )


def findings_of(
    deck: Deck,
    settings: SettingsSnapshot | None = None,
    changed: frozenset[str] = frozenset(),
    running: tuple[RunningClient, ...] = (),
) -> tuple[Finding, ...]:
    """Return what the rules say about the settings of a deck, or about others in their place, worst first.

    Secrets are masked in them. Where there are no settings at all, nothing is wrong with them.
    """
    shown = settings if settings is not None else deck.settings
    found = mask_findings(check(facts_of(deck, settings, changed, running)), shown, deck.proxy_config)
    if any(file.exists for file in shown.files) or shown.shell:
        return found
    return tuple(finding for finding in found if finding.hop is not HopKind.CLIENT)
