"""The facts that follow from what is known at one moment."""

from __future__ import annotations

from stormdeck.model.deck import Deck
from stormdeck.model.editing.fixing import offered
from stormdeck.model.finding import Finding, HopKind
from stormdeck.model.masking.findings import mask_findings
from stormdeck.model.rules.destination import Destination, destination
from stormdeck.model.rules.facts import Facts, RunningClient, live_of
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.scope import Scope, SettingsSnapshot


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
        client=deck.client,
        named=deck.named,
    )


def is_hosted(deck: Deck) -> bool:
    """Return whether requests go to a hosted gateway, the hosted API or a cloud: nothing there is watched."""
    return destination(facts_of(deck)) in {Destination.GATEWAY, Destination.HOSTED, Destination.CLOUD}


def findings_of(
    deck: Deck,
    settings: SettingsSnapshot | None = None,
    changed: frozenset[str] = frozenset(),
    running: tuple[RunningClient, ...] = (),
    scope: Scope | None = None,
) -> tuple[Finding, ...]:
    """Return what the rules say about the settings of a deck, or about others in their place, worst first.

    Secrets are masked in them. Their fixes are tried: each helps where it is made in ``scope``, or, without one, where
    its value stands.
    """
    shown = settings if settings is not None else deck.settings
    found = untried(deck, shown, changed, running)
    tried = offered(found, shown, lambda after: untried(deck, after, changed, running), scope)
    return mask_findings(tried, shown, deck.proxy_config)


def untried(
    deck: Deck,
    shown: SettingsSnapshot,
    changed: frozenset[str] = frozenset(),
    running: tuple[RunningClient, ...] = (),
) -> tuple[Finding, ...]:
    """Return what the rules say about settings, with fixes that nobody has tried and secrets that are not masked.

    Where there are no settings at all, nothing is wrong with them.
    """
    found = check(facts_of(deck, shown, changed, running))
    if any(file.exists for file in shown.files) or shown.shell:
        return found
    return tuple(finding for finding in found if finding.hop is not HopKind.CLIENT)
