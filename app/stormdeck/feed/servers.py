"""The servers on the path: looked for, asked again and again, and looked for again while one is missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from stormdeck.feed.logs import LogFeed
from stormdeck.feed.polling import Poller, wait_for
from stormdeck.feed.reducer import Snapshot
from stormdeck.model.finding import HopKind
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.rules.facts import Probe, Reach
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import BASE_URL, is_trusted
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, Left
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot, refuses_connections
from stormdeck.options import Options
from stormdeck.sources.discovery.configured import ConfiguredTargets, Keys, base_url, client_key, key_for, origin_keys
from stormdeck.sources.discovery.probe import probe_base_url
from stormdeck.sources.discovery.search import PATIENCE_S, discover
from stormdeck.sources.io.background import run_in_thread, with_timeout
from stormdeck.sources.litellm_yaml import read_proxy_config
from stormdeck.sources.net.address import address
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.scan import config_of, is_alive
from stormdeck.sources.servers.proxy import ProxySource
from stormdeck.sources.servers.vllm import VllmSource

SEARCH_S = 3.0
"""From the first search to the second, while something is missing or down."""
SEARCH_GROWTH = 1.5
SEARCH_LATER_S = 30.0
"""Between two searches at most: one takes 10 ms of a processor where nothing listens, 25 beside servers (measured)."""
SEARCH_WELL_S = 120.0
"""Between two searches once all is well; a server that falls or returns brings the next one forward."""
BUSY = 3
"""Running requests that keep a GPU as busy as it gets."""
WELL = {ServerState.UP, ServerState.DEGRADED, ServerState.REFUSING}


class ServerFeed:
    """One poller for vLLM and one for the proxy.

    A server that was found stays until another takes its place, or the settings lead past it.
    """

    def __init__(
        self,
        options: Options,
        http: HttpClient,
        hand: Callable[[Snapshot], None],
        logs: LogFeed,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._options = options
        self._http = http
        self._hand = hand
        self._logs = logs
        self._spawn = spawn
        self._named = ConfiguredTargets(options.vllm, options.proxy, options.log, options.litellm_config)
        self._settings = SettingsSnapshot()
        self._yaml: ProxyConfig | None = None
        self._probed: Probe | None = None
        self._discovery: DiscoverySnapshot | None = None
        self._pollers: dict[str, tuple[Found, Poller[Any], asyncio.Task[None], VllmSource | ProxySource]] = {}
        self._states: dict[str, ServerState] = {}
        self._base: str | None = None
        """The base URL of the settings at the last search; ``None`` before the first."""
        self._ended: set[int] = set()
        """Processes of servers that are known to have ended."""
        self._known: dict[tuple[str, int], ServerKind] = {}
        """What answered at a place before: a server that is late is still the same."""
        self._look = asyncio.Event()
        self._nearest: Path | None = None
        """The log nearest to the client."""
        self._moved_at: float | None = None
        """When the client's base URL changed, until the servers on the new path are known."""
        self._watched = True
        self.load = 0.0
        """How busy the engine is, from 0 to 1."""

    def take_settings(self, settings: SettingsSnapshot) -> None:
        """Take the settings that say where the client sends; look again when they say another place.

        While a file of them cannot be read, as in the middle of an edit, the place is the one that was said before.
        """
        if settings.text(BASE_URL) is None and settings.broken:
            return
        if settings.text(BASE_URL) != self._settings.text(BASE_URL):
            self._moved_at = time.time()
        before, self._settings = self._settings, settings
        if _leads(settings) != _leads(before):
            self._look.set()

    def search(self) -> None:
        """Look again, now."""
        self._look.set()

    def requests_came(self) -> None:
        """Ask sooner: a log shows a request."""
        for _, poller, _, _ in self._pollers.values():
            poller.end_quiet()

    def list_again(self) -> None:
        """Ask vLLM for its models with the next poll."""
        polled = self._pollers.get("vllm")
        if polled is not None and isinstance(polled[3], VllmSource):
            polled[3].list_again()

    def set_focused(self, focused: bool) -> None:
        """Poll less often while the terminal has no focus."""
        self._watched = focused
        for _, poller, _, _ in self._pollers.values():
            poller.slow = not focused
            if focused:
                poller.poke()

    @property
    def missing(self) -> bool:
        """Say whether a server on the path does not answer, or none was found: the ends of the logs matter then."""
        return not self._pollers or any(self._states.get(name) not in WELL for name in self._pollers)

    async def stop(self) -> None:
        """End all pollers."""
        tasks = [task for _, _, task, _ in self._pollers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self) -> None:
        """Search until cancelled."""
        wait = SEARCH_S
        while True:
            self._look.clear()
            began, base = time.time(), self._settings.text(BASE_URL) or ""
            found = await discover(self._settings, self._http, self._named, known=self._known)
            # Beside the loop: LiteLLM's YAML is read for them.
            keys: Keys = await with_timeout(PATIENCE_S, {}, origin_keys, self._settings, found, self._named)
            self._take(found, keys, base)
            if self._moved_at is not None and self._moved_at <= began:
                self._moved_at = None
            await self._read_yaml(found)
            await self._probe_base_url(found)
            well = self._pollers and all(self._states.get(name) in WELL for name in self._pollers)
            well = well and (self._probed is None or self._probed.reach is Reach.ANSWERS)
            wait = SEARCH_WELL_S if well and found.logs else min(SEARCH_LATER_S, wait * SEARCH_GROWTH)
            if await wait_for(self._look, wait):
                wait = SEARCH_S

    def _take(self, found: DiscoverySnapshot, keys: Keys, base: str) -> None:
        self._known |= {
            at.place: server.kind
            for server in (*found.found, *found.beside)
            if server.met is ServerState.UP and (at := address(server.url)) is not None
        }
        if found != self._discovery:
            self._discovery = found
            self._hand(found)
        self._leave_path(found, base)
        nearest = self._nearest_log(found)
        since = self._moved_at if nearest != self._nearest else None
        self._logs.follow(found.logs, nearest, since, is_sure=self._knows_first_hop(found))
        self._nearest = nearest
        for is_proxy, name in ((True, "proxy"), (False, "vllm")):
            server = found.server(proxy=is_proxy)
            if server is not None and (is_proxy or server.kind is ServerKind.VLLM):
                self._poll(name, server, key_for(server.url, keys))

    def _nearest_log(self, found: DiscoverySnapshot) -> Path | None:
        """Return the log nearest to the client: still that of a proxy which is down while the client asks it."""
        first, proxy = next(iter(found.logs), None), found.server(proxy=True)
        is_down = proxy is None or (proxy.process is None and proxy.met is not ServerState.UP)
        kept = is_down and self._asks_proxy() and not self._named.logs
        return self._nearest or first if kept else first

    def _knows_first_hop(self, found: DiscoverySnapshot) -> bool:
        """Return whether a server was found, now or before, where the client's requests go first.

        While a proxy is still to come up, what vLLM's log shows may be the proxy's requests.
        """
        server = found.server(proxy=False)
        base = base_url(self._settings)
        if self._named.logs or base is None or server is None or found.server(proxy=True) is not None:
            return True
        return self._asks_proxy() or _are_one_place(base.url, server.url)

    def _asks_proxy(self) -> bool:
        """Return whether the client's requests go to the proxy that is asked, up or down."""
        polled = self._pollers.get("proxy")
        if polled is None:
            return False
        base = base_url(self._settings)
        return _are_one_place(base.url if base is not None else polled[0].url, polled[0].url)

    def _leave_path(self, found: DiscoverySnapshot, base: str) -> None:
        """Leave servers that the base URL leads past, and those not found again once it names another place.

        While it names the same place, a server that is not found is down, and stays on the path.
        """
        before, self._base = self._base, base
        has_moved = before not in {None, base}
        for hop, name in ((HopKind.PROXY, "proxy"), (HopKind.SERVER, "vllm")):
            if name not in self._pollers:
                continue
            server = found.server(proxy=hop is HopKind.PROXY)
            is_found = server is not None and (hop is HopKind.PROXY or server.kind is ServerKind.VLLM)
            if found.is_left(self._pollers[name][0].url) or (has_moved and not is_found):
                self._leave(name)
                self._yaml = None if hop is HopKind.PROXY else self._yaml
                self._hand(Left(hop))

    async def _probe_base_url(self, found: DiscoverySnapshot) -> None:
        """Hand on what the client's base URL answers, where it is something else than before."""
        probe = await probe_base_url(self._settings, found, self._http)
        if probe is not None and probe != self._probed:
            self._probed = probe
            self._hand(probe)

    async def _read_yaml(self, found: DiscoverySnapshot) -> None:
        """Hand on LiteLLM's YAML, where it is known and has changed."""
        proxy = found.server(proxy=True)
        path = self._named.litellm_config
        if path is None and proxy is not None and proxy.kind is ServerKind.LITELLM and proxy.process is not None:
            path = await run_in_thread(config_of, proxy.process)
        config = await with_timeout(PATIENCE_S, None, read_proxy_config, path) if path is not None else None
        if config is not None and config != self._yaml:
            self._yaml = config
            self._hand(config)

    def key(self, url: str) -> str | None:
        """Return the key that was configured for a server, and for no other."""
        return key_for(url, origin_keys(self._settings, self._discovery or DiscoverySnapshot(), self._named))

    def _poll(self, name: str, found: Found, key: str | None) -> None:
        """Ask a server from now on; one that is asked already only learns of its process."""
        old = self._pollers.get(name)
        if old is not None and (old[0].url, old[0].kind) == (found.url, found.kind):
            old[3].process = found.listener
            old[3].use_key(key)
            if found.process is not None:
                self._pollers[name] = (found, *old[1:])
            return
        if old is not None:
            self._leave(name)
        source: VllmSource | ProxySource
        # Its place on the path is known before it has answered: a slow one needs seconds.
        if name == "vllm":
            self._hand(VllmSnapshot(found.url, ServerState.ASKING))
            source = VllmSource(found.url, self._http, time.time, key, found.listener)
        else:
            self._hand(ProxySnapshot(found.url, found.kind, ServerState.ASKING))
            source = ProxySource(found.url, found.kind, self._http, time.time, key, found.listener)
        poller: Poller[Any] = Poller(
            source.poll, lambda snapshot: self._heard(name, snapshot), _well, self._options.poll
        )
        poller.slow = not self._watched
        self._pollers[name] = (found, poller, self._spawn(poller.run()), source)

    def _leave(self, name: str) -> None:
        """Stop asking a server, and reading its logs."""
        found, _, task, _ = self._pollers.pop(name)
        self._states.pop(name, None)
        task.cancel()
        self._logs.leave(logs_of(found))

    def _heard(self, name: str, snapshot: VllmSnapshot | ProxySnapshot) -> None:
        before = self._states.get(name)
        fell = (snapshot.state in WELL) != (before in WELL) and before is not None
        self._states[name] = snapshot.state
        self._hand(snapshot)
        if name == ("proxy" if self._asks_proxy() else "vllm"):
            self._logs.refuse(refuses=refuses_connections(snapshot))
        if isinstance(snapshot, VllmSnapshot):
            self.load = min(1.0, snapshot.engine.running / BUSY) if snapshot.engine else 0.0
        if fell or self._has_ended(name):
            self._look.set()

    def _has_ended(self, name: str) -> bool:
        """Return whether a server's process has just ended: another one may answer at once, with a log of its own."""
        process = self._pollers[name][0].process if name in self._pollers else None
        if process is None or process.pid in self._ended or is_alive(process):
            return False
        self._ended.add(process.pid)
        return True


def _are_one_place(one: str, other: str) -> bool:
    """Return whether two URLs lead to the same host and port."""
    first, second = address(one), address(other)
    return first is not None and second is not None and first.place == second.place


def _leads(settings: SettingsSnapshot) -> tuple[str | None, bool, str | None]:
    """Return what decides which server is asked, and with which key."""
    return settings.text(BASE_URL), is_trusted(settings), client_key(settings)


def logs_of(found: Found) -> tuple[Path, ...]:
    """Return the files that a server's process writes to."""
    process = found.process
    return tuple(path for path in (process.log, process.error_log) if path is not None) if process is not None else ()


def _well(snapshot: VllmSnapshot | ProxySnapshot) -> bool:
    return snapshot.state in WELL
