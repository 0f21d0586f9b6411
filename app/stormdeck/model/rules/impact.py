"""Classify findings: caused by a server that is down, affecting only background requests, and where to fix them."""

from __future__ import annotations

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind
from stormdeck.model.snapshots.server import ServerState, is_front_alone
from stormdeck.model.urls import same_place

_NOT_SERVING = {ServerState.DOWN, ServerState.STARTING, ServerState.SILENT, ServerState.STALE, ServerState.STRANGE}
_ABOUT_MODEL_IDS = {"MODEL303", "MODEL304", "MODEL308"}


def follows_from_server(finding: Finding, deck: Deck) -> bool:
    """Return whether a finding only repeats that the server at the base URL is down; the URL may be correct.

    If the server has answered at this URL before, it is down or already back, even if the finding suggests another URL.
    """
    if finding.code not in {"URL105", "URL112"}:
        return False
    if deck.proxy is None and deck.vllm is None:
        return finding.fix is None
    base = deck.settings.text(finding.path) or ""
    here = [one for one in (deck.proxy, deck.vllm) if one is not None and same_place(one.url, base)]
    back = finding.code == "URL105" and any(one.seen > 0.0 for one in here)
    return back or any(
        (one.state in _NOT_SERVING or is_front_alone(one)) and (finding.fix is None or one.seen > 0.0) for one in here
    )


def is_background(finding: Finding, deck: Deck) -> bool:
    """Return whether a finding is not about the main model: only background requests fail."""
    from stormdeck.model.rules.facts import FABLE_ID, TIER_IDS, Facts
    from stormdeck.model.rules.model_choice import asked_ids, choice, mapping

    facts = Facts.effective(deck.settings, deck.client_version)
    chosen = choice(facts)
    main = {mapping(tier) for tier in chosen.tiers} or {chosen.path}
    if finding.code == "PROXY806":
        asked = dict(asked_ids(facts))
        return not any(asked.get(path, "") in finding.title for path in main if asked.get(path))
    return finding.code in _ABOUT_MODEL_IDS and finding.path in {*TIER_IDS.values(), FABLE_ID} - main


def where_to_fix(finding: Finding) -> str:
    """Return which key opens the place to fix: the settings form only if it has a row with the fix."""
    from stormdeck.model.settings.fields import field_of

    if finding.fix is None:
        return "Press 4 for what to change."
    known = field_of(finding.path) is not None or finding.path.startswith("env.")
    in_form = finding.hop is HopKind.CLIENT and known
    return "Press 3 for the fix." if in_form else "Press 4 for the fix."
