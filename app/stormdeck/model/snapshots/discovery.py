"""Hold the result of server discovery: what was found, how, and what was not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from stormdeck.model.finding import HopKind
from stormdeck.model.logs.spec import JournalLog, LogSpec
from stormdeck.model.routes.table import RoutingTable
from stormdeck.model.snapshots.containers import ContainerFacts
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.urls import port_of, same_place


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """The process behind a listening port."""

    pid: int
    name: str
    command: tuple[str, ...]
    """Its command line, secrets masked."""
    started: int
    """Unix seconds."""
    log: Path | None
    """The file that its stdout goes to."""
    log_note: str
    """Where stdout and stderr go, in words: ``both to /var/log/vllm.log``, ``to a terminal``."""
    kind: ServerKind | None = None
    """The kind of server, by its command line."""
    error_log: Path | None = None
    """The file that its stderr goes to, if not ``log``."""
    model_type: str = ""
    """``model_type`` in the ``config.json`` of vLLM's model folder; empty if there is no readable file."""
    has_own_network: bool = False
    """It listens in another network than this machine's, as in a container."""
    hides_access: str = ""
    """The variable of its environment that keeps access lines out of its log; empty if none is known."""
    unit: JournalLog | None = None
    """The unit of systemd that it is part of, by the name of its journal."""
    container: str = ""
    """The program that manages its container, and the container's short id if known: ``docker 8c84f0c3a1b2``."""
    folder: str = ""
    """Its working folder; empty if this program may not know it, or if it is in a container."""
    host: str = ""
    """The machine that it runs on, as the user named it with ``--host``; empty for this one."""


@dataclass(frozen=True, slots=True)
class Contained:
    """A server process in a network of its own: it does not listen on this machine, and is not about to."""

    process: ServerProcess
    container: str
    """``container 8c84f0c3a1b2``, or ``a network of its own``."""
    port: int | None
    """The port it listens on, or is going to listen on, in that network; ``None`` if it is not known."""
    url: str | None = None
    """Where that port is published on this machine; ``None`` if it is not, or not known."""
    lists_ports: bool = False
    """Whether its runtime shows every published port, so that none means none."""
    listens: bool | None = None
    """Whether anything listens on that port there; ``None`` if it is not known."""
    config: Path | None = None
    """LiteLLM's YAML, as this program can read it."""
    addresses: tuple[str, ...] = ()
    """Of its network; this machine may reach them."""

    @property
    def server(self) -> str:
        """Return its kind and its process."""
        return f"{self.process.kind.value if self.process.kind is not None else 'The server'} (pid {self.process.pid})"

    @property
    def where(self) -> str:
        """Return where it runs and whether its port can be reached from here, without a full stop."""
        if self.port is None:
            return f"in {self.container}"
        if self.url is not None:
            return f"in {self.container}, its port {self.port} is published as {port_of(self.url)}"
        if self.lists_ports:
            return f"in {self.container}, its port {self.port} is not published"
        return f"in {self.container}, and whether its port {self.port} is published is not known"


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered, or was named by the user."""

    url: str
    kind: ServerKind
    how: str
    """``ANTHROPIC_BASE_URL in ~/.claude/settings.json``, ``answers on port 8000``, ``--vllm``."""
    process: ServerProcess | None = None
    """The process of the server itself; another program may listen on the port in front of it."""
    holder: ServerProcess | None = None
    """The process that listens on the port, if it is another program: ssh, docker-proxy, nginx, a script."""
    met: ServerState = ServerState.UP
    """``UP`` if it answered; else ``DOWN``, ``SILENT`` or ``STRANGE``."""
    forwards: bool = False
    """``holder`` is a program that forwards connections."""
    is_local: bool = True
    """``False`` if it runs on another machine, or behind a tunnel or front whose other end is not known."""
    host: str = ""
    """The machine that it runs on, as the user named it with ``--host``; empty if that is not how it was found."""
    by_ssh: bool = False
    """It is asked through ssh; whether the client reaches it by this URL is not known."""
    is_redirected: bool = False
    """A program of this machine listens on the port, and yet the connection was refused: the firewall sends it on."""

    @property
    def listener(self) -> ServerProcess | None:
        """Return the server's process if it listens on the port itself: then a refusal means that it is loading."""
        is_here = self.process is not None and not self.process.has_own_network and not self.process.host
        return self.process if self.holder is None and is_here else None

    @property
    def holder_words(self) -> str:
        """Return which other program listens on the port, and whether it forwards connections; empty if none does."""
        if self.holder is None:
            return ""
        who = f"{self.holder.name} (pid {self.holder.pid})"
        if self.forwards and self.met is ServerState.UP:
            return f"Port {port_of(self.url)} is held by {who}, which passes it on"
        return f"Port {port_of(self.url)} belongs to {who}"


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the log of a server on the path is kept, if not in a file."""

    kind: ServerKind
    log: LogSpec
    url: str = ""
    """The server's base URL; empty for one that cannot be reached from here."""
    container: ContainerFacts | None = None
    """The container that the server runs in."""
    command: tuple[str, ...] = ()
    """The server's own command line, by the container; empty if that starts a shell or a script."""
    is_proposed: bool = False
    """A program has to be run to read it, so the user is asked first."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A place where no server was found."""

    what: str
    why: str
    hosted: bool = False
    """The place is the hosted API, which is never contacted."""

    def is_at(self, url: str) -> bool:
        """Return whether it is about this URL, and not about one that only begins like it."""
        return self.what.partition(" ")[0] == url


@dataclass(frozen=True, slots=True)
class Machine:
    """Another machine that the user named."""

    host: str
    problem: str = ""
    """Why it cannot be reached, without a full stop; empty if it can."""
    note: str = ""
    """What of it is not known although it is reached, without a full stop."""


@dataclass(frozen=True, slots=True)
class Left:
    """A server is no longer on the path, because the settings point elsewhere."""

    hop: HopKind
    """``PROXY`` or ``SERVER``."""


@dataclass(frozen=True, slots=True)
class DiscoverySnapshot:
    """The result of one search."""

    found: tuple[Found, ...] = ()
    missed: tuple[Missed, ...] = ()
    logs: tuple[LogSpec, ...] = ()
    """The logs to follow, the proxy's before vLLM's."""
    places: tuple[LogPlace, ...] = ()
    """Where the logs of servers are that are no files: in containers, units and pods."""
    log_notes: tuple[str, ...] = ()
    """Why a server has no log to follow, and what to do, one sentence each."""
    loading: tuple[ServerProcess, ...] = ()
    """Server processes that run, but do not listen yet."""
    contained: tuple[Contained, ...] = ()
    """Server processes in containers: their ports are not ports of this machine."""
    beside: tuple[Found, ...] = ()
    """Servers that answered, but are not on the client's path: its base URL points elsewhere."""
    silent: tuple[str, ...] = ()
    """URLs on this machine that were not configured, where something listens but gave no answer in time."""
    machines: tuple[Machine, ...] = ()
    """The machines that the user named with ``--host``."""
    routes: RoutingTable = field(default_factory=RoutingTable)
    """Where the first proxy sends each model id."""
    done: bool = False

    @property
    def hidden(self) -> Contained | None:
        """Return the first server in a container that is not a proxy and that nothing leads to from here."""
        seen = {found.process.pid for found in self.found if found.process is not None}
        servers = (one for one in self.contained if one.process.kind is not None and not one.process.kind.is_proxy)
        return next((one for one in servers if one.process.pid not in seen), None)

    @property
    def hosted(self) -> Missed | None:
        """Return the first place that is the hosted API, configured by a flag, the settings or a proxy."""
        return next((missed for missed in self.missed if missed.hosted), None)

    def coming_at(self, found: Found) -> Contained | None:
        """Return the server that loads in a container and may be what a port leads to that refuses connections.

        The port is held here and the firewall sends it on: to which container is not known.
        """
        loading = (one for one in self.contained if one.listens is False and one.url is None and not one.lists_ports)
        return next(loading, None) if found.is_redirected else None

    def server(self, *, proxy: bool) -> Found | None:
        """Return the first proxy, or the first server that is not a proxy."""
        return next((found for found in self.found if found.kind.is_proxy == proxy), None)

    @property
    def answering(self) -> tuple[str, ...]:
        """Return the URLs of all servers that answered, starting with those on the path."""
        seen = (*self.found, *self.beside)
        # Whether the client reaches what ssh reaches is not known.
        return tuple(found.url for found in seen if found.met is ServerState.UP and not found.by_ssh)

    def is_left(self, url: str) -> bool:
        """Return whether a server is known not to be on the client's path."""
        if any(same_place(one.url, url) for one in self.found):
            return False
        return any(same_place(one.url, url) for one in self.beside) or any(
            one.kind is ServerKind.OTHER for one in self.found
        )

    def on_path(self) -> tuple[Found, ...]:
        """Return the servers that the client's requests pass through."""
        return tuple(server for server in (self.server(proxy=True), self.server(proxy=False)) if server is not None)
