"""Asks the live servers once, side by side and bounded."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from stormdeck import __version__
from stormdeck.commands.look import Look
from stormdeck.model.discovery import DiscoverySnapshot, Found
from stormdeck.model.server import ProxySnapshot, ServerKind, VllmSnapshot
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.options import Options
from stormdeck.sources.address import address
from stormdeck.sources.discovery import Keys, Named, discover, key_for, origin_keys
from stormdeck.sources.http import DEADLINE_S, LIMIT, Answer, Failure, HttpClient, Trouble
from stormdeck.sources.probe import probe_base_url
from stormdeck.sources.processes import config_of
from stormdeck.sources.proxy import ProxySource
from stormdeck.sources.vllm import VllmSource

TOTAL_S = 2.0
"""For the whole look; a server that needs longer counts as not asked."""
_ANSWER_S = 0.8
"""For one answer: a hop over a slow line takes half of it."""
_LATE = f"Not every server answered within {TOTAL_S:g} s; what it would have said is left out."


class KnockingClient(HttpClient):
    """Knocks before it asks on this machine: where nothing listens, the HTTP library need not be loaded (0.1 s)."""

    async def get(
        self,
        url: str,
        key: str | None = None,
        limit: int = LIMIT,
        deadline_s: float = DEADLINE_S,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | Failure:
        """Ask once, unless the port of this machine refuses at once."""
        target = address(url)
        if target is not None and target.is_here and not self._clients and _refuses(target.host, target.port):
            return Failure(Trouble.REFUSED, f"connection refused: nothing listens on port {target.port}")
        return await super().get(url, key, limit, deadline_s, headers)


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


def look(options: Options, settings: SettingsSnapshot) -> Look:
    """Find and ask the servers, within two seconds; never raises."""
    return asyncio.run(_look(options, settings))


def token_for(url: str, options: Options, settings: SettingsSnapshot, seen: Look) -> str:
    """Return the key that was configured for a server, empty where there is none."""
    return key_for(url, _keys(options, settings, seen.discovery)) or ""


async def _look(options: Options, settings: SettingsSnapshot) -> Look:
    end = time.monotonic() + TOTAL_S
    async with KnockingClient(__version__) as http:
        try:
            async with asyncio.timeout(TOTAL_S):
                found = await discover(settings, http, _named(options), deadline_s=_ANSWER_S)
        except TimeoutError:
            return Look(note=_LATE)
        keys = await asyncio.to_thread(_keys, options, settings, found)
        vllm, proxy, probe = (
            asyncio.create_task(_ask_vllm(found.server(proxy=False), http, keys)),
            asyncio.create_task(_ask_proxy(found.server(proxy=True), http, keys)),
            asyncio.create_task(probe_base_url(settings, found, http, _ANSWER_S)),
        )
        _, late = await asyncio.wait({vllm, proxy, probe}, timeout=max(0.0, end - time.monotonic()))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        note = _LATE if late else ""
        return Look(
            found,
            None if vllm in late else vllm.result(),
            None if proxy in late else proxy.result(),
            None if probe in late else probe.result(),
            note,
        )


async def _ask_vllm(found: Found | None, http: HttpClient, keys: Keys) -> VllmSnapshot | None:
    if found is None or found.kind is not ServerKind.VLLM:
        return None
    key = key_for(found.url, keys)
    return await VllmSource(found.url, http, time.time, key, found.process, _ANSWER_S).poll()


async def _ask_proxy(found: Found | None, http: HttpClient, keys: Keys) -> ProxySnapshot | None:
    if found is None:
        return None
    key = key_for(found.url, keys)
    return await ProxySource(found.url, found.kind, http, time.time, key, found.process, _ANSWER_S).poll()


def proxy_yaml(options: Options, seen: Look) -> Path | None:
    """Return LiteLLM's YAML: the one that is named, else that of the LiteLLM that was found."""
    if options.litellm_config is not None:
        return options.litellm_config
    found = seen.discovery.server(proxy=True)
    is_litellm = found is not None and found.kind is ServerKind.LITELLM
    return config_of(found.process) if found is not None and is_litellm and found.process is not None else None


def _named(options: Options) -> Named:
    return Named(options.vllm, options.proxy, options.log, options.litellm_config)


def _keys(options: Options, settings: SettingsSnapshot, found: DiscoverySnapshot) -> Keys:
    return origin_keys(settings, found, _named(options))
