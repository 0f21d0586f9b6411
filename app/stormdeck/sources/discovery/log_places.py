"""Find where the logs of the servers on the path are, if not in files: in containers, units and pods.

Only sockets are read that this user may read; no program is run. What needs one is proposed.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stormdeck.model.logs.spec import LogSpec, Runtime
from stormdeck.model.snapshots.containers import ContainerFacts
from stormdeck.model.snapshots.discovery import Contained, Found, LogPlace
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.containers.endpoints import Endpoint, endpoints
from stormdeck.sources.containers.engine_api import EngineApi, EngineError
from stormdeck.sources.containers.facts import argv_of, facts_of
from stormdeck.sources.net.address import address, is_own_host
from stormdeck.sources.net.http import load_httpx
from stormdeck.sources.processes.command_line import kind_of
from stormdeck.sources.processes.containers import container_of
from stormdeck.sources.processes.port_forward import forwarded_pod
from stormdeck.sources.processes.units import unit_of

PATIENCE_S = 1.5
"""For all questions to all runtimes: the search goes on without an answer."""
MOST_ASKED = 24
"""The most containers of a runtime that are looked at."""
_WORDS = ("vllm", "litellm", "claude-code", "ccr")
"""What the command, image or name of a server's container contains."""
_SHARED_BY_ALL = {"bridge", "host", "none", "podman", ""}
"""Networks that containers without anything in common are in."""


async def log_places(
    path: Sequence[Found],
    contained: Sequence[Contained],
    environ: Mapping[str, str] | None = None,
    agreed: Collection[LogSpec] = (),
) -> tuple[LogPlace, ...]:
    """Return where the logs of the servers on the path are, the proxy's first. Never raises.

    A server is in a container if its process is, or if the port that it answers on is published by one. Behind a proxy
    in a container, and if no server was found there, it is the vLLM in the same compose project or network. A server
    that is in none may be in a unit of systemd, or behind ``kubectl port-forward``: its log is proposed, unless the
    user has ``agreed`` to it.
    """
    here = [one for one in path if _is_here(one)]
    if not here:
        return ()
    runtimes = [
        one for kind in Runtime for one in endpoints(kind, environ if environ is not None else os.environ).found
    ]
    if runtimes:
        # Before the time begins that the runtime has.
        await load_httpx()
    try:
        async with asyncio.timeout(PATIENCE_S):
            known = await _containers(here, contained, runtimes)
    except TimeoutError:
        return ()
    places: list[LogPlace] = []
    for server in sorted(here, key=lambda one: not one.kind.is_proxy):
        facts = next((one for one, _ in known if _serves(server, one)), None)
        if facts is not None:
            kind = next(kind for one, kind in known if one is facts)
            command = facts.command if kind is server.kind else ()
            places.append(LogPlace(server.kind, facts.log, server.url, facts, command))
        elif (log := _proposed(server)) is not None:
            places.append(LogPlace(server.kind, log, server.url, is_proposed=log not in agreed))
    return (*places, *_behind(path, places, contained, known))


def _proposed(server: Found) -> LogSpec | None:
    """Return the log that a program would show: of the unit of a server's process, or of the pod behind a forward."""
    if server.process is not None:
        return unit_of(server.process.pid) if container_of(server.process.pid) is None else None
    return forwarded_pod(server.holder.command) if server.holder is not None else None


def _is_here(server: Found) -> bool:
    target = address(server.url)
    has_file = server.process is not None and server.process.log is not None
    return (
        not server.host
        and server.kind is not ServerKind.OTHER
        and target is not None
        and is_own_host(target.host)
        and not has_file
    )


def _serves(server: Found, facts: ContainerFacts) -> bool:
    """Return whether a server is in a container."""
    process, target = server.process, address(server.url)
    inside = container_of(process.pid) if process is not None else None
    if inside is not None and inside.name != "NAME":
        return facts.id.startswith(inside.name)
    return process is None and target is not None and facts.publishes(target.port)


def _behind(
    path: Sequence[Found],
    places: Sequence[LogPlace],
    contained: Sequence[Contained],
    known: Sequence[tuple[ContainerFacts, ServerKind | None]],
) -> Iterable[LogPlace]:
    """Yield the containers of vLLM behind a proxy that is in a container too."""
    proxy = next((one.container for one in places if one.kind.is_proxy), None)
    if proxy is None or any(one.kind.is_engine for one in path):
        return
    inner = {name for one in contained if one.process.kind is ServerKind.VLLM if (name := _id_of(one))}
    for facts, kind in known:
        is_vllm = kind is ServerKind.VLLM or any(facts.id.startswith(name) for name in inner)
        if is_vllm and facts.id != proxy.id and _belong_together(facts, proxy):
            yield LogPlace(ServerKind.VLLM, facts.log, "", facts, facts.command if kind is ServerKind.VLLM else ())


def _belong_together(one: ContainerFacts, other: ContainerFacts) -> bool:
    if one.runtime is not other.runtime:
        return False
    return (bool(one.project) and one.project == other.project) or bool(
        {*one.networks} & {*other.networks} - _SHARED_BY_ALL
    )


def _id_of(one: Contained) -> str:
    inside = container_of(one.process.pid)
    return inside.name if inside is not None and inside.name != "NAME" else ""


async def _containers(
    servers: Sequence[Found], contained: Sequence[Contained], runtimes: Sequence[Endpoint]
) -> list[tuple[ContainerFacts, ServerKind | None]]:
    """Return the containers that may be those of servers, and the kind of server by their command line."""
    ports = {target.port for one in servers if (target := address(one.url)) is not None}
    pids = [one.process.pid for one in servers if one.process is not None] + [one.process.pid for one in contained]
    ids = {inside.name for pid in pids if (inside := container_of(pid)) is not None}
    counts = Counter(one.runtime for one in runtimes)
    answers = await asyncio.gather(
        *(_of_runtime(one, ports, ids, is_only=counts[one.runtime] == 1) for one in runtimes)
    )
    # podman's socket may be at Docker's place too.
    return list({one[0].id: one for found in reversed(answers) for one in found}.values())


async def _of_runtime(
    endpoint: Endpoint, ports: Collection[int], ids: Collection[str], *, is_only: bool
) -> list[tuple[ContainerFacts, ServerKind | None]]:
    found = []
    try:
        async with EngineApi(endpoint) as api:
            listed = [one for one in await api.listed(all_of_them=False) if _may_serve(one, ports, ids)]
            for one in listed[:MOST_ASKED]:
                inspected = await api.inspect(str(one.get("Id")))
                if inspected is not None:
                    # A name may exist in each of several runtimes, and a program asks only one of them.
                    facts = replace(
                        facts_of(endpoint.runtime, inspected), endpoint="" if is_only else endpoint.as_option
                    )
                    found.append((facts, kind_of(argv_of(inspected))))
    except EngineError:
        # That this user may not ask is said where the log is named.
        return found
    return found


def _may_serve(listed: Mapping[str, Any], ports: Collection[int], ids: Collection[str]) -> bool:
    """Return whether a container of the list may be that of a server."""
    published: list[Any] | None = listed.get("Ports") if isinstance(listed.get("Ports"), list) else None
    public = (
        {one.get("PublicPort") for one in published if isinstance(one, dict)} if isinstance(published, list) else ()
    )
    words = " ".join(str(listed.get(name)) for name in ("Command", "Image", "Names")).lower()
    is_known = any(str(listed.get("Id")).startswith(name) for name in ids)
    return is_known or bool({*public} & {*ports}) or any(word in words for word in _WORDS)
