"""State that the user has no server of their own, which is no fault."""

from __future__ import annotations

from stormdeck.model.deck import Deck
from stormdeck.model.rules.collect import facts_of
from stormdeck.model.rules.destination import Destination, base_host, destination
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.statement import Statement, brief


def no_own_server(deck: Deck) -> Statement:
    """Return that requests go to the hosted API, a hosted gateway or a cloud, so there is nothing to watch."""
    facts = facts_of(deck)
    where = {
        Destination.GATEWAY: f"Claude Code sends to {base_host(facts)}",
        Destination.CLOUD: "Claude Code sends to a cloud",
    }.get(destination(facts), "nothing to watch")
    return Statement(
        Health.UNKNOWN,
        f"No server of your own is set: {where}",
        "For a server of your own press 3 and set the base URL, or start with --vllm http://HOST:8000.",
        brief=brief("No server of your own is set", where),
        cause="the settings name no server of your own",
        evidence="the settings of all scopes and the shell",
        step="name a server of your own: stormdeck --vllm http://HOST:8000",
    )
