"""Find the servers behind a proxy: where it sends its requests, and which of those servers this machine may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from stormdeck.model.routes.table import ModelGroup, RoutingTable, Upstream, upstream
from stormdeck.model.snapshots.discovery import Contained, Missed
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.behind import published_at
from stormdeck.sources.discovery.candidates import Candidate, Probed, Role
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.upstream import (
    ProxyRoutes,
    RouteReader,
    claude_code_proxy_routes,
    claude_code_router_routes,
)
from stormdeck.sources.net.address import address, is_own_host
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.net.resolver import Resolver
from stormdeck.sources.processes.containers import container_of
from stormdeck.sources.processes.forwarders import is_forwarder
from stormdeck.sources.processes.scan import Scan

_MOST_UPSTREAMS = 4
"""Servers of a model group that are identified; the others are only asked whether they run."""


async def routes_of(
    proxy: Probed,
    named: ConfiguredTargets,
    scan: Scan,
    http: HttpClient,
    deadline_s: float,
    reader: RouteReader,
) -> ProxyRoutes | None:
    """Return where a proxy sends its requests, with the servers that may be asked; ``None`` for other servers."""
    inner = published_at(proxy.place.url, scan.contained)
    routes = await _configured(proxy, inner, named, scan, http, deadline_s, reader)
    if routes is None:
        return None
    table = routes.table.seen_from(proxy_is_here=inner is None and _is_here(proxy))
    table = table.with_servers(_contactable) if table.is_reported and not proxy.place.by_user else table
    if inner is not None:
        table = table.with_servers(await _outside_containers(table, scan))
    return replace(routes, table=table)


def upstreams_of(
    proxy: Probed, routes: ProxyRoutes, in_use: ModelGroup | None
) -> tuple[list[Candidate], Missed | None]:
    """Return the servers of the group in use, or why none is asked; without one, of the first group with a server."""
    if routes.error:
        return [], Missed(routes.how, routes.error)
    group = in_use or next((one for one in routes.table.groups if one.asked), next(iter(routes.table.groups), None))
    if group is None:
        return [], None
    keys = {upstream(base).url: key for base, key in reversed(routes.keys)}
    places = [
        Candidate(Role.UPSTREAM, one.url, routes.how, keys.get(one.url), ServerKind.VLLM, by_user=proxy.place.by_user)
        for one in group.asked[:_MOST_UPSTREAMS]
        if address(one.url) is not None
    ]
    if places:
        return places, None
    first = group.servers[0]
    return [], Missed(routes.how, first.skipped, hosted=all(one.is_hosted for one in group.servers))


async def _configured(
    proxy: Probed,
    inner: Contained | None,
    named: ConfiguredTargets,
    scan: Scan,
    http: HttpClient,
    deadline_s: float,
    reader: RouteReader,
) -> ProxyRoutes | None:
    """Return the routes as the proxy's configuration or answer has them; ``inner`` is its process in a container."""
    place, process = proxy.place, proxy.process
    if proxy.kind is ServerKind.CLAUDE_CODE_PROXY:
        return await claude_code_proxy_routes(place.url, http, deadline_s)
    if proxy.kind is ServerKind.CLAUDE_CODE_ROUTER:
        return await claude_code_router_routes(process)
    if proxy.kind is not ServerKind.LITELLM:
        return None
    listeners = (*scan.listeners, *scan.loading)
    pid = process.pid if process is not None else None
    own = next((one.config for one in listeners if one.process is not None and one.process.pid == pid), None)
    path = named.litellm_config or own or (inner.config if inner is not None else None)
    key = place.key if proxy.failure is None else None
    routes = await reader.of_litellm(place.url, path, process, key, http, deadline_s)
    if path is None and routes.error and _is_contained(proxy, inner):
        return replace(routes, error="its YAML is in its container: name it with --litellm-config FILE")
    return routes


def _is_here(proxy: Probed) -> bool:
    """Return whether a proxy runs on this machine: then its loopback addresses are those of this machine."""
    target = address(proxy.place.url)
    is_passed_on = proxy.process is not None and is_forwarder(proxy.process)
    return target is not None and is_own_host(target.host) and not is_passed_on


def _is_contained(proxy: Probed, inner: Contained | None) -> bool:
    """Return whether a proxy runs in a container, on a network of its own or on this machine's."""
    return inner is not None or (proxy.process is not None and container_of(proxy.process.pid) is not None)


def _contactable(one: Upstream) -> Upstream:
    """Return a server that only an answer names, without its address if it is on another host.

    Any program can answer on a usual port and name any host, which is no reason to contact that host.
    """
    target = address(one.url)
    if target is None or is_own_host(target.host):
        return one
    why = "is not contacted: none of your settings names the proxy; name it with --proxy URL"
    return replace(one, url="", skipped=f"{target.origin} {why}")


async def _outside_containers(table: RoutingTable, scan: Scan) -> Callable[[Upstream], Upstream]:
    """Return a function that drops the addresses of a proxy in a container that only the containers' network knows."""
    unknown: set[str] = set()
    if any(one.process.kind is not None and not one.process.kind.is_proxy for one in scan.contained):
        hosts = list({target.host for url in table.servers if (target := address(url)) is not None})
        resolver = Resolver()
        failed = await asyncio.gather(*map(resolver.error, hosts))
        unknown = {host for host, error in zip(hosts, failed, strict=True) if error is not None}

    def seen(one: Upstream) -> Upstream:
        target = address(one.url)
        if target is None or target.host not in unknown:
            return one
        return replace(one, url="", skipped=f"{one.url} is in the network of its container: not reachable from here")

    return seen
