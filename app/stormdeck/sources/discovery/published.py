"""Ask the runtimes where the ports of containers are published, if the process table does not show it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace

from stormdeck.model.logs.spec import Runtime
from stormdeck.model.snapshots.discovery import Contained
from stormdeck.sources.containers.endpoints import endpoints
from stormdeck.sources.containers.engine_api import EngineApi, EngineError
from stormdeck.sources.containers.facts import facts_of
from stormdeck.sources.processes.command_line import speaks_tls
from stormdeck.sources.processes.containers import container_of
from stormdeck.sources.processes.scan import Scan

PATIENCE_S = 1.0
"""For all questions: without an answer, the ports are not known."""


async def with_published_ports(scan: Scan, environ: Mapping[str, str] | None = None) -> Scan:
    """Return a scan whose containers have the ports that their runtime reports. Never raises.

    Docker without its docker-proxy, and podman, show them in no command line (measured, 20.10 and 4.3). Only sockets
    that this user may read are asked.
    """
    unknown = [one for one in scan.contained if one.url is None and not one.lists_ports and one.port is not None]
    if not unknown:
        return scan
    import httpx  # noqa: F401 - the first import takes 0.1 s and more, which must not count as the runtime's

    environ = environ if environ is not None else os.environ
    try:
        async with asyncio.timeout(PATIENCE_S):
            asked = await asyncio.gather(*(_asked(one, environ) for one in unknown))
    except TimeoutError:
        return scan
    known = {one.process.pid: one for one in asked}
    return replace(scan, contained=tuple(known.get(one.process.pid, one) for one in scan.contained))


async def _asked(one: Contained, environ: Mapping[str, str]) -> Contained:
    container = container_of(one.process.pid)
    if container is None or container.runtime not in {runtime.value for runtime in Runtime}:
        return one
    runtime = Runtime(container.runtime)
    for endpoint in endpoints(runtime, environ).found:
        try:
            async with EngineApi(endpoint) as api:
                inspected = await api.inspect(container.name)
        except EngineError:
            continue
        if inspected is None:
            continue
        here = [port for port in facts_of(runtime, inspected).ports if port.inner == one.port]
        here.sort(key=lambda port: port.host != "127.0.0.1")
        scheme = "https" if speaks_tls(one.process.command) else "http"
        url = f"{scheme}://{here[0].host}:{here[0].port}" if here else None
        return replace(one, url=url, lists_ports=True)
    return one
