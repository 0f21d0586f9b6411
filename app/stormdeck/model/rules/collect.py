"""Run the rules on a deck: build their facts from its snapshots, and check their fixes."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind
from stormdeck.model.masking.findings import mask_findings
from stormdeck.model.rules.client.timeouts import is_beyond_timeout
from stormdeck.model.rules.destination import Destination, destination
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.fixing import with_working_fixes
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.scope import Scope, SettingsSnapshot
from stormdeck.model.snapshots.client import RunningClient
from stormdeck.model.snapshots.probe import Probe
from stormdeck.model.snapshots.server import FULL_PERCENT, EngineStats, ServerKind

_DEMO = "stormdeck.demo.vllm"
"""The demo server has none of vLLM's options, so its command line is not judged."""


def facts_of(
    deck: Deck,
    settings: SettingsSnapshot | None = None,
    changed: frozenset[str] = frozenset(),
    running: tuple[RunningClient, ...] = (),
) -> Facts:
    """Return the facts for the rules; ``settings`` replaces the settings of the deck."""
    facts = Facts.effective(
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
    return facts if is_beyond_timeout(facts) else replace(facts, live=_without_first_token(facts.live))


def is_hosted(deck: Deck) -> bool:
    """Return whether requests go to a hosted gateway, the hosted API or a cloud, which stormdeck does not watch."""
    return destination(facts_of(deck)) in {Destination.GATEWAY, Destination.HOSTED, Destination.CLOUD}


def findings_of(
    deck: Deck,
    settings: SettingsSnapshot | None = None,
    changed: frozenset[str] = frozenset(),
    running: tuple[RunningClient, ...] = (),
    scope: Scope | None = None,
) -> tuple[Finding, ...]:
    """Return the findings of all rules, worst first, with secrets masked; ``settings`` replaces those of the deck.

    Only fixes that work are included. They are tested in ``scope``, or without one, in the file that sets the value.
    """
    judged = settings if settings is not None else deck.settings
    found = raw_findings(deck, judged, changed, running)
    tried = with_working_fixes(found, judged, lambda after: raw_findings(deck, after, changed, running), scope)
    return mask_findings(tried, judged, deck.proxy_config, deck.settings)


def raw_findings(
    deck: Deck,
    shown: SettingsSnapshot,
    changed: frozenset[str] = frozenset(),
    running: tuple[RunningClient, ...] = (),
) -> tuple[Finding, ...]:
    """Return the findings of all rules, with untested fixes and unmasked secrets.

    Without any settings, findings about settings are left out.
    """
    found = check(facts_of(deck, shown, changed, running))
    if any(file.exists for file in shown.files) or shown.shell:
        return found
    return tuple(finding for finding in found if finding.hop is not HopKind.CLIENT)


def live_of(deck: Deck, probe: Probe | None = None) -> Live:
    """Return the facts about running servers."""
    server = deck.discovery.server(proxy=False)
    command = server.process.command if server is not None and server.process is not None else ()
    inside = next((one for one in deck.discovery.places if server is not None and one.url == server.url), None)
    if not command and inside is not None:
        command = inside.command
    proxies = tuple(found.url for found in deck.discovery.found if found.kind.is_proxy)
    is_vllm = server is not None and server.kind is ServerKind.VLLM and _DEMO not in command
    bursts = deck.traffic is not None and deck.traffic.bursts_of_400
    # Values that no rule reads are dropped: equal facts are not checked again.
    vllm = replace(deck.vllm, latency_ms=None, engine=_judged(deck.vllm.engine)) if deck.vllm is not None else None
    proxy = replace(deck.proxy, latency_ms=None, in_flight=None) if deck.proxy is not None else None
    process = server.process if server is not None and is_vllm else None
    return Live(
        probe,
        vllm,
        proxy,
        command if is_vllm else (),
        process.model_type if process is not None else "",
        has_own_network=(process is not None and process.has_own_network)
        or (inside is not None and inside.container is not None and inside.container.networks != ("host",)),
        bursts_of_400=bursts,
        proxies=proxies,
    )


def _judged(engine: EngineStats | None) -> EngineStats | None:
    """Return of the engine's metrics what rules read: its crowded loads, and how slow the first token is."""
    if engine is None:
        return None
    crowded = tuple(replace(one, running=0, kv_cache_percent=FULL_PERCENT, stalled_s=0) for one in engine.crowded)
    only = crowded[0] if crowded and not engine.engines else None
    return EngineStats(
        running=0,
        waiting=only.waiting if only is not None else 0,
        kv_cache_percent=only.kv_cache_percent if only is not None else None,
        prefix_hit_percent=None,
        prompt_tokens_per_s=None,
        generation_tokens_per_s=None,
        ttft_p50_s=None,
        ttft_p95_s=engine.ttft_p95_s,
        preemptions=only.preemptions if only is not None else 0,
        window_s=engine.window_s,
        engines=crowded if engine.engines else (),
    )


def _without_first_token(live: Live) -> Live:
    """Return the facts without the time to the first token."""
    if live.vllm is None or live.vllm.engine is None or live.vllm.engine.ttft_p95_s is None:
        return live
    return replace(live, vllm=replace(live.vllm, engine=replace(live.vllm.engine, ttft_p95_s=None)))
