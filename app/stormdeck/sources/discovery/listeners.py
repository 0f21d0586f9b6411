"""Find model servers on any local port: ask the listening programs that may be one, a bounded number, without a key."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable
from pathlib import PurePath

from stormdeck.model.snapshots.discovery import Missed, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.units import plural
from stormdeck.sources.discovery.candidates import Candidate, Probed, Role
from stormdeck.sources.logs.places.ssh import is_forward_of_stormdeck
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import LIMIT, Answer, HttpClient, json_object
from stormdeck.sources.processes.command_line import is_spawned_by_vllm
from stormdeck.sources.processes.scan import Listener, Scan

MOST_ASKED = 16
"""Most programs that are asked in one search."""
DEADLINE_S = 1.0
_PRIVILEGED = 1024
"""Ports below belong to the system's services; of these only those of HTTP are asked."""
_HTTP = {80, 443}
_NAMED = 4
"""Most programs that are named in a note."""
_OTHER_PORTS = {1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5353, 5355, 5432, 5433, 5672, 5678, 6010, 6379}
_OTHER_PORTS |= {6443, 7000, 7001, 9042, 9092, 9229, 10250, 11211, 27017, 29500, 33060, *range(5900, 5911)}
"""Databases, queues, debuggers, displays and training jobs: not HTTP, or not to be disturbed."""
_OTHER_PROGRAMS = (
    # dockerd is asked: without its docker-proxy it holds the published ports of containers itself.
    *("avahi-daemon", "chronyd", "claude", "code", "containerd", "cupsd", "dnsmasq", "etcd", "exim4"),
    *("gcs_server", "kubelet", "mariadbd", "master", "memcached", "mongod", "mysqld", "named", "postgres"),
    *("raylet", "ray::", "redis-server", "rpc.", "rpcbind", "smbd", "sshd", "systemd", "torchrun"),
    *("valkey-server", "vncserver", "x11vnc", "xrdp", "Xorg", "Xvnc"),
)


class OtherListeners:
    """Ask programs that nobody named, each once: those that are no model servers are remembered."""

    def __init__(self) -> None:
        self._rejected: dict[tuple[str, int, int], str] = {}
        """Why a listener is no model server, by address, port and process."""
        self._keys: dict[str, tuple[str, int, int]] = {}

    def forget(self) -> None:
        """Ask all of them again at the next search."""
        self._rejected.clear()

    def remember(self, probed: Iterable[Probed]) -> None:
        """Remember the candidates that were identified as something else: they are not asked again."""
        for one in probed:
            key = self._keys.get(one.place.url)
            if key is not None and one.kind is ServerKind.OTHER:
                self._rejected[key] = one.words

    async def candidates(
        self, scan: Scan, ports: Collection[int], http: HttpClient
    ) -> tuple[list[Candidate], list[Missed]]:
        """Return the listeners that answer as a model server may, and the others with the reason.

        ``ports`` are asked anyway. A candidate is still to be identified.
        """
        unknown = list(_unknown(scan, ports))
        askable = [one for one in unknown if _may_be_asked(one)]
        asked = askable[:MOST_ASKED]
        new = [one for one in asked if _key(one) not in self._rejected]
        for one, why in zip(new, await asyncio.gather(*(_rejected(one, http) for one in new)), strict=True):
            if why:
                self._rejected[_key(one)] = why
        self._keys = {one.url: _key(one) for one in asked}
        found = [
            Candidate(Role.PROCESS, one.url, f"{_name(one)} answers on port {one.port}")
            for one in asked
            if _key(one) not in self._rejected
        ]
        no_servers = [(one, self._rejected[_key(one)]) for one in asked if _key(one) in self._rejected]
        missed = [Missed(f"{one.url} ({_name(one)})", why) for one, why in no_servers]
        left = [one for one in unknown if one not in askable]
        return found, [*missed, *_not_asked(left, "services of other kinds"), *_not_asked(askable[MOST_ASKED:], "")]


def _unknown(scan: Scan, ports: Collection[int]) -> Iterable[Listener]:
    """Yield the listeners whose program says nothing about its kind, each port once."""
    seen = set(ports)
    for one in scan.listeners:
        process = one.process
        if one.port in seen or (process is not None and (process.kind is not None or process.pid == os.getpid())):
            continue
        if process is not None and is_spawned_by_vllm(process.command):
            continue
        if process is not None and is_forward_of_stormdeck(process.command):
            continue
        seen.add(one.port)
        yield one


def _may_be_asked(listener: Listener) -> bool:
    """Return whether a listener may be an HTTP server for models."""
    if listener.port in _OTHER_PORTS or (listener.port < _PRIVILEGED and listener.port not in _HTTP):
        return False
    return listener.process is None or not _program(listener.process).startswith(_OTHER_PROGRAMS)


def _program(process: ServerProcess) -> str:
    return process.name or PurePath(next(iter(process.command), "")).name


async def _rejected(listener: Listener, http: HttpClient) -> str:
    """Return why a listener is no model server, by one request without a key; empty if it may be one."""
    answer = await http.get(f"{listener.url}/v1/models", limit=LIMIT, deadline_s=DEADLINE_S)
    if isinstance(answer, Failure):
        return "" if answer.kind is FailureKind.TOO_BIG else f"is no model server: {answer.text}"
    return "" if _may_serve_models(answer) else "answers, but is no model server"


def _may_serve_models(answer: Answer) -> bool:
    """Return whether an answer to ``/v1/models`` may be that of a model server or a proxy: JSON, or a wanted key."""
    return answer.status in {401, 403} or json_object(answer) is not None


def _not_asked(listeners: list[Listener], why: str) -> list[Missed]:
    if not listeners:
        return []
    named = [f"{_name(one)} :{one.port}" for one in listeners[:_NAMED]]
    more = f" and {len(listeners) - _NAMED} more" if len(listeners) > _NAMED else ""
    reason = why or f"more than {MOST_ASKED} programs listen: name yours with --vllm or --proxy"
    return [Missed(plural(len(listeners), "other listening port"), f"not asked ({', '.join(named)}{more}): {reason}")]


def _name(listener: Listener) -> str:
    return listener.process.name if listener.process is not None else "another user's program"


def _key(listener: Listener) -> tuple[str, int, int]:
    return listener.host, listener.port, listener.process.pid if listener.process is not None else 0
