"""Search for the servers on the request path and poll them. Search again while one is missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from stormdeck.feed.backends import BackendFeed
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.polling import Poller, wait_for
from stormdeck.feed.reducer import Snapshot
from stormdeck.model.finding import HopKind
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.routes.table import RoutingTable
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import AUTHORITIES, BASE_URL, is_trusted, may_trust
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, Left
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot, refuses_connections
from stormdeck.options import Options
from stormdeck.sources.discovery.configured import ConfiguredTargets, Keys, base_url, client_key, key_for, origin_keys
from stormdeck.sources.discovery.listeners import OtherListeners
from stormdeck.sources.discovery.probe import probe_base_url
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.discovery.upstream import PATIENCE_S, RouteReader
from stormdeck.sources.io.background import call_in_loop, run_in_thread, with_timeout
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.litellm_yaml import read_proxy_config
from stormdeck.sources.net.address import address
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.scan import config_of, is_alive
from stormdeck.sources.remote.machine import Machine
from stormdeck.sources.servers.engine import EngineSource, engine_source
from stormdeck.sources.servers.proxy import ProxySource

SEARCH_S = 3.0
"""Between the first two searches, while something is missing or down."""
SEARCH_GROWTH = 1.5
SEARCH_LATER_S = 30.0
"""Longest time between two searches: one takes 10 ms of CPU where nothing listens, 25 beside servers (measured)."""
SEARCH_WELL_S = 120.0
"""Between two searches once all is well. A server that goes down or comes back triggers one at once."""
BUSY = 3
"""Number of running requests at which a GPU counts as fully busy."""
WELL = {ServerState.UP, ServerState.DEGRADED, ServerState.REFUSING}


class ServerFeed:
    """Run one poller for vLLM and one for the proxy.

    A server that was found is kept until another replaces it, or the base URL no longer leads to it.
    """

    def __init__(
        self,
        options: Options,
        http: HttpClient,
        deliver: Callable[[Snapshot], None],
        logs: LogFeed,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        watcher: FileWatcher,
    ) -> None:
        self._options = options
        self._http = http
        self._deliver = deliver
        self._logs = logs
        self._spawn = spawn
        self._watcher = watcher
        self._yaml_files: set[Path] = set()
        """Those of LiteLLM that are watched."""
        self._named = ConfiguredTargets(options.vllm, options.proxy, options.log, options.litellm_config)
        self._settings = SettingsSnapshot()
        self._yaml: ProxyConfig | None = None
        self._last_probe: Probe | None = None
        self._discovery: DiscoverySnapshot | None = None
        self._pollers: dict[str, tuple[Found, Poller[Any], asyncio.Task[None], EngineSource | ProxySource]] = {}
        self._states: dict[str, ServerState] = {}
        self._last_base_url: str | None = None
        """The base URL in the settings at the last search; ``None`` before the first search."""
        self._ended: set[int] = set()
        """Processes of servers that are known to have ended."""
        self._others = OtherListeners()
        self._known: dict[tuple[str, int, str], ServerKind] = {}
        """Kind of server that answered before, by host, port and path: a slow server keeps its kind."""
        self._reader = RouteReader()
        self.agreed: frozenset[LogSpec] = frozenset()
        """Logs that are followed although a program has to be run for them: the user agreed."""
        self.added: tuple[LogSpec, ...] = ()
        """Logs that the user named while the panel runs, followed beside all others."""
        self._places: dict[str, tuple[LogSpec, ...]] = {}
        """The logs that are no files, by the URL of their server."""
        self._search_now = asyncio.Event()
        self.machines = [Machine(host, http, is_shared=True) for host in options.host]
        """Other machines whose servers are watched."""
        # The path may follow another server.
        self._backends = BackendFeed(http, deliver, spawn, self._search_now.set, options.poll)
        self._nearest: LogSpec | None = None
        """Log of the hop nearest to the client."""
        self._moved_at: float | None = None
        """When the client's base URL changed, until the servers on the new path are known."""
        self._focused = True
        self._interval_s: float = options.poll
        self.load = 0.0
        """How busy the engine is, from 0 to 1."""

    def take_settings(self, settings: SettingsSnapshot) -> None:
        """Process new settings, and search again when they name another server or key.

        While a settings file cannot be parsed, for example in the middle of an edit, the previous base URL is kept.
        """
        if settings.text(BASE_URL) is None and settings.broken:
            return
        if settings.text(BASE_URL) != self._settings.text(BASE_URL):
            self._moved_at = time.time()
        before, self._settings = self._settings, settings
        if _target_of(settings) != _target_of(before):
            self._search_now.set()

    def search(self) -> None:
        """Search again now, and ask every program again."""
        self._others.forget()
        self._search_now.set()

    def on_requests(self) -> None:
        """Poll sooner, because a log shows a request."""
        for _, poller, _, _ in self._pollers.values():
            poller.end_quiet()

    def list_again(self) -> None:
        """Request vLLM's model list with the next poll."""
        polled = self._pollers.get("vllm")
        if polled is not None and not isinstance(polled[3], ProxySource):
            polled[3].list_again()

    def set_focused(self, focused: bool) -> None:
        """Poll less often while the terminal has no focus."""
        self._focused = focused
        self._backends.set_focused(focused)
        for _, poller, _, _ in self._pollers.values():
            poller.slow = not focused
            if focused:
                poller.poke()

    def set_interval(self, seconds: float) -> None:
        """Poll all servers at another interval, the ones that are found later too."""
        self._interval_s = seconds
        self._backends.set_interval(seconds)
        for _, poller, _, _ in self._pollers.values():
            poller.set_interval(seconds)

    @property
    def missing(self) -> bool:
        """Whether a server does not answer or none was found; the last lines of the logs are shown then."""
        return not self._pollers or any(self._states.get(name) not in WELL for name in self._pollers)

    async def stop(self) -> None:
        """Stop all pollers."""
        tasks = [task for _, _, task, _ in self._pollers.values()]
        for task in tasks:
            task.cancel()
        tasks += self._backends.cancel()
        await asyncio.gather(*tasks, *(one.close() for one in self.machines), return_exceptions=True)

    async def run(self) -> None:
        """Search until cancelled."""
        wait = SEARCH_S
        while True:
            self._search_now.clear()
            began, base = time.time(), self._settings.text(BASE_URL) or ""
            found = await discover(
                self._settings,
                self._http,
                self._named,
                known=self._known,
                reader=self._reader,
                listeners=self._others,
                agreed=self.agreed,
                machines=self.machines,
            )
            # In a thread, because LiteLLM's YAML is read for them.
            keys: Keys = await with_timeout(PATIENCE_S, {}, origin_keys, self._settings, found, self._named)
            self._take(found, keys, base)
            if self._moved_at is not None and self._moved_at <= began:
                self._moved_at = None
            await self._read_yaml(found)
            await self._probe_base_url(found)
            is_well = self._pollers and all(self._states.get(name) in WELL for name in self._pollers)
            is_well = is_well and (self._last_probe is None or self._last_probe.reach is Reach.ANSWERS)
            wait = SEARCH_WELL_S if is_well and found.logs else min(SEARCH_LATER_S, wait * SEARCH_GROWTH)
            if await wait_for(self._search_now, wait):
                wait = SEARCH_S

    def _take(self, found: DiscoverySnapshot, keys: Keys, base: str) -> None:
        self._known |= {
            at.server: server.kind
            for server in (*found.found, *found.beside)
            if server.met is ServerState.UP and (at := address(server.url)) is not None
        }
        found = self._with_earlier(found)
        added = tuple(log for log in self.added if log not in found.logs)
        found = replace(found, logs=(*found.logs, *added)) if added else found
        for place in found.places:
            if place.url and not place.is_proposed and not self._named.logs:
                self._places[place.url] = (place.log,)
        if found != self._discovery:
            self._discovery = found
            self._deliver(found)
        self._leave_path(found, base)
        nearest = self._nearest_log(found)
        since = self._moved_at if nearest != self._nearest else None
        self._logs.follow(found.logs, nearest, since, is_sure=self._knows_first_hop(found))
        self._nearest = nearest
        for is_proxy, name in ((True, "proxy"), (False, "vllm")):
            server = found.server(proxy=is_proxy)
            if server is not None and (is_proxy or server.kind.is_engine):
                self._poll(name, server, key_for(server.url, keys))

        table = found.routes if found.server(proxy=True) is not None else RoutingTable()
        self._backends.follow(table, self._settings)

    def _with_earlier(self, found: DiscoverySnapshot) -> DiscoverySnapshot:
        """Add the logs of servers that are down: a container that has ended is not found."""
        known = {place.log for place in found.places}
        on_path = {one.url for one in found.found}
        before = self._discovery.places if self._discovery is not None else ()
        # A server in a container may still be behind the proxy as long as no other was found.
        alone = found.server(proxy=True) is not None and found.server(proxy=False) is None
        earlier = [one for one in before if one.log not in known and (one.url in on_path if one.url else alone)]
        places = sorted((*found.places, *earlier), key=lambda one: not one.kind.is_proxy)
        logs = [one.log for one in places if not one.is_proposed] if not self._named.logs else []
        logs += [log for log in found.logs if log not in logs]
        return replace(found, places=tuple(places), logs=tuple(logs)) if earlier else found

    def _nearest_log(self, found: DiscoverySnapshot) -> LogSpec | None:
        """Return the log of the hop nearest to the client. A proxy that is down keeps its place while it is used."""
        first, proxy = next(iter(found.logs), None), found.server(proxy=True)
        is_down = proxy is None or (proxy.process is None and proxy.met is not ServerState.UP)
        kept = is_down and self._asks_proxy() and not self._named.logs
        return self._nearest or first if kept else first

    def _knows_first_hop(self, found: DiscoverySnapshot) -> bool:
        """Return whether the hop that receives the client's requests first is known.

        Until a proxy has started, requests in vLLM's log may be the proxy's own.
        """
        server = found.server(proxy=False)
        base = base_url(self._settings)
        if self._named.logs or base is None or server is None or found.server(proxy=True) is not None:
            return True
        return self._asks_proxy() or _is_same_place(base.url, server.url)

    def _asks_proxy(self) -> bool:
        """Return whether the client sends to the polled proxy, up or down."""
        polled = self._pollers.get("proxy")
        if polled is None:
            return False
        base = base_url(self._settings)
        return _is_same_place(base.url if base is not None else polled[0].url, polled[0].url)

    def _leave_path(self, found: DiscoverySnapshot, base: str) -> None:
        """Drop servers that are no longer on the path, and those that were not found after the base URL changed.

        While the base URL is unchanged, a server that is not found is down and stays on the path.
        """
        before, self._last_base_url = self._last_base_url, base
        has_moved = before not in {None, base}
        for hop, name in ((HopKind.PROXY, "proxy"), (HopKind.SERVER, "vllm")):
            if name not in self._pollers:
                continue
            server = found.server(proxy=hop is HopKind.PROXY)
            is_found = server is not None and (hop is HopKind.PROXY or server.kind.is_engine)
            if found.is_left(self._pollers[name][0].url) or (has_moved and not is_found):
                self._leave(name)
                self._yaml = None if hop is HopKind.PROXY else self._yaml
                self._deliver(Left(hop))

    async def _probe_base_url(self, found: DiscoverySnapshot) -> None:
        """Probe the client's base URL and deliver the result if it changed."""
        probe = await probe_base_url(self._settings, found, self._http)
        if probe is not None and probe != self._last_probe:
            self._last_probe = probe
            self._deliver(probe)

    async def _read_yaml(self, found: DiscoverySnapshot) -> None:
        """Read LiteLLM's YAML, if its path is known, and deliver it if it changed."""
        proxy = found.server(proxy=True)
        path = self._named.litellm_config
        if path is None and proxy is not None and proxy.kind is ServerKind.LITELLM and proxy.process is not None:
            path = await run_in_thread(config_of, proxy.process)
        if path is not None:
            await self._watch_yaml(path)
        config = await with_timeout(PATIENCE_S, None, read_proxy_config, path) if path is not None else None
        for one in config.included if config is not None else ():
            await self._watch_yaml(Path(one.file))
        if config is not None and config != self._yaml:
            self._yaml = config
            self._deliver(config)

    async def _watch_yaml(self, path: Path) -> None:
        """Watch a file of the configuration: keys and upstreams are read from it, so a change brings a whole search."""
        if path in self._yaml_files:
            return
        self._yaml_files.add(path)
        on_change = partial(call_in_loop, asyncio.get_running_loop(), self._search_now.set)
        await with_timeout(PATIENCE_S, None, self._watcher.watch, (path,), on_change)

    def key(self, url: str) -> str | None:
        """Return the API key that was configured for this very server, if any."""
        return key_for(url, origin_keys(self._settings, self._discovery or DiscoverySnapshot(), self._named))

    def _poll(self, name: str, found: Found, key: str | None) -> None:
        """Start polling a server. For one that is polled already, only update its process and key."""
        old = self._pollers.get(name)
        if old is not None and (old[0].url, old[0].kind) == (found.url, found.kind):
            if found.met is ServerState.UP and self._states.get(name) not in WELL:
                old[1].poke()
            old[3].process = found.listener
            old[3].use_key(key)
            if found.process is not None:
                self._pollers[name] = (found, *old[1:])
            return
        if old is not None:
            self._leave(name)
        source: EngineSource | ProxySource
        # Shown on the path before the first answer: a slow server needs seconds.
        if name == "vllm":
            self._deliver(VllmSnapshot(found.url, ServerState.ASKING, kind=found.kind))
            source = engine_source(found.url, found.kind, self._http, time.time, key, found.listener)
        else:
            self._deliver(ProxySnapshot(found.url, found.kind, ServerState.ASKING))
            source = ProxySource(found.url, found.kind, self._http, time.time, key, found.listener)
        poller: Poller[Any] = Poller(
            source.poll, lambda snapshot: self._on_snapshot(name, snapshot), _is_well, self._interval_s
        )
        poller.slow = not self._focused
        self._pollers[name] = (found, poller, self._spawn(poller.run()), source)

    def _leave(self, name: str) -> None:
        """Stop polling a server and mark its logs as off the path."""
        found, _, task, _ = self._pollers.pop(name)
        self._states.pop(name, None)
        task.cancel()
        self._logs.leave((*logs_of(found), *self._places.pop(found.url, ())))

    def _on_snapshot(self, name: str, snapshot: VllmSnapshot | ProxySnapshot) -> None:
        before = self._states.get(name)
        changed_health = (snapshot.state in WELL) != (before in WELL) and before is not None
        self._states[name] = snapshot.state
        self._deliver(snapshot)
        if name == ("proxy" if self._asks_proxy() else "vllm"):
            self._logs.set_refusing(refuses=refuses_connections(snapshot))
        if isinstance(snapshot, VllmSnapshot):
            self.load = min(1.0, snapshot.engine.running / BUSY) if snapshot.engine else 0.0
            self._logs.compare(snapshot, self._logs_of_vllm())
        if changed_health or self._has_ended(name):
            self._search_now.set()

    def _logs_of_vllm(self) -> tuple[LogSpec, ...]:
        """Return the logs in which each request of vLLM has a line, unless its options turn that off."""
        own: tuple[LogSpec, ...] = ()
        if "vllm" in self._pollers:
            found = self._pollers["vllm"][0]
            own = logs_of(found) or self._places.get(found.url, ())
        return own or (self._named.logs if "proxy" not in self._pollers else ())

    def _has_ended(self, name: str) -> bool:
        """Return whether a server's process has just ended: its successor may answer at once, with another log."""
        process = self._pollers[name][0].process if name in self._pollers else None
        if process is None or process.pid in self._ended or is_alive(process):
            return False
        self._ended.add(process.pid)
        return True


def _is_same_place(one: str, other: str) -> bool:
    """Return whether two URLs lead to the same server."""
    first, second = address(one), address(other)
    return first is not None and second is not None and first.server == second.server


def _target_of(settings: SettingsSnapshot) -> tuple[object, ...]:
    """Return the settings that decide which server is polled, with which key, and which certificates are trusted."""
    authorities = [settings.text(path) for path in AUTHORITIES if may_trust(settings, path)]
    return settings.text(BASE_URL), is_trusted(settings), client_key(settings), authorities


def logs_of(found: Found) -> tuple[Path, ...]:
    """Return the files that a server's process writes to."""
    process = found.process
    return tuple(path for path in (process.log, process.error_log) if path is not None) if process is not None else ()


def _is_well(snapshot: VllmSnapshot | ProxySnapshot) -> bool:
    return snapshot.state in WELL
