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
    failed, name = one.failed, shown_name(one.group.name)
    are = "is" if len(failed) == 1 else "are"
    verb = f"{are} down" if _are_down(failed) else _fails(failed)
    headline = f"{len(failed)} of {len(one.servers)} servers behind {name} {verb}"
    rest = "Whether the rest answers is not known from here."
    if one.up:
        rest = f"The other{'s answer' if one.up > 1 else ' answers'}, so turns pass, some only after a retry."
    return Statement(
        Health.WARNING,
        headline,
        f"{rest} {_leads(one)}{_KEY} {_reasons(failed)}.",
        HopKind.SERVER,
        brief=brief(*_two_lines(headline)),
        cause=_cause(failed),
        evidence=_evidence(one),
        step=_step(failed),
    )


def _all_failed(deck: Deck, one: GroupHealth) -> Statement:
    failed, name = one.servers, shown_name(one.group.name)
    total = len(failed)
    who = {1: "The server", 2: "Both servers"}.get(total, f"All {total} servers")
    verb = ("is down" if total == 1 else "are down") if _are_down(failed) else _fails(failed)
    headline = f"{who} behind {name} {verb}"
    spare = fallback_of(deck, one.group.name)
    statement = Statement(
        Health.ERROR,
        headline,
        f"{_leads(one)}Those requests fail. {_KEY} {_reasons(failed)}.",
        HopKind.SERVER,
        brief=brief(*_two_lines(headline)),
        cause=_cause(failed),
        evidence=_evidence(one),
        step=_step(failed),
    )
    if spare is None:
        return statement
    to = shown_name(spare.group.name)
    return replace(
        statement,
        light=Health.WARNING,
        headline=f"{headline}; LiteLLM falls back to {to}",
        detail=f"{_leads(one)}{to} answers those requests. {_KEY} {_reasons(failed)}.",
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


def _two_lines(headline: str) -> tuple[str, str]:
    """Return a headline in two lines, broken before ``behind``."""
    first, behind, rest = headline.partition(" behind ")
    return first, f"{behind.strip()} {rest}"
