"""Asks the live servers once, side by side and bounded."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stormdeck import __version__
from stormdeck.model.rules.facts import Probe
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.options import Options
from stormdeck.sources.discovery.configured import ConfiguredTargets, Keys, key_for, origin_keys
from stormdeck.sources.discovery.probe import probe_base_url
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, LIMIT, Answer, HttpClient
from stormdeck.sources.processes.scan import config_of
from stormdeck.sources.servers.proxy import ProxySource
from stormdeck.sources.servers.vllm import VllmSource


@dataclass(frozen=True, slots=True)
class Look:
    """What the servers on the path said, once. The default: they were not asked."""

    discovery: DiscoverySnapshot = field(default_factory=DiscoverySnapshot)
    vllm: VllmSnapshot | None = None
    proxy: ProxySnapshot | None = None
    probe: Probe | None = None
    note: str = ""
    """Why the look is not whole, in words."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one look waits."""

    named_s: float
    """For one answer of a server that a flag or the settings name."""
    unnamed_s: float
    """For one answer of a server that was found by its port or its process."""
    total_s: float
    is_quick: bool = False
    """A server without an answer in that time may merely be late."""


PATIENT = Patience(DEADLINE_S, 2.0, 20.0)
"""For somebody who asks once. A slow server is asked two or three times in a row, the rest side by side."""
QUICK = Patience(0.8, 0.8, 2.0, is_quick=True)
"""For a status bar, which asks again in a few seconds."""


class KnockingClient(HttpClient):
    """The client of one look: it puts no question twice, and none to a server that left one without an answer.

    Where nothing listens on this machine, it finds out without the HTTP library, whose loading takes 0.1 s.
    """

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self._asked: dict[tuple[str, str | None], asyncio.Task[Answer | Failure]] = {}
        self._silent: dict[str, Failure] = {}

    async def get(
        self,
        url: str,
        key: str | None = None,
        limit: int = LIMIT,
        deadline_s: float = DEADLINE_S,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | Failure:
        """Ask once; the same question again gets the same answer."""
        if headers:
            return await self._first(url, key, limit, deadline_s, headers)
        asked = self._asked.get((url, key))
        if asked is None:
            asked = asyncio.ensure_future(self._first(url, key, limit, deadline_s))
            self._asked[url, key] = asked
        # Somebody who stops waiting does not take the answer away from others.
        return await asyncio.shield(asked)

    async def aclose(self) -> None:
        """End the questions that nobody waits for any more, and close the kept connections."""
        for asked in self._asked.values():
            asked.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)
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
        said = await super().get(url, key, limit, deadline_s, headers)
        if isinstance(said, Failure) and said.kind is FailureKind.TIMEOUT:
            self._silent.setdefault(target.origin, said)
        return said


def _refuses(host: str, port: int) -> bool:
    """Say whether a port of this machine refuses a connection; any other outcome is left to the asking itself."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as knock:
            knock.settimeout(0.1)
            knock.connect((host, port))
    except ConnectionRefusedError:
        return host != "localhost"
    except OSError:
        pass
    return False


def look(options: Options, settings: SettingsSnapshot, patience: Patience = PATIENT) -> Look:
    """Find and ask the servers; never raises."""
    return asyncio.run(_look(options, settings, patience))


def token_for(url: str, options: Options, settings: SettingsSnapshot, seen: Look) -> str:
    """Return the key that was configured for a server, empty where there is none."""
    return key_for(url, _keys(options, settings, seen.discovery)) or ""


async def _look(options: Options, settings: SettingsSnapshot, patience: Patience) -> Look:
    end = time.monotonic() + patience.total_s
    late_note = f"Not every server answered within {patience.total_s:g} s; what it would have said is left out."
    async with KnockingClient(__version__) as http:
        try:
            async with asyncio.timeout(patience.total_s):
                found = await discover(
                    settings, http, _named(options), deadline_s=patience.named_s, unnamed_s=patience.unnamed_s
                )
        except TimeoutError:
            return Look(note=late_note)
        keys = await asyncio.to_thread(_keys, options, settings, found)
        vllm, proxy, probe = (
            asyncio.create_task(_ask_vllm(found.server(proxy=False), http, keys, patience)),
            asyncio.create_task(_ask_proxy(found.server(proxy=True), http, keys, patience)),
            asyncio.create_task(probe_base_url(settings, found, http, patience.named_s, is_quick=patience.is_quick)),
        )
        _, late = await asyncio.wait({vllm, proxy, probe}, timeout=max(0.0, end - time.monotonic()))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return Look(
            found,
            _late_vllm(found) if vllm in late else vllm.result(),
            _late_proxy(found) if proxy in late else proxy.result(),
            None if probe in late else probe.result(),
            late_note if late else "",
        )


def _late_vllm(found: DiscoverySnapshot) -> VllmSnapshot | None:
    server = found.server(proxy=False)
    is_vllm = server is not None and server.kind is ServerKind.VLLM
    return VllmSnapshot(server.url, ServerState.ASKING) if server is not None and is_vllm else None


def _late_proxy(found: DiscoverySnapshot) -> ProxySnapshot | None:
    server = found.server(proxy=True)
    return ProxySnapshot(server.url, server.kind, ServerState.ASKING) if server is not None else None


async def _ask_vllm(found: Found | None, http: HttpClient, keys: Keys, patience: Patience) -> VllmSnapshot | None:
    if found is None or found.kind is not ServerKind.VLLM:
        return None
    key = key_for(found.url, keys)
    source = VllmSource(found.url, http, time.time, key, found.listener, patience.named_s, asks_ahead=True)
    return await source.poll()


async def _ask_proxy(found: Found | None, http: HttpClient, keys: Keys, patience: Patience) -> ProxySnapshot | None:
    if found is None:
        return None
    key = key_for(found.url, keys)
    source = ProxySource(found.url, found.kind, http, time.time, key, found.listener, patience.named_s, asks_ahead=True)
    return await source.poll()


def proxy_yaml(options: Options, seen: Look) -> Path | None:
    """Return LiteLLM's YAML: the one that is named, else that of the LiteLLM that was found."""
    if options.litellm_config is not None:
        return options.litellm_config
    found = seen.discovery.server(proxy=True)
    is_litellm = found is not None and found.kind is ServerKind.LITELLM
    return config_of(found.process) if found is not None and is_litellm and found.process is not None else None


def _named(options: Options) -> ConfiguredTargets:
    return ConfiguredTargets(options.vllm, options.proxy, options.log, options.litellm_config)


def _keys(options: Options, settings: SettingsSnapshot, found: DiscoverySnapshot) -> Keys:
    return origin_keys(settings, found, _named(options))
