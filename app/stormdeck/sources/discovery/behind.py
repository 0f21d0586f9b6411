"""Find the local vLLM behind a port of another program: a tunnel, a container's port, nginx."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from stormdeck.model.snapshots.discovery import Contained, Found, ServerProcess
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.net.address import Address, address, is_own_host
from stormdeck.sources.net.http import PAGE_LIMIT, Answer, HttpClient
from stormdeck.sources.processes.scan import Scan
from stormdeck.sources.servers.prometheus import read_metrics

_SAME_START_S = 1.5
"""vLLM reports its start time to a hundredth of a second, the process table in whole seconds."""


async def behind_forwarders(
    found: Sequence[Found], scan: Scan, http: HttpClient, deadline_s: float
) -> tuple[Found, ...]:
    """Return the servers, where one behind another program's port has its own process if that is certain.

    It is the process whose container publishes that port, or the vLLM that started at the server's
    ``process_start_time_seconds``.
    """
    here = [one.process for one in (*scan.listeners, *scan.loading)] + [one.process for one in scan.contained]
    processes = [one for one in (*here, *scan.portless) if one is not None and one.kind is ServerKind.VLLM]
    known = [_published(one, scan) for one in found]
    if not processes:
        return tuple(known)
    return tuple(await asyncio.gather(*(_with_process(one, processes, http, deadline_s) for one in known)))


def published_at(url: str, contained: Iterable[Contained]) -> Contained | None:
    """Return the server in a container that a URL leads to: by a published port, or by its own address."""
    target = address(url)
    return next((one for one in contained if target is not None and _leads_to(target, one)), None)


def _leads_to(target: Address, inner: Contained) -> bool:
    published = address(inner.url) if inner.url is not None else None
    is_published = published is not None and published.place == target.place
    return is_published or (target.port == inner.port and target.host in inner.addresses)


def _published(server: Found, scan: Scan) -> Found:
    inner = published_at(server.url, scan.contained)
    if inner is None or inner.process.kind is not server.kind or server.process is not None:
        return server
    return replace(server, process=inner.process, is_local=True)


async def _with_process(
    server: Found, processes: Sequence[ServerProcess], http: HttpClient, deadline_s: float
) -> Found:
    target = address(server.url)
    # A plain user does not see who holds a container's port.
    is_behind = server.process is None and server.kind is ServerKind.VLLM and server.met is ServerState.UP
    if target is None or not is_own_host(target.host) or not is_behind:
        return server
    page = await http.get(server.url + "/metrics", limit=PAGE_LIMIT, deadline_s=deadline_s)
    sample = read_metrics(page.body, time.time()) if isinstance(page, Answer) and page.status == 200 else None
    started = sample.gauges.get("started") if sample is not None else None
    if not started:
        return server
    same = {one.pid: one for one in processes if abs(one.started + 0.5 - started) < _SAME_START_S}
    return replace(server, process=next(iter(same.values())), is_local=True) if len(same) == 1 else server
