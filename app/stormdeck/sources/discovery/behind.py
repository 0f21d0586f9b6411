"""Find the local vLLM behind a port of another program: a tunnel, a container's port, nginx."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from stormdeck.model.snapshots.discovery import Found, ServerProcess
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.net.address import address, is_own_host
from stormdeck.sources.net.http import PAGE_LIMIT, Answer, HttpClient
from stormdeck.sources.processes.scan import Scan
from stormdeck.sources.servers.prometheus import read_metrics

_SAME_START_S = 1.5
"""vLLM reports its start time to a hundredth of a second, the process table in whole seconds."""


async def behind_forwarders(
    found: Sequence[Found], scan: Scan, http: HttpClient, deadline_s: float
) -> tuple[Found, ...]:
    """Return the servers, where a vLLM behind another program's port has its own process if that is certain.

    It is the process that started at the server's ``process_start_time_seconds``.
    """
    processes = [
        one.process
        for one in (*scan.listeners, *scan.loading)
        if one.process is not None and one.process.kind is ServerKind.VLLM
    ]
    if not processes:
        return tuple(found)
    return tuple(await asyncio.gather(*(_with_process(one, processes, http, deadline_s) for one in found)))


async def _with_process(
    server: Found, processes: Sequence[ServerProcess], http: HttpClient, deadline_s: float
) -> Found:
    target = address(server.url)
    is_held = server.holder is not None and server.kind is ServerKind.VLLM and server.met is ServerState.UP
    if target is None or not is_own_host(target.host) or not is_held:
        return server
    page = await http.get(server.url + "/metrics", limit=PAGE_LIMIT, deadline_s=deadline_s)
    sample = read_metrics(page.body, time.time()) if isinstance(page, Answer) and page.status == 200 else None
    started = sample.gauges.get("started") if sample is not None else None
    if not started:
        return server
    same = {one.pid: one for one in processes if abs(one.started + 0.5 - started) < _SAME_START_S}
    return replace(server, process=next(iter(same.values()))) if len(same) == 1 else server
