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
_COMM = 15
"""Linux cuts process names after this many characters."""


def is_forwarder(process: ServerProcess) -> bool:
    """Return whether a process forwards connections."""
    first = process.command[0].split() if process.command else []
    # A daemon may overwrite its command line: "nginx: master process ..." is a single argument.
    program = PurePath(first[0].rstrip(":")).name if first else ""
    cut = {name[:_COMM] for name in _FORWARDERS if len(name) > _COMM}
    return bool({program, process.name} & _FORWARDERS) or process.name in cut
