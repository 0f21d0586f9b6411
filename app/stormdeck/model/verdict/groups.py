"""State which of a proxy's model groups miss a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.routes.health import GroupHealth, ServerHealth, fallback_of, hurt_groups, main_group, routing_table
from stormdeck.model.routes.table import is_same_server
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.urls import place
from stormdeck.model.verdict.statement import Statement, brief

_LONGEST_NAME = 40
_KEY = "Press g for all groups."


def problems(deck: Deck) -> Iterator[Statement]:
    """Yield a statement for each group of the tiers in force that misses a server."""
    if not routing_table(deck).branches:
        return
    main = main_group(deck)
    for one in hurt_groups(deck):
        if main is not None and one.group.name == main.group.name and not _speaks(deck, one):
            continue
        yield _all_failed(deck, one) if one.is_down else _some_failed(one)


def shown_name(name: str) -> str:
    """Return a group's name, cleaned and shortened."""
    text = clean(name) or "a model without a name"
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def speaks_for(deck: Deck, url: str) -> bool:
    """Return whether a statement about a group says that the server at a URL fails, so that no other has to."""
    hurt = hurt_groups(deck) if routing_table(deck).branches else ()
    return any(_speaks(deck, one) and any(is_same_server(bad.upstream.url, url) for bad in one.failed) for one in hurt)


def _speaks(deck: Deck, one: GroupHealth) -> bool:
    """Return whether the group says more than its only server, whose log may say why it is down."""
    only = one.servers[0].upstream.url if len(one.servers) == 1 else ""
    is_polled = deck.vllm is not None and is_same_server(deck.vllm.url, only)
    return not is_polled or fallback_of(deck, one.group.name) is not None


def _some_failed(one: GroupHealth) -> Statement:
    failed = one.failed
    are = "is" if len(failed) == 1 else "are"
    verb = f"{are} down" if _are_down(failed) else _fails(failed)
    rest = "Whether the rest answers is not known from here."
    if one.up:
        rest = f"The other{'s answer' if one.up > 1 else ' answers'}, so turns pass, some only after a retry."
    return _statement(one, failed, f"{len(failed)} of {len(one.servers)} servers", verb, rest)


def _all_failed(deck: Deck, one: GroupHealth) -> Statement:
    failed, total = one.servers, len(one.servers)
    who = {1: "The server", 2: "Both servers"}.get(total, f"All {total} servers")
    verb = ("is down" if total == 1 else "are down") if _are_down(failed) else _fails(failed)
    spare = fallback_of(deck, one.group.name)
    if spare is None:
        return replace(_statement(one, failed, who, verb, "Requests for it fail."), health=Health.ERROR)
    to = shown_name(spare.group.name)
    found = _statement(one, failed, who, verb, f"{to} answers its requests.")
    return replace(found, headline=f"{found.headline}; LiteLLM falls back to {to}")


def _statement(one: GroupHealth, failed: tuple[ServerHealth, ...], who: str, verb: str, consequence: str) -> Statement:
    """Return the warning that servers of a group fail; ``who`` and ``verb`` say how many and how."""
    name = shown_name(one.group.name)
    return Statement(
        Health.WARNING,
        f"{who} behind {name} {verb}",
        f"{consequence} {_leads(one)}{_KEY} {_reasons(failed)}.",
        HopKind.SERVER,
        brief=brief(f"{who} {verb}", f"behind {name}"),
        cause=_cause(failed),
        evidence=_evidence(one),
        step=_step(failed),
    )


def _are_down(failed: tuple[ServerHealth, ...]) -> bool:
    return all(one.state is ServerState.DOWN for one in failed)


def _fails(failed: tuple[ServerHealth, ...]) -> str:
    if all(one.state is ServerState.STALE for one in failed):
        return "has stopped answering" if len(failed) == 1 else "have stopped answering"
    return "does not answer requests" if len(failed) == 1 else "do not answer requests"


def _step(failed: tuple[ServerHealth, ...]) -> str:
    names = " and ".join(place(one.upstream.url) for one in failed[:3])
    return f"start {names}" if _are_down(failed) else f"look at the log of {names}"


def _cause(failed: tuple[ServerHealth, ...]) -> str:
    return "nothing listens there" if _are_down(failed) else "unknown: no healthy answer"


def _leads(one: GroupHealth) -> str:
    """Return which tiers lead to a group, as a sentence."""
    if not one.tiers:
        return ""
    *others, last = one.tiers
    names = f"{', '.join(others)} and {last}" if others else last
    return f"{names[0].upper()}{names[1:]} lead{'' if others else 's'} there. "


def _reasons(failed: tuple[ServerHealth, ...]) -> str:
    return "; ".join(f"{place(one.upstream.url)}: {one.words}" for one in failed[:4])


def _evidence(one: GroupHealth) -> str:
    states = (f"{server.upstream.url or 'a server'}: {server.words or 'answers'}" for server in one.servers[:8])
    return "; ".join(states)
