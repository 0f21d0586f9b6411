"""State that the client's requests do not reach the servers that were found."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.rules.collect import is_hosted
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.urls import parts_of, place, same_place
from stormdeck.model.verdict.servers.no_answer import why_missed
from stormdeck.model.verdict.statement import Statement, brief

_BASE_URL = "env.ANTHROPIC_BASE_URL"
_ANSWERS = {ServerState.UP, ServerState.DEGRADED, ServerState.REFUSING}


def not_reached(deck: Deck) -> Iterator[Statement]:
    """Yield that the base URL does not lead to the servers that were found, unless a rule already explains it."""
    servers = [one for one in (deck.proxy, deck.vllm) if one is not None]
    url = deck.settings.text(_BASE_URL) or ""
    if not servers or parts_of(url) is None or any(same_place(url, one.url) for one in servers):
        return
    if any(one.code.startswith("URL") and one.severity is Severity.ERROR for one in deck.findings) or is_hosted(deck):
        return
    silent = next(
        (one for one in deck.discovery.found if one.kind is ServerKind.OTHER and same_place(one.url, url)), None
    )
    if silent is None:
        return
    answering = [one for one in servers if one.state in _ANSWERS]
    if not answering:
        return
    address = place(answering[0].url)
    reason = why_missed(deck, silent.url)
    refused = "refused" in reason or "resolve" in reason
    yield Statement(
        Health.ERROR if silent.met is ServerState.DOWN else Health.WARNING,
        f"Claude Code sends to {place(silent.url)}, where no known server answers; one answers at {address}",
        f"Press 3 and change the base URL to {answering[0].url}.",
        HopKind.CLIENT,
        "URL105" if refused else None,
        brief=brief(f"Claude Code sends to {place(silent.url)}", f"the server is at {address}"),
        cause="the base URL names another address",
        evidence=reason or silent.how,
        step=f"stormdeck set ANTHROPIC_BASE_URL {answering[0].url}",
    )
