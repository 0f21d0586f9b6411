"""Probe the URLs where a server may be, each once per search."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from enum import Enum, auto

from stormdeck.model.snapshots.discovery import Found, ServerProcess
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.discovery.identify import identify
from stormdeck.sources.net.address import Address, address, is_own_host
from stormdeck.sources.net.answers import state_without_answer
from stormdeck.sources.net.failure import Failure, FailureKind, refused
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.forwarders import is_forwarder, may_leave_machine
from stormdeck.sources.processes.scan import Listener, Scan


class Role(Enum):
    """Where a URL comes from."""

    FLAG = auto()
    CLIENT = auto()
    UPSTREAM = auto()
    PROCESS = auto()
    PORT = auto()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL to probe."""

    role: Role
    url: str
    how: str
    key: str | None = None
    silent: ServerKind | None = None
    """The kind to assume when it does not answer as a known server; ``None``: it was not found."""
    by_user: bool = False
    """The user named it, by a flag or trusted settings, so the upstream that it reports is probed too."""

    @property
    def named(self) -> bool:
        """Return whether the user or a configuration names it: then it is on the path, whatever it answers."""
        return self.role not in {Role.PROCESS, Role.PORT}

    @property
    def at(self) -> tuple[str, int, str] | None:
        """Return host, port and path."""
        target = address(self.url)
        return target.server if target is not None else None


@dataclass(frozen=True, slots=True)
class Probed:
    """The result of probing a URL."""

    place: Candidate
    kind: ServerKind | None
    words: str
    process: ServerProcess | None
    """The process that listens there."""
    failure: Failure | None = None
    """Why there was no answer; the kind may still be known from an earlier search or its process."""
    is_held: bool = False
    """A program of this machine listens on the port."""

    @property
    def met(self) -> ServerState:
        """Return ``UP`` where it answered, else the state that the failure shows."""
        return ServerState.UP if self.failure is None else state_without_answer(self.failure, self.place.url)

    def found(self, kind: ServerKind) -> Found:
        """Return it as a server of a kind; a process of another kind is only in front of it."""
        process, place = self.process, self.place
        target = address(place.url)
        is_local = target is not None and is_own_host(target.host)
        refused = self.failure is not None and self.failure.kind is FailureKind.REFUSED
        base = Found(place.url, kind, place.how, met=self.met, is_redirected=self.is_held and refused)
        if process is None or process.kind is kind:
            return replace(base, process=process, is_local=is_local)
        is_local &= not may_leave_machine(process)
        return replace(base, holder=process, forwards=is_forwarder(process), is_local=is_local)


class Search:
    """One search, in which nothing is probed twice."""

    def __init__(
        self,
        http: HttpClient,
        scan: Scan,
        closed: Set[int],
        deadline_s: float,
        unnamed_s: float | None = None,
        known: Mapping[tuple[str, int, str], ServerKind] | None = None,
    ) -> None:
        """Look for servers; ``closed`` are ports of this machine that refuse connections.

        ``unnamed_s`` is the deadline for URLs that nobody named. ``known`` is what answered at a URL before; a server
        keeps that kind while it does not answer.
        """
        self._http = http
        self._scan = scan
        self._closed = closed
        self._deadline_s = deadline_s
        self._unnamed_s = unnamed_s if unnamed_s is not None else deadline_s
        self._known = known or {}
        self._asked: set[tuple[str, int, str]] = set()

    async def probe(self, places: Iterable[Candidate]) -> list[Probed]:
        """Probe candidates concurrently; results are in their order, each server only once, by its first candidate."""
        new: list[tuple[Candidate, Address]] = []
        for place in places:
            target = address(place.url)
            if target is not None and self._server_of(target) not in self._asked:
                self._asked.add(self._server_of(target))
                new.append((place, target))
        return list(await asyncio.gather(*(self._see(place, target) for place, target in new)))

    def forget(self, places: Iterable[Candidate]) -> None:
        """Let candidates be probed again."""
        self._asked -= {self._server_of(target) for place in places if (target := address(place.url)) is not None}

    def _server_of(self, target: Address) -> tuple[str, int, str]:
        """Return host, port and path, of the listener where it is known: one server may have several names."""
        listener, (host, port, path) = self._listener(target), target.server
        return (listener.host, listener.port, path) if listener is not None else (host, port, path)

    async def _see(self, place: Candidate, target: Address) -> Probed:
        listener = self._listener(target)
        process = listener.process if listener is not None else None
        if place.role is Role.PORT and listener is None and target.port in self._closed:
            closed = refused(target.port)
            return Probed(place, None, closed.text, None, closed)
        deadline_s = self._deadline_s if place.named else self._unnamed_s
        expected = (process.kind if process is not None else None) or self._known.get(target.server)
        kind, words, failure = await identify(place.url, self._http, place.key, deadline_s, expected)
        if kind in {None, ServerKind.OTHER} and process is not None and process.kind is not None:
            kind = process.kind
        if kind is None and failure is not None and (place.named or failure.kind is FailureKind.TIMEOUT):
            kind = self._known.get(target.server)
        elsewhere = self._elsewhere(target, listener)
        if elsewhere is not None and failure is not None and failure.kind is FailureKind.REFUSED:
            kind, process = None, None
            words = f"connection refused: port {target.port} takes connections at {elsewhere.url} alone"
        is_held = elsewhere is None and is_own_host(target.host) and self._scan.at(target.port, target.host) is not None
        return Probed(place, kind, words, process, failure, is_held)

    def _elsewhere(self, target: Address, listener: Listener | None) -> Listener | None:
        """Return the listener on that local port at another address than the URL's, ``None`` for a host name."""
        if target.host == "localhost" or not is_own_host(target.host):
            return None
        there = self._scan.at(target.port) if listener is None else self._scan.at(target.port, target.host)
        return there if there is not None and there.host.strip("[]") != target.host else None

    def _listener(self, target: Address) -> Listener | None:
        """Return the process that listens, or is going to listen, at a local address."""
        if not is_own_host(target.host):
            return None
        if self._scan.at(target.port) is not None:
            return self._scan.at(target.port, target.host)
        return next((listener for listener in self._scan.loading if listener.port == target.port), None)


def refuses(port: int) -> bool:
    """Return whether a local port refuses connections; a request would cost thirty times as much (measured)."""
    try:
        with socket.socket() as probe:
            probe.setblocking(False)
            error = probe.connect_ex(("127.0.0.1", port))
            # Linux refuses before the call returns, and reports it at the second call (measured, 6.18).
            return errno.ECONNREFUSED in {error, probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)}
    except OSError:  # no descriptor is left: the request will show it
        return False
