"""What was found on this machine without a word of configuration, how, and what could not be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stormdeck.model.finding import HopKind
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
    """The file that its standard output goes to."""
    log_note: str
    """Where standard output and error go, in words: ``both to /var/log/vllm.log``, ``to a terminal``."""
    kind: ServerKind | None = None
    """What its command line says it is."""
    error_log: Path | None = None
    """The file that its standard error goes to, where it is another than ``log``."""
    model_type: str = ""
    """``model_type`` in the ``config.json`` of vLLM's model folder; empty where there is no such file to read."""


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered, or was named by the user."""

    url: str
    kind: ServerKind
    how: str
    """``ANTHROPIC_BASE_URL in ~/.claude/settings.json``, ``answers on port 8000``, ``--vllm``."""
    process: ServerProcess | None = None
    """The process of the server itself; another program may hold the port before it."""
    holder: ServerProcess | None = None
    """The process on its port, where that is another program: ssh, docker-proxy, nginx, a script."""
    met: ServerState = ServerState.UP
    """``UP``: it answered; ``DOWN``, ``SILENT``, ``STRANGE``: what the search met instead."""
    forwards: bool = False
    """``holder`` is a program that passes connections on."""

    @property
    def listener(self) -> ServerProcess | None:
        """Return the server's process where that itself holds the port: it runs and refuses only while it loads."""
        return self.process if self.holder is None else None

    @property
    def holder_words(self) -> str:
        """Return which other program holds the port, and whether it passes connections on; empty where none does."""
        if self.holder is None:
            return ""
        who = f"{self.holder.name} (pid {self.holder.pid})"
        if self.forwards and self.met is ServerState.UP:
            return f"Port {port_of(self.url)} is held by {who}, which passes it on"
        return f"Port {port_of(self.url)} belongs to {who}"


@dataclass(frozen=True, slots=True)
class Missed:
    """A place that was looked at in vain."""

    what: str
    why: str
    hosted: bool = False
    """It is the hosted API, which is never asked."""


@dataclass(frozen=True, slots=True)
class Left:
    """A server is no longer on the path: the settings lead elsewhere."""

    hop: HopKind
    """``PROXY`` or ``SERVER``."""


@dataclass(frozen=True, slots=True)
class DiscoverySnapshot:
    """The outcome of one search."""

    found: tuple[Found, ...] = ()
    missed: tuple[Missed, ...] = ()
    logs: tuple[Path, ...] = ()
    """The files to follow, the proxy's before vLLM's."""
    log_notes: tuple[str, ...] = ()
    """Why a found server has no log to follow, one sentence each, with what to do."""
    loading: tuple[ServerProcess, ...] = ()
    """Server processes that run and do not listen yet."""
    beside: tuple[Found, ...] = ()
    """Servers that answered, and that the client's requests do not pass: its base URL leads elsewhere."""
    silent: tuple[str, ...] = ()
    """URLs on this machine that nobody named, where something listens and gave no answer in time."""
    done: bool = False

    @property
    def hosted(self) -> Missed | None:
        """Return the first place that is the hosted API, named by a flag, the settings or a proxy."""
        return next((missed for missed in self.missed if missed.hosted), None)

    def server(self, *, proxy: bool) -> Found | None:
        """Return the first proxy, or the first server that is none."""
        return next((found for found in self.found if found.kind.is_proxy == proxy), None)

    @property
    def answering(self) -> tuple[str, ...]:
        """Return the URLs of all servers that answered, those on the path first."""
        return tuple(found.url for found in (*self.found, *self.beside) if found.met is ServerState.UP)

    def is_left(self, url: str) -> bool:
        """Return whether the client's base URL is known to lead past a server."""
        if any(same_place(one.url, url) for one in self.found):
            return False
        return any(same_place(one.url, url) for one in self.beside) or any(
            one.kind is ServerKind.OTHER for one in self.found
        )

    def on_path(self) -> tuple[Found, ...]:
        """Return the servers that the client's requests pass; others may be found beside them."""
        return tuple(server for server in (self.server(proxy=True), self.server(proxy=False)) if server is not None)
