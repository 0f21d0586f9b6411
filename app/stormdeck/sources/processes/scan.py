"""Find the server processes of this machine: their ports, logs, and whether they are still loading.

Reads every process, which takes milliseconds to hundreds of them: run it on request only, in a thread.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from stormdeck.model.logs.spec import JournalLog
from stormdeck.model.masking.command import mask_command
from stormdeck.model.snapshots.discovery import Contained, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.text import clean
from stormdeck.sources.processes.command_line import listens_otherwise, port_of, speaks_tls
from stormdeck.sources.processes.contained import contained, published_ports, shows_ports
from stormdeck.sources.processes.containers import container_of
from stormdeck.sources.processes.environment import hidden_access_lines
from stormdeck.sources.processes.model_folder import model_type
from stormdeck.sources.processes.namespaces import has_own_network, root_of
from stormdeck.sources.processes.outputs import outputs_of
from stormdeck.sources.processes.table import ProcessTable, Program, unreadable, yaml_of
from stormdeck.sources.processes.units import unit_of

_ANY = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1", "::1": "[::1]"}  # noqa: S104 - compared with, never bound


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening TCP port."""

    host: str
    """As a local client would name it."""
    port: int
    process: ServerProcess | None
    """``None`` where the process belongs to another user."""
    tls: bool = False
    config: Path | None = None
    """LiteLLM's YAML, from ``--config``."""
    is_dual: bool = False
    """It listens on all addresses, IPv6 included."""

    def takes(self, host: str) -> bool:
        """Return whether a connection to this loopback name or address reaches it."""
        if self.is_dual or host not in {"127.0.0.1", "0.0.0.0", "::1", "::"}:  # noqa: S104 - compared with
            return True
        return self.host == ("[::1]" if ":" in host else "127.0.0.1")

    @property
    def url(self) -> str:
        """Return its base URL."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of one scan."""

    listeners: tuple[Listener, ...] = ()
    loading: tuple[Listener, ...] = ()
    """Servers that run and do not listen yet, with their future port, 0 where it is not known."""
    notes: tuple[str, ...] = ()
    """What could not be read."""
    contained: tuple[Contained, ...] = ()
    """Servers that listen in a network of their own."""
    portless: tuple[ServerProcess, ...] = ()
    """Servers of this machine that never listen on a TCP port."""

    def at(self, port: int, host: str = "localhost") -> Listener | None:
        """Return the listener on a local port, at a loopback name or address."""
        return next((one for one in self.listeners if one.port == port and one.takes(host)), None)


def scan_processes(sockets_too: bool = True) -> Scan:
    """Scan once. Never raises: what cannot be read is a note.

    Where no server runs, ``sockets_too`` decides whether to list listeners. On a machine with 24 GB that takes 10 ms:
    Linux walks a table of 262,144 connections twice (measured, 6.18).
    """
    import psutil

    notes: list[str] = []
    sockets: dict[tuple[str, int], list[int]] = {}
    unowned = 0
    running = ProcessTable(())
    try:
        running = ProcessTable(psutil.process_iter())
        for ip, port, pid in _listening(running, notes) if sockets_too or running.servers else ():
            pids = sockets.setdefault((ip, port), [])
            unowned += pid is None
            pids += [] if pid is None else [pid]
    except unreadable() as error:
        known = isinstance(error, psutil.Error | OSError)
        why = (clean(str(error))[:80] or "no permission") if known else "/proc is empty or hidden"
        notes.append(f"the processes and listening ports of this machine cannot be read: {why}")
    if unowned:
        one = unowned == 1
        ports = "1 listening port belongs" if one else f"{unowned} listening ports belong"
        notes.append(f"{ports} to {'a process' if one else 'processes'} that this user may not see")
    listeners = tuple(
        _listener(ip, port, _owner(pids, running))
        for (ip, port), pids in sorted(sockets.items(), key=lambda item: item[0][1])
    )
    by_port = {port: pids for (_, port), pids in sockets.items()}
    waiting = _not_listening(running, by_port)
    portless = tuple(_process(one) for one in waiting if listens_otherwise(one.argv))
    loading = tuple(_coming(one) for one in waiting if not listens_otherwise(one.argv))
    return Scan(listeners, loading, tuple(notes), tuple(_contained(running)), portless)


def _listening(running: ProcessTable, notes: list[str]) -> list[tuple[str, int, int | None]]:
    """Return address, port and process of the listening TCP sockets; on macOS only root sees those of other users."""
    import psutil

    try:
        found = [(one.status, one.laddr, one.pid) for one in psutil.net_connections("tcp")]
    except psutil.AccessDenied:
        if sys.platform != "darwin":
            raise
        notes.append("macOS shows the listening ports of other users' processes to root alone")
        found = []
        for process in running.processes:
            with suppress(*unreadable()):
                found += [(one.status, one.laddr, process.pid) for one in process.net_connections("tcp")]
    return [(at.ip, at.port, pid) for status, at, pid in found if status == psutil.CONN_LISTEN and at]


def is_alive(process: ServerProcess) -> bool:
    """Return whether this process still runs; its pid alone may belong to another one by now.

    Of a process on another machine that is found out by the next search.
    """
    if process.host:
        return True
    import psutil

    try:
        found = psutil.Process(process.pid)
        return abs(found.create_time() - process.started) < 2 and found.status() != psutil.STATUS_ZOMBIE
    except unreadable():
        return False


def config_of(process: ServerProcess) -> Path | None:
    """Return the YAML that a running LiteLLM of this machine was started with."""
    if process.host:
        return None
    import psutil

    try:
        return yaml_of(psutil.Process(process.pid), process.command)
    except unreadable():
        return None


def _owner(pids: Sequence[int], running: ProcessTable) -> Program | None:
    """Return the process to show for a port: the server among those that share it and their parents."""
    owners = sorted(filter(None, map(running.get, set(pids))), key=lambda one: one.started)
    parents = filter(None, (running.get(one.parent) for one in owners))
    return next((one for one in (*owners, *parents) if one.kind is not None), owners[0] if owners else None)


def _listener(ip: str, port: int, owner: Program | None) -> Listener:
    host = _ANY.get(ip) or (f"[{ip}]" if ":" in ip else ip)
    if owner is None:
        return Listener(host, port, None, is_dual=ip == "::")
    tls, process = speaks_tls(owner.argv), _process(owner)
    return Listener(host, port, process, tls, owner.config, is_dual=ip == "::")


def _process(found: Program) -> ServerProcess:
    """Return a process as it is shown; only servers get their outputs."""
    outputs = outputs_of(found.pid) if found.kind is not None else None
    root = root_of(found.pid) if found.kind is ServerKind.VLLM else None
    return ServerProcess(
        pid=found.pid,
        name=clean(found.name)[:60],
        command=tuple(clean(word) for word in mask_command(found.argv)),
        started=found.started,
        log=outputs.log if outputs is not None else None,
        log_note=outputs.note if outputs is not None else "",
        kind=found.kind,
        error_log=outputs.error_log if outputs is not None else None,
        model_type=model_type(found.argv, root) if root is not None else "",
        has_own_network=found.kind is not None and has_own_network(found.pid),
        hides_access=hidden_access_lines(found.pid, found.kind),
        **_place(found),
    )


class _Place(TypedDict, total=False):
    """Where a server runs, as in ``ServerProcess``."""

    unit: JournalLog | None
    container: str
    folder: str


def _place(found: Program) -> _Place:
    """Return what manages a server: a container's runtime, a unit, or nothing; then its folder counts."""
    if found.kind is None:
        return {}
    if (inside := container_of(found.pid)) is not None:
        return {"container": inside.runtime if inside.name == "NAME" else f"{inside.runtime} {inside.name}"}
    return {"unit": unit_of(found.pid), "folder": folder_of(found.pid)}


def folder_of(pid: int) -> str:
    """Return the working folder of a process, empty where it cannot be read."""
    import psutil

    try:
        return clean(str(psutil.Process(pid).cwd()))
    except unreadable():
        return ""


def _contained(running: ProcessTable) -> list[Contained]:
    """Return the servers in a network of their own, without children of servers."""
    servers = [one for one in running.servers if has_own_network(one.pid)]
    if not servers:
        return []
    published, lists_ports = published_ports(running.commands), shows_ports(running.commands)
    parents = [running.get(one.parent) for one in servers]
    return [
        contained(_process(one), one.argv, one.config, published, lists_ports=lists_ports)
        for one, parent in zip(servers, parents, strict=True)
        if parent is None or parent.kind is not one.kind
    ]


def _not_listening(running: ProcessTable, ports: Mapping[int, Sequence[int]]) -> list[Program]:
    """Return the servers that do not listen, without children of servers."""
    waiting = []
    listening = {pid for pids in ports.values() for pid in pids}
    for found in running.servers:
        parent = running.get(found.parent)
        if found.kind is None or (parent is not None and parent.kind is found.kind) or has_own_network(found.pid):
            continue
        port = port_of(found.argv, found.kind)
        if port in ports if port is not None else found.pid in listening:
            continue
        waiting.append(found)
    return waiting


def _coming(found: Program) -> Listener:
    """Return where a server that loads is going to listen."""
    port = port_of(found.argv, found.kind) if found.kind is not None else None
    return Listener("127.0.0.1", port or 0, _process(found), speaks_tls(found.argv), found.config)
