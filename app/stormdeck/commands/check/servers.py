"""Ask the running servers once, concurrently and within a time limit."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from stormdeck import __version__
from stormdeck.model.routes.tiers import important_servers
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.backends import BackendsSnapshot
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.probe import Probe
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.options import Options
from stormdeck.sources.discovery.configured import ConfiguredTargets, Keys, key_for, origin_keys
from stormdeck.sources.discovery.listeners import OtherListeners
from stormdeck.sources.discovery.probe import probe_base_url
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, LIMIT, Answer, HttpClient
from stormdeck.sources.processes.scan import config_of
from stormdeck.sources.remote.machine import Machine
from stormdeck.sources.servers.backends import BackendSource, ordered
from stormdeck.sources.servers.engine import engine_source
from stormdeck.sources.servers.proxy import ProxySource


@dataclass(frozen=True, slots=True)
class ServerAnswers:
    """What the servers on the path answered. By default: they were not asked."""

    discovery: DiscoverySnapshot = field(default_factory=DiscoverySnapshot)
    vllm: VllmSnapshot | None = None
    proxy: ProxySnapshot | None = None
    probe: Probe | None = None
    backends: BackendsSnapshot = field(default_factory=BackendsSnapshot)
    """The servers behind the proxy's model groups, where there is more than one."""
    note: str = ""
    """Why something is missing, in words."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long to wait for answers."""

    named_s: float
    """Seconds for one answer of a server that a flag or the settings name."""
    unnamed_s: float
    """Seconds for one answer of a server that was found by its port or process."""
    total_s: float
    is_quick: bool = False
    """A server that does not answer in time may merely be slow."""


MACHINES_S = 10.0
"""Added for machines that ssh reaches: a login takes a second or more."""
PATIENT = Deadlines(DEADLINE_S, 2.0, 20.0)
"""For a user who runs a command. A slow server gets two or three requests in a row, the others concurrently."""
QUICK = Deadlines(0.8, 0.8, 2.0, is_quick=True)
"""For a status bar, which asks again after a few seconds."""


class PreflightClient(HttpClient):
    """HTTP client that sends no request twice, and none to a server that timed out before.

    Ports of this machine where nothing listens are found without the HTTP library, whose import takes 0.1 s.
    """

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self._requests: dict[tuple[str, str | None], asyncio.Task[Answer | Failure]] = {}
        self._silent: dict[str, Failure] = {}

    async def get(
        self,
        url: str,
        key: str | None = None,
        limit: int = LIMIT,
        deadline_s: float = DEADLINE_S,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | Failure:
        """Send a GET request; the same request again returns the first answer."""
        if headers:
            return await self._first(url, key, limit, deadline_s, headers)
        request = self._requests.get((url, key))
        if request is None:
            request = asyncio.ensure_future(self._first(url, key, limit, deadline_s))
            self._requests[url, key] = request
        # A caller that is cancelled must not cancel the request for the others.
        return await asyncio.shield(request)

    async def aclose(self) -> None:
        """Cancel pending requests and close all connections."""
        for request in self._requests.values():
            request.cancel()
        await asyncio.gather(*self._requests.values(), return_exceptions=True)
        await super().aclose()

    async def _first(
        self, url: str, key: str | None, limit: int, deadline_s: float, headers: Mapping[str, str] | None = None
    ) -> Answer | Failure:
        target = address(url)
        if target is None:
            return await super().get(url, key, limit, deadline_s, headers)
        if target.origin in self._silent:
            return self._silent[target.origin]
        if target.is_here and not self._clients and _refuses(target.host, target.port):
            return Failure(FailureKind.REFUSED, f"connection refused: nothing listens on port {target.port}")
        answer = await super().get(url, key, limit, deadline_s, headers)
        if isinstance(answer, Failure) and answer.kind is FailureKind.TIMEOUT:
            self._silent.setdefault(target.origin, answer)
        return answer


def _refuses(host: str, port: int) -> bool:
    """Return whether a port of this machine refuses connections. The request itself finds any other failure."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(0.1)
            connection.connect((host, port))
    except ConnectionRefusedError:
        return host != "localhost"
    except OSError:
        pass
    return False


def ask_servers(options: Options, settings: SettingsSnapshot, deadlines: Deadlines = PATIENT) -> ServerAnswers:
    """Find the servers and ask them; never raises."""
    return asyncio.run(_ask(options, settings, deadlines))


def token_for(url: str, options: Options, settings: SettingsSnapshot, seen: ServerAnswers) -> str:
    """Return the key that is configured for a server; empty if there is none."""
    return key_for(url, _keys(options, settings, seen.discovery)) or ""


async def _ask(options: Options, settings: SettingsSnapshot, deadlines: Deadlines) -> ServerAnswers:
    total_s = deadlines.total_s + (MACHINES_S if options.host else 0.0)
    end = time.monotonic() + total_s
    late_note = f"Not every server answered within {total_s:g} s; its figures are missing."
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(PreflightClient(__version__))
        machines = [Machine(host, http) for host in options.host]
        for one in machines:
            stack.push_async_callback(one.close)
        try:
            async with asyncio.timeout(total_s):
                found = await discover(
                    settings,
                    http,
                    _named(options),
                    deadline_s=deadlines.named_s,
                    unnamed_s=deadlines.unnamed_s,
                    listeners=None if deadlines.is_quick else OtherListeners(),
                    machines=machines,
                )
        except TimeoutError:
            return ServerAnswers(note=late_note)
        keys = await asyncio.to_thread(_keys, options, settings, found)
        vllm, proxy, probe, backends = (
            asyncio.create_task(_ask_vllm(found.server(proxy=False), http, keys, deadlines)),
            asyncio.create_task(_ask_proxy(found.server(proxy=True), http, keys, deadlines)),
            asyncio.create_task(probe_base_url(settings, found, http, deadlines.named_s, is_quick=deadlines.is_quick)),
            asyncio.create_task(_ask_backends(found, settings, http, deadlines)),
        )
        _, late = await asyncio.wait({vllm, proxy, probe, backends}, timeout=max(0.0, end - time.monotonic()))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return ServerAnswers(
            found,
            _late_vllm(found) if vllm in late else vllm.result(),
            _late_proxy(found) if proxy in late else proxy.result(),
            None if probe in late else probe.result(),
            BackendsSnapshot() if backends in late else backends.result(),
            late_note if late else "",
        )


def _late_vllm(found: DiscoverySnapshot) -> VllmSnapshot | None:
    server = found.server(proxy=False)
    if server is None or not server.kind.is_engine:
        return None
    return VllmSnapshot(server.url, ServerState.ASKING, kind=server.kind)


def _late_proxy(found: DiscoverySnapshot) -> ProxySnapshot | None:
    server = found.server(proxy=True)
    return ProxySnapshot(server.url, server.kind, ServerState.ASKING) if server is not None else None


async def _ask_vllm(found: Found | None, http: HttpClient, keys: Keys, deadlines: Deadlines) -> VllmSnapshot | None:
    if found is None or not found.kind.is_engine:
        return None
    key = key_for(found.url, keys)
    source = engine_source(
        found.url, found.kind, http, time.time, key, found.listener, deadlines.named_s, asks_ahead=True
    )
    return await source.poll()


async def _ask_proxy(found: Found | None, http: HttpClient, keys: Keys, deadlines: Deadlines) -> ProxySnapshot | None:
    if found is None:
        return None
    key = key_for(found.url, keys)
    source = ProxySource(
        found.url, found.kind, http, time.time, key, found.listener, deadlines.named_s, asks_ahead=True
    )
    return await source.poll()


async def _ask_backends(
    found: DiscoverySnapshot, settings: SettingsSnapshot, http: HttpClient, deadlines: Deadlines
) -> BackendsSnapshot:
    table = found.routes
    if found.server(proxy=True) is None or not table.branches:
        return BackendsSnapshot()
    source = BackendSource(http, time.time, deadlines.unnamed_s)
    source.urls = ordered(table.servers, important_servers(settings, table))
    return await source.poll()


def proxy_yaml(options: Options, seen: ServerAnswers) -> Path | None:
    """Return LiteLLM's YAML file: the one that the options name, else that of the LiteLLM that was found."""
    if options.litellm_config is not None:
        return options.litellm_config
    found = seen.discovery.server(proxy=True)
    is_litellm = found is not None and found.kind is ServerKind.LITELLM
    return config_of(found.process) if found is not None and is_litellm and found.process is not None else None


def _named(options: Options) -> ConfiguredTargets:
    return ConfiguredTargets(options.vllm, options.proxy, options.log, options.litellm_config)


def _keys(options: Options, settings: SettingsSnapshot, found: DiscoverySnapshot) -> Keys:
    return origin_keys(settings, found, _named(options))
