"""Find the servers on the client's path, without configuration where possible."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.routes.table import RoutingTable
from stormdeck.model.routes.tiers import group_in_use
from stormdeck.model.rules.facts import Facts
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import is_trusted
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, Missed
from stormdeck.model.snapshots.discovery import Machine as NamedMachine
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.text import clean
from stormdeck.sources.discovery.behind import behind_forwarders
from stormdeck.sources.discovery.behind_proxy import routes_of, upstreams_of
from stormdeck.sources.discovery.candidates import Candidate, Probed, Role, Search, refuses
from stormdeck.sources.discovery.configured import ConfiguredTargets, base_url, key_for, origin_keys
from stormdeck.sources.discovery.listeners import OtherListeners
from stormdeck.sources.discovery.log_files import followed
from stormdeck.sources.discovery.log_places import log_places
from stormdeck.sources.discovery.published import with_published_ports
from stormdeck.sources.discovery.upstream import PATIENCE_S, RouteReader
from stormdeck.sources.io.background import with_timeout
from stormdeck.sources.net.address import address, is_own_host
from stormdeck.sources.net.failure import HOSTED, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, HttpClient
from stormdeck.sources.processes.command_line import is_spawned_by_vllm, listens_otherwise, port_of
from stormdeck.sources.processes.scan import Scan, scan_processes
from stormdeck.sources.remote.machine import Machine, RemoteServer
from stormdeck.sources.remote.path import far_logs, on_machines
from stormdeck.sources.settings.authorities import read_authorities

PORTS = (8000, 4000, 8082, 3456)
"""The usual ports of vLLM, LiteLLM, claude-code-proxy and claude-code-router."""
_STALLED = "a drive that a server keeps its log on does not answer"


async def discover(
    settings: SettingsSnapshot,
    http: HttpClient,
    named: ConfiguredTargets,
    ports: Sequence[int] = PORTS,
    scan: Callable[[bool], Scan] = scan_processes,
    deadline_s: float = DEADLINE_S,
    unnamed_s: float | None = None,
    known: Mapping[tuple[str, int, str], ServerKind] | None = None,
    reader: RouteReader | None = None,
    listeners: OtherListeners | None = None,
    agreed: Collection[LogSpec] = (),
    machines: Sequence[Machine] = (),
) -> DiscoverySnapshot:
    """Search once: what flags name, the client's base URL, what is behind a proxy, processes, the usual ports.

    ``found`` is in this order, so the first proxy and the first other server are the path. ``deadline_s`` is for
    one answer of a named server, ``unnamed_s`` for other servers; ``known`` is what answered at a URL before,
    ``reader`` remembers what a proxy refused to list, ``agreed`` are logs for which a program may be run. Where
    nothing is named, ``listeners`` asks programs on other ports. With ``machines`` the servers are theirs, and none of
    this machine is asked but those that are named. Takes a few hundred milliseconds, at most a few
    deadlines; a few milliseconds where nothing runs. Never raises.
    """
    http.trust(await with_timeout(PATIENCE_S, (), read_authorities, settings))
    configured, skipped = _named(settings, named)
    base = base_url(settings)
    led_to = base.url if base is not None and not base.hosted else ""
    far = [one for found in await asyncio.gather(*(one.servers(led_to) for one in machines)) for one in found]
    configured = [*(_far(one) for one in far if not one.is_direct), *configured]
    closed = {port for port in ports if refuses(port)}
    # Listeners are only listed where there may be one: that is most of the cost of a search.
    asks_others = listeners is not None and not configured and not machines
    may_listen = asks_others or bool(configured) or len(closed) < len(ports)
    processes = await with_timeout(PATIENCE_S, Scan(notes=(_STALLED,)), scan, may_listen)
    processes = await with_published_ports(processes)
    search = Search(http, processes, closed, deadline_s, unnamed_s, known)
    more, no_servers = await listeners.candidates(processes, ports, http) if listeners and asks_others else ([], [])
    # Concurrently; a URL that occurs twice is probed as its first candidate.
    named_ones, running, usual = await asyncio.gather(
        search.probe(configured),
        search.probe(() if machines else (*_listening(processes), *_published(processes), *more)),
        search.probe(() if machines else _usual(ports, processes)),
    )
    if listeners is not None:
        listeners.remember([one for one in running if one.place in more])
    local = (*running, *usual)
    reader = reader or RouteReader()
    upstreams: list[Candidate] = []
    unread: list[Missed] = []
    table, is_elsewhere = RoutingTable(), False
    facts = Facts.effective(settings)
    far_urls = {one.url for one in far}
    for proxy in (*named_ones, *local):
        # What a proxy on another machine calls its servers says nothing here.
        is_far = proxy.place.url in far_urls
        routes = None if is_far else await routes_of(proxy, named, processes, http, deadline_s, reader)
        if routes is None:
            continue
        places, why = upstreams_of(proxy, routes, group_in_use(facts, routes.table))
        if not table.groups and not upstreams:
            table, is_elsewhere = routes.table, bool(why and why.hosted)
        upstreams += places
        unread += [why] if why is not None else []
    # A usual port that did not answer is probed again if a configuration names it, and counts as that server.
    named_now = {place.at for place in upstreams}
    mute = [one for one in local if one.kind is None and one.place.at in named_now]
    local = tuple(one for one in local if one not in mute)
    search.forget(one.place for one in mute)
    behind = await search.probe(upstreams)
    proxies = [one for one in local if one.kind is not None and one.kind.is_proxy]
    others = (*behind, *(one for one in local if one not in proxies))
    servers = sorted(others, key=_path_order(upstreams))
    seen = [*named_ones, *proxies, *servers]
    client = _client_place(settings)
    found, missed = _sorted(seen, named, processes, client)
    found, beside = _parted(found, seen, client)
    if is_elsewhere:
        found, beside = _without_local(found, beside, seen)
    found = await behind_forwarders(found, processes, http, deadline_s)
    found = on_machines(found, far)
    silent = {one.place.url for one in seen if one.failure is not None}
    no_logs = (), (f"No log can be followed: {_STALLED}.",)
    on_path = DiscoverySnapshot(found).on_path()
    kept_in = (
        *await log_places(on_path, processes.contained, agreed=agreed),
        *(place for one in on_path for place in far_logs(one, far)),
    )
    # Where the user named the logs, no other is proposed; what is known of the containers is of use all the same.
    kept_in = tuple(one for one in kept_in if not (named.logs and one.is_proposed))
    logs, log_notes = await with_timeout(PATIENCE_S, no_logs, followed, on_path, named.logs, silent, kept_in)
    return DiscoverySnapshot(
        found=found,
        missed=(
            *_of_another_kind(seen, known or {}),
            *skipped,
            *missed,
            *no_servers,
            *unread,
            *(Missed(one.host, one.problem or one.note) for one in machines if one.problem or one.note),
            *_unreachable(processes, found),
            *_portless(processes, found),
            *(Missed("processes", note) for note in processes.notes),
        ),
        logs=logs,
        places=kept_in,
        log_notes=log_notes,
        loading=tuple(listener.process for listener in processes.loading if listener.process is not None),
        contained=() if machines else processes.contained,
        machines=tuple(NamedMachine(one.host, one.problem, one.note) for one in machines),
        beside=beside,
        silent=tuple(
            one.place.url
            for one in local
            if one.kind is None and one.failure and one.failure.kind is FailureKind.TIMEOUT
        ),
        routes=table.with_server(named.vllm) if named.vllm else table,
        done=True,
    )


def _far(server: RemoteServer) -> Candidate:
    kind = server.process.kind if server.process is not None else None
    return Candidate(Role.FLAG, server.url, server.how, None, kind, by_user=True)


def _path_order(upstreams: Sequence[Candidate]) -> Callable[[Probed], tuple[int, bool, int]]:
    """Return the order of servers: those behind the first proxy first, and of one group those that answer."""
    proxies = list(dict.fromkeys(place.how for place in upstreams))
    order = {place.at: (proxies.index(place.how), at) for at, place in reversed(list(enumerate(upstreams)))}

    def key(one: Probed) -> tuple[int, bool, int]:
        proxy, at = order.get(one.place.at, (len(proxies), 0))
        return proxy, proxy < len(proxies) and one.failure is not None, at

    return key


def _without_local(
    found: tuple[Found, ...], beside: tuple[Found, ...], seen: Sequence[Probed]
) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    """Return the servers without those that the selected model never reaches: the proxy sends it to a hosted API."""
    flags = {one.place.at for one in seen if one.place.role is Role.FLAG}
    on_path = tuple(one for one in found if one.kind.is_proxy or _at(one.url) in flags)
    return on_path, (*beside, *(one for one in found if one not in on_path and one.met is ServerState.UP))


def _of_another_kind(seen: Iterable[Probed], known: Mapping[tuple[str, int, str], ServerKind]) -> Iterator[Missed]:
    """Yield the servers that answer as another kind than in the search before."""
    for one in seen:
        before = known.get(one.place.at) if one.place.at is not None else None
        if one.kind is not None and one.failure is None and before not in {None, one.kind}:
            now = "neither vLLM nor a known proxy" if one.kind is ServerKind.OTHER else one.kind.value
            yield Missed(one.place.url, f"answers as {now} now, as {before.value if before else ''} before")


def _named(settings: SettingsSnapshot, named: ConfiguredTargets) -> tuple[list[Candidate], list[Missed]]:
    """Return the URLs that flags and settings name, and those that cannot be probed."""
    keys = origin_keys(settings, DiscoverySnapshot(), named)
    base = base_url(settings)
    places: list[Candidate] = []
    if named.proxy is not None:
        place = _root(named.proxy)
        places.append(Candidate(Role.FLAG, place, "--proxy", key_for(place, keys), ServerKind.LITELLM, by_user=True))
    if named.vllm is not None:
        place = _root(named.vllm)
        places.append(Candidate(Role.FLAG, place, "--vllm", key_for(place, keys), ServerKind.VLLM, by_user=True))
    if base is not None:
        silent = ServerKind.LITELLM if named.litellm_config is not None else ServerKind.OTHER
        key, by_user = key_for(base.url, keys), is_trusted(settings)
        places.append(Candidate(Role.CLIENT, base.url, base.how, key, silent, by_user))
    asked = [place for place in places if not _is_hosted(place.url)]
    skipped = [_hosted(place.how, place.url) for place in places if place not in asked]
    if base is None:
        written = settings.text("env.ANTHROPIC_BASE_URL")
        skipped.append(Missed("ANTHROPIC_BASE_URL", "it is no URL" if written else "not set"))
    return asked, skipped


def _is_hosted(url: str) -> bool:
    target = address(url)
    return target is not None and target.is_hosted


def _hosted(how: str, url: str) -> Missed:
    return Missed(how, f"{clean(mask_text(url))[:80]} is {HOSTED}", hosted=True)


def _listening(scan: Scan) -> Iterable[Candidate]:
    """Yield the ports of server processes; of a vLLM only its API port, since its other ports are not HTTP."""
    for listener in scan.listeners:
        process = listener.process
        if process is None or process.kind is None:
            continue
        if process.kind is not ServerKind.VLLM or port_of(process.command, process.kind) in {None, listener.port}:
            how = f"pid {process.pid} ({process.kind.value}) listens on port {listener.port}"
            yield Candidate(Role.PROCESS, listener.url, how)


def _published(scan: Scan) -> Iterable[Candidate]:
    """Yield the ports of containers that are published on this machine."""
    for one in scan.contained:
        if one.url is not None and one.process.kind is not None:
            yield Candidate(Role.PROCESS, one.url, f"pid {one.process.pid} ({one.process.kind.value}) {one.where}")


def _unreachable(scan: Scan, found: Sequence[Found]) -> Iterable[Missed]:
    """Yield the servers in containers that nothing leads to from here."""
    seen = {one.process.pid for one in found if one.process is not None}
    for one in scan.contained:
        if one.process.pid not in seen and one.process.kind is not None:
            yield Missed(f"{one.process.kind.value} (pid {one.process.pid})", f"it runs {one.where}")


def _portless(scan: Scan, found: Sequence[Found]) -> Iterable[Missed]:
    """Yield the servers of this machine that listen on no TCP port, unless they are known behind one."""
    seen = {one.process.pid for one in found if one.process is not None}
    for process in scan.portless:
        if process.pid not in seen and process.kind is not None:
            why = f"it {listens_otherwise(process.command)}: name what passes requests on to it with --vllm URL"
            yield Missed(f"{process.kind.value} (pid {process.pid})", why)


def _usual(ports: Sequence[int], scan: Scan) -> Iterable[Candidate]:
    for port in ports:
        listener = scan.at(port)
        if listener is None or listener.process is None or not is_spawned_by_vllm(listener.process.command):
            yield Candidate(Role.PORT, f"http://127.0.0.1:{port}", f"answers on port {port}")


def _sorted(
    seen: Sequence[Probed], named: ConfiguredTargets, scan: Scan, client: tuple[str, int, str] | None
) -> tuple[tuple[Found, ...], tuple[Missed, ...]]:
    """Separate what was found from what was not."""
    # A flag may name the base URL too: it is probed once then, as the flag's.
    direct = named.proxy is None and any(
        one.kind is not None and one.kind.is_engine and one.place.at == client for one in seen
    )
    found: list[Found] = []
    dead: list[Found] = []
    missed: list[Missed] = []
    for one in seen:
        kind, place = one.kind, one.place
        if kind in {None, ServerKind.OTHER}:
            missed.append(Missed(f"{place.url} ({place.how})" if place.named else place.url, one.words))
            kind = _assumed(one, scan)
            if kind is not None:
                (dead if kind is ServerKind.OTHER else found).append(one.found(kind))
        elif kind is not None and kind.is_proxy and direct and not place.named:
            why = f"{kind.value} answers, but the client does not use it: ANTHROPIC_BASE_URL leads to a server itself"
            missed.append(Missed(place.url, why))
        elif kind is not None:
            found.append(one.found(kind))
    # A base URL where nothing answers must not hide the vLLM that does.
    return (*found, *dead), tuple(missed)


def _parted(
    found: tuple[Found, ...], seen: Sequence[Probed], client: tuple[str, int, str] | None
) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    """Return the servers that may be on the client's path, and those that are not.

    Where the base URL is none of the known servers, only servers that the user named are on the path: another server
    of this machine may be somebody else's.
    """
    named = {one.place.at for one in seen if one.place.named and one.place.role is not Role.UPSTREAM}
    known = {_at(one.url) for one in found if one.kind is not ServerKind.OTHER}
    if client is None or client in known:
        return found, ()
    flags = [one for one in seen if one.place.role is Role.FLAG]
    behind = {one.place.at for one in seen if one.place.role is Role.UPSTREAM} if flags else set()
    on_path = named | behind
    beside = tuple(one for one in found if _at(one.url) not in on_path and one.met is ServerState.UP)
    return tuple(one for one in found if _at(one.url) in on_path), beside


def _at(url: str) -> tuple[str, int, str] | None:
    target = address(url)
    return target.server if target is not None else None


def _client_place(settings: SettingsSnapshot) -> tuple[str, int, str] | None:
    """Return host, port and path of the base URL in force, ``None`` without one or for the hosted API."""
    base = base_url(settings)
    return _at(base.url) if base is not None and not base.hosted else None


def _assumed(one: Probed, scan: Scan) -> ServerKind | None:
    """Return the kind to assume for a URL that does not answer as a known server."""
    place = one.place
    if place.role is Role.UPSTREAM and one.kind is ServerKind.OTHER:
        return None
    target = address(place.url)
    here = target is not None and is_own_host(target.host)
    coming = here and any(one.process and one.process.kind is ServerKind.LITELLM for one in scan.loading)
    return ServerKind.LITELLM if place.silent is ServerKind.OTHER and one.kind is None and coming else place.silent


def _root(url: str) -> str:
    target = address(url)
    return target.base if target is not None else url
