"""List the machines whose GPUs are known: this one, and those whose exporters are read."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.deck import Deck
from stormdeck.model.request_path import gpus_elsewhere, host_of_server, is_seen_here
from stormdeck.model.routes.health import groups_of
from stormdeck.model.routes.table import is_same_server
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHost


@dataclass(frozen=True, slots=True)
class GpuPlace:
    """The GPUs of one machine, and which servers run there."""

    snapshot: GpuSnapshot
    name: str = ""
    """The machine; empty for this one."""
    url: str = ""
    """Where its exporter is read."""
    servers: tuple[str, ...] = ()
    """URLs of the servers that run there, that of the path first."""
    is_of_server: bool = False
    """The server on the path runs there."""


def gpu_places(deck: Deck) -> tuple[GpuPlace, ...]:
    """Return the machines, that of the server on the path first, then those of servers behind the proxy."""
    main, here = host_of_server(deck), deck.gpu
    is_here = main is None and not gpus_elsewhere(deck)
    places = [
        GpuPlace(host.snapshot, host.name, host.url, _servers_at(host, deck), is_of_server=host is main)
        for host in deck.gpu_hosts.hosts
        if not is_seen_here(host, deck)
    ]
    if is_here or not places or (here.state is GpuState.OK and here.gpus):
        own = (deck.vllm.url,) if is_here and deck.vllm is not None else ()
        places.append(GpuPlace(here, servers=own, is_of_server=is_here))
    return tuple(sorted(places, key=lambda one: (not one.is_of_server, not one.servers)))


def count_rows(deck: Deck) -> int:
    """Return how many rows the GPUs of all machines take, without the first title."""
    if not deck.gpu_hosts.hosts:
        return len(deck.gpu.gpus)
    places = gpu_places(deck)
    return sum(max(1, len(place.snapshot.gpus)) for place in places) + len(places) - 1


def _servers_at(host: GpuHost, deck: Deck) -> tuple[str, ...]:
    """Return the URLs of the inference servers on a machine; of one that is known by two URLs the polled one."""
    urls = [deck.vllm.url] if deck.vllm is not None else []
    for server in (server for group in groups_of(deck) for server in group.servers):
        url = server.upstream.url
        if url and not any(is_same_server(url, one) for one in urls):
            urls.append(url)
    return tuple(url for url in urls if host.has(url))
