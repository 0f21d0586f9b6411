"""Find the servers of another machine, and make each of them reachable here by a forward on a free port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stormdeck.model.logs.spec import RemoteLog
from stormdeck.model.masking.command import mask_command
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.text import clean
from stormdeck.model.urls import host_of, is_loopback, port_of
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.remote.connection import Connection, UnreachableError
from stormdeck.sources.remote.listing import ANY, SCRIPT, Listing, RemoteProcess, read_listing

USUAL_PORTS = (8000, 4000, 8082, 3456)
MOST_SERVERS = 16


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """A server on another machine."""

    host: str
    """The machine, as the user named it."""
    port: int
    url: str
    """The machine's name and the port there. Requests to it go through ssh, unless the base URL leads there."""
    process: ServerProcess | None
    log: RemoteLog | None = None
    is_direct: bool = False
    """The client's base URL leads there: it is asked as the client asks it, so ``url`` is the base URL."""

    @property
    def how(self) -> str:
        """Return how it was found."""
        if self.process is None or self.process.kind is None:
            return f"port {self.port} of {self.host}"
        return f"{self.host}: pid {self.process.pid} ({self.process.kind.value}) listens on port {self.port}"


class Machine:
    """One machine that the user named with ``--host``."""

    def __init__(self, host: str, http: HttpClient, *, is_shared: bool = False) -> None:
        """Watch a machine; its logs use the same connection if that ``is_shared``."""
        self.host = host
        self.connection = Connection(host, is_shared=is_shared)
        self._http = http
        self._name = host.rpartition("@")[2].strip("[]").lower()
        self._names = {self._name}
        """The machine's names in URLs: what the user calls it, and its address by ssh's configuration."""
        self._is_resolved = False
        self._last: tuple[RemoteServer, ...] = ()
        self._forwards: dict[tuple[str, int], int] = {}
        """Local ports, by name and port of the URLs that they are used for."""
        self.problem = ""
        """Why it cannot be reached; empty if it can."""
        self.note = ""
        """What of it is not known although it is reached."""

    async def servers(self, base_url: str = "") -> tuple[RemoteServer, ...]:
        """Return the servers that listen there now.

        If the machine cannot be reached, ``problem`` has the reason, and the servers are those that were seen last.
        """
        try:
            listing = read_listing(await self.connection.output(SCRIPT))
            if not self._is_resolved and (address := await self.connection.address()):
                # The loopback is this machine's too: what listens there need not be the other one's.
                self._names |= {address.lower()} if not is_loopback(address) else set()
                self._is_resolved = True
            found = [await self._server(one, base_url) for one in _places(listing)[:MOST_SERVERS]]
        except UnreachableError as error:
            self.lost(str(error))
            return self._last
        self.problem, self.note = "", self._gap(listing)
        for place, local in self._forwards.items():
            is_gone = listing.is_whole and place[1] not in listing.listening
            self._http.forwards[place] = self._refused(place[1]) if is_gone else local
        self._last = tuple(found)
        return self._last

    def lost(self, why: str) -> None:
        """Note that the connection is lost: what its forwards lead to is unknown until it is back."""
        self.problem = why
        self._http.forwards |= dict.fromkeys(self._forwards, Failure(FailureKind.OURS, why))

    async def back(self) -> None:
        """Open the forwards again after the connection was lost. Raises ``UnreachableError``."""
        await self.connection.restore()
        self.problem = ""
        kept = set(self.connection.forwards.values())
        for place, local in tuple(self._forwards.items()):
            if local in kept:
                self._http.forwards[place] = local
            else:
                del self._forwards[place]

    async def close(self) -> None:
        """Close the connection."""
        for place in self._forwards:
            self._http.forwards.pop(place, None)
        self._forwards.clear()
        await self.connection.close()

    def _gap(self, listing: Listing) -> str:
        if listing.is_whole:
            return ""
        if not listing.is_begun:
            return f"the processes of {self.host} cannot be listed: that needs Linux, with /proc"
        return f"not all processes of {self.host} could be read"

    def _refused(self, port: int) -> Failure:
        """Return what the port itself would answer there: a forward takes all connections."""
        return Failure(FailureKind.REFUSED, f"connection refused: nothing listens on port {port} of {self.host}")

    async def _server(self, place: _Place, base_url: str) -> RemoteServer:
        process = place.process
        shown = _shown(process, self.host) if process is not None else None
        log = RemoteLog(self.host, process.log) if process is not None and process.log is not None else None
        is_outside = place.address == ANY or place.address in self._names
        if is_outside and port_of(base_url) == place.port and host_of(base_url).lower() in self._names:
            return RemoteServer(self.host, place.port, base_url, shown, log, is_direct=True)
        self._forwards[self._name, place.port] = await self.connection.forward(
            "127.0.0.1" if place.address == ANY else place.address, place.port
        )
        scheme = "https" if process is not None and process.tls else "http"
        name = f"[{self._name}]" if ":" in self._name else self._name
        return RemoteServer(self.host, place.port, f"{scheme}://{name}:{place.port}", shown, log)


@dataclass(frozen=True, slots=True)
class _Place:
    address: str
    port: int
    process: RemoteProcess | None


def _places(listing: Listing) -> Sequence[_Place]:
    """Return where servers listen: those whose process is known, proxies first, then the usual ports."""
    known = sorted(listing.processes, key=lambda one: (not one.kind.is_proxy, one.started))
    places = [_Place(*one.port, one) for one in known if one.port is not None]
    taken = {place.port for place in places}
    usual = [port for port in USUAL_PORTS if port in listing.listening and port not in taken]
    return [*places, *(_Place(listing.listening[port], port, None) for port in usual)]


def _shown(process: RemoteProcess, host: str) -> ServerProcess:
    return ServerProcess(
        pid=process.pid,
        name=clean(process.argv[0].rpartition("/")[2])[:60],
        command=tuple(clean(word) for word in mask_command(process.argv)),
        started=process.started,
        log=None,
        log_note=process.outputs,
        kind=process.kind,
        has_own_network=process.own_network,
        folder=clean(process.folder),
        host=host,
    )
