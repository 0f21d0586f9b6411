"""Recognise programs that forward a port: tunnels, port forwards and reverse proxies."""

from __future__ import annotations

from pathlib import PurePath

from stormdeck.model.snapshots.discovery import ServerProcess

_TUNNELS = {"ssh", "autossh", "sshd", "dropbear", "dbclient", "stunnel", "stunnel4", "ghostunnel", "chisel", "wstunnel"}
_TUNNELS |= {"tailscaled", "cloudflared", "ngrok", "frpc", "frps", "gost"}
_CONTAINERS = {"docker-proxy", "com.docker.backend", "vpnkit", "conmon", "rootlessport", "rootlessport-child"}
_CONTAINERS |= {"slirp4netns", "pasta", "pasta.avx2", "passt", "gvproxy", "kubectl"}
_PROXIES = {"nginx", "haproxy", "caddy", "traefik", "envoy", "apache2", "httpd", "pound", "varnishd", "squid", "hitch"}
_RELAYS = {"socat", "ncat", "rinetd", "redir", "simpleproxy", "balance", "systemd-socket-proxyd"}
_FORWARDERS = frozenset(_TUNNELS | _CONTAINERS | _PROXIES | _RELAYS)
_ELSEWHERE = frozenset(_FORWARDERS - _CONTAINERS | {"kubectl"})
"""Those whose other end may be on another machine."""
_COMM = 15
"""Linux cuts process names after this many characters."""


def is_forwarder(process: ServerProcess) -> bool:
    """Return whether a process forwards connections."""
    return _is_one_of(process, _FORWARDERS)


def may_leave_machine(process: ServerProcess) -> bool:
    """Return whether a process forwards connections, perhaps to another machine."""
    return _is_one_of(process, _ELSEWHERE)


def _is_one_of(process: ServerProcess, programs: frozenset[str]) -> bool:
    first = process.command[0].split() if process.command else []
    # A daemon may overwrite its command line: "nginx: master process ..." is a single argument.
    program = PurePath(first[0].rstrip(":")).name if first else ""
    cut = {name[:_COMM] for name in programs if len(name) > _COMM}
    return bool({program, process.name} & programs) or process.name in cut
