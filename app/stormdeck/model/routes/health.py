"""Judge each model group by the servers behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stormdeck.model.deck import Deck
from stormdeck.model.routes.table import ModelGroup, RoutingTable, Upstream, is_same_server
from stormdeck.model.routes.tiers import TierRoute, tier_routes
from stormdeck.model.rules.collect import facts_of
from stormdeck.model.snapshots.backends import Backend
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.symbols import Health

FAILED = frozenset({ServerState.DOWN, ServerState.DEGRADED, ServerState.STALE})
"""States of a server that is known not to answer requests."""


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """One server of a group."""

    upstream: Upstream
    backend: Backend | None
    """``None`` if it was not asked."""

    @property
    def state(self) -> ServerState:
        """Return its state; ``ASKING`` before its first answer."""
        return self.backend.state if self.backend is not None else ServerState.ASKING

    @property
    def health(self) -> Health:
        """Return its health; unknown where it was not asked."""
        return self.state.health if self.backend is not None else Health.UNKNOWN

    @property
    def words(self) -> str:
        """Return its state in words."""
        if self.upstream.skipped:
            return self.upstream.skipped
        if self.backend is None:
            return "not asked"
        return self.backend.detail or ("" if self.state is ServerState.UP else self.state.value)


@dataclass(frozen=True, slots=True)
class GroupHealth:
    """A model group, the tiers that lead to it, and its servers."""

    group: ModelGroup
    tiers: tuple[str, ...]
    """Empty if no tier in force leads to it."""
    servers: tuple[ServerHealth, ...]

    @property
    def up(self) -> int:
        """Return how many servers answer."""
        return sum(one.state is ServerState.UP for one in self.servers)

    @property
    def failed(self) -> tuple[ServerHealth, ...]:
        """Return the servers that do not answer requests, without idle ones."""
        return tuple(one for one in self.servers if one.state in FAILED and not one.upstream.is_idle)

    @property
    def is_down(self) -> bool:
        """Return whether no server of the group can answer a request."""
        return bool(self.servers) and all(one.state in FAILED for one in self.servers)

    @property
    def health(self) -> Health:
        """Return the health of the whole group."""
        if self.is_down:
            return Health.ERROR
        if self.failed:
            return Health.WARNING
        return Health.OK if self.up else Health.UNKNOWN


def routing_table(deck: Deck) -> RoutingTable:
    """Return the routing table of the proxy on the path; empty if there is none."""
    return deck.discovery.routes if deck.proxy is not None else RoutingTable()


def routes_of(deck: Deck) -> tuple[TierRoute, ...]:
    """Return where the tiers in force lead, that of the selected model first."""
    table = routing_table(deck)
    return tier_routes(facts_of(deck), table) if table.groups else ()


def groups_of(deck: Deck) -> tuple[GroupHealth, ...]:
    """Return the model groups with their health: that of the selected model first, then those of the other tiers."""
    table = routing_table(deck)
    routes = routes_of(deck)
    order = list(dict.fromkeys(one.group for one in routes if one.group is not None))
    rank = {name: at for at, name in enumerate(order)}
    groups = sorted(table.groups, key=lambda one: rank.get(one.name, len(rank)))
    return tuple(_health(deck, group, routes) for group in groups)


def main_group(deck: Deck) -> GroupHealth | None:
    """Return the group that the path shows: that of the selected model, or without one, of the server on the path."""
    table, routes = routing_table(deck), routes_of(deck)
    if not table.groups:
        return None
    group = table.group(routes[0].group) if routes and routes[0].group is not None else None
    if deck.vllm is not None and (group is None or not _has(group, deck.vllm.url)):
        group = next((one for one in table.groups if _has(one, deck.vllm.url)), None)
    return _health(deck, group, routes) if group is not None else None


def hurt_groups(deck: Deck) -> Iterator[GroupHealth]:
    """Yield the groups of the tiers in force, and the one on the path, that miss a server."""
    main = main_group(deck)
    for one in groups_of(deck):
        if one.failed and (one.tiers or (main is not None and one.group.name == main.group.name)):
            yield one


def fallback_of(deck: Deck, name: str) -> GroupHealth | None:
    """Return the first group with a server that answers, of those that a group falls back to."""
    routes = routes_of(deck)
    healths = (_health(deck, one, routes) for one in routing_table(deck).fallbacks_of(name))
    return next((one for one in healths if one.up), None)


def _has(group: ModelGroup, url: str) -> bool:
    return any(is_same_server(one.url, url) for one in group.asked)


def _health(deck: Deck, group: ModelGroup, routes: tuple[TierRoute, ...]) -> GroupHealth:
    tiers = tuple(dict.fromkeys(one.tier for one in routes if one.group == group.name))
    servers = tuple(ServerHealth(one, _backend(deck, one.url)) for one in group.servers)
    return GroupHealth(group, tiers, servers)


def _backend(deck: Deck, url: str) -> Backend | None:
    """Return the last answer of a server; the one on the path is polled by itself."""
    found = deck.backends.at(url) if url else None
    vllm = deck.vllm
    if vllm is None or not is_same_server(vllm.url, url) or vllm.state is ServerState.ASKING:
        return found
    if vllm.state is ServerState.REFUSING:  # its health check passed: it is stormdeck's key that it refuses
        return Backend(url, ServerState.UP, "", vllm.latency_ms)
    # Only a refused connection shows that it is down: a name may be known in the proxy's network alone.
    if vllm.state is ServerState.DOWN and found is not None:
        return found if found.state is not ServerState.UP else Backend(url, ServerState.DOWN, vllm.detail)
    return Backend(url, vllm.state, vllm.detail, vllm.latency_ms)
