"""Describe the servers of this machine that listen in a network of their own, as in a container."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from stormdeck.model.snapshots.discovery import Contained, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.processes.command_line import listens_otherwise, option, port_of, speaks_tls
from stormdeck.sources.processes.containers import container_of
from stormdeck.sources.processes.namespaces import addresses, listening_ports

_PROC = Path("/proc")
_FORWARDER, _DAEMON = "docker-proxy", "dockerd"
_DAEMON_CONFIG = Path("/etc/docker/daemon.json")
_LARGEST = 256 * 1024
_LITELLM_PORT = 4000
_ANY = {"0.0.0.0", "::", ""}  # noqa: S104 - compared with, never bound


def published_ports(commands: Iterable[Sequence[str]]) -> dict[tuple[str, int], str]:
    """Return where Docker publishes ports of containers: ``host:port`` here by address and port there.

    Docker starts a docker-proxy for each published port, and its arguments are for all users (measured, 20.10).
    """
    found: dict[tuple[str, int], str] = {}
    for argv in commands:
        if not argv or PurePath(argv[0]).name != _FORWARDER or option(argv, "-proto") not in {None, "tcp"}:
            continue
        inner, outer = _number(option(argv, "-container-port")), _number(option(argv, "-host-port"))
        host, address = option(argv, "-host-ip") or "", option(argv, "-container-ip")
        if inner is None or outer is None or not address:
            continue
        if host in _ANY:
            found[address, inner] = f"127.0.0.1:{outer}"
        else:
            found.setdefault((address, inner), f"[{host}]:{outer}" if ":" in host else f"{host}:{outer}")
    return found


def shows_ports(commands: Iterable[Sequence[str]], config: Path = _DAEMON_CONFIG) -> bool:
    """Return whether Docker starts a docker-proxy for each published port, so that none means none.

    With ``userland-proxy`` off, in its options or its file, only the firewall knows the ports (measured, 20.10).
    """
    daemon = next((argv for argv in commands if argv and PurePath(argv[0]).name == _DAEMON), None)
    if daemon is None or _is_off(option(daemon, "--userland-proxy")):
        return False
    named = option(daemon, "--config-file")
    try:
        said = json.loads(read_bounded(Path(named) if named else config, _LARGEST))
    except FileNotFoundError:
        return True
    except (OSError, ValueError, RecursionError):
        return False
    return not (isinstance(said, dict) and said.get("userland-proxy") is False)


def _is_off(value: str | None) -> bool:
    return value is not None and value.lower() in {"false", "f", "0"}


def contained(
    process: ServerProcess,
    argv: Sequence[str],
    config: Path | None,
    published: dict[tuple[str, int], str],
    proc: Path = _PROC,
    *,
    lists_ports: bool = True,
) -> Contained:
    """Return a server in a network of its own."""
    kind = process.kind or ServerKind.VLLM
    port = port_of(argv, kind) or (_LITELLM_PORT if kind is ServerKind.LITELLM else None)
    port = None if listens_otherwise(argv) else port
    known = sorted(addresses(process.pid, proc))
    here = next((published[at, port] for at in known if port and (at, port) in published), None)
    container = container_of(process.pid, proc)
    open_ports = listening_ports(process.pid, proc)
    return Contained(
        process=process,
        container=f"container {container.name}"
        if container is not None and container.name != "NAME"
        else "a container"
        if container is not None
        else "a network of its own",
        port=port,
        url=f"{'https' if speaks_tls(argv) else 'http'}://{here}" if here is not None else None,
        lists_ports=lists_ports and container is not None and container.runtime == "docker",
        listens=port in open_ports if open_ports is not None and port is not None else None,
        config=config,
        addresses=tuple(known),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else None
