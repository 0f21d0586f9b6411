"""Parse server URLs, and compare where they point."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from stormdeck.model.urls import LOOPBACK_HOSTS, is_hosted, is_loopback, parts_of, plain_host, server_path

_HERE = LOOPBACK_HOSTS


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL points, without user, password, query and fragment."""

    scheme: str
    host: str
    port: int
    path: str
    """Without a slash at its end; empty for the root."""
    query: str = ""

    @property
    def origin(self) -> str:
        """Return ``scheme://host:port``: what requests are sent to, and what a key belongs to.

        ``localhost``, ``127.0.0.1`` and ``[::1]`` are three: another program may listen at each.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def request_url(self) -> str:
        """Return the URL to send a request to: as parsed here, in case another parser reads the text differently."""
        return f"{self.origin}{self.path}{f'?{self.query}' if self.query else ''}"

    @property
    def base(self) -> str:
        """Return the URL of the server: origin and path, without the API's own path such as ``/v1``."""
        return self.origin + server_path(self.path)

    @property
    def server(self) -> tuple[str, int, str]:
        """Return host, port and path: several servers may share a port, each below a path of its own."""
        return (*self.place, server_path(self.path))

    @property
    def place(self) -> tuple[str, int]:
        """Return host and port; all names of this machine's own loopback are one."""
        return ("127.0.0.1" if self.is_here else self.host, self.port)

    @property
    def is_here(self) -> bool:
        """Return whether it is a loopback address of this machine."""
        return self.host in _HERE

    @property
    def is_hosted(self) -> bool:
        """Return whether it is Anthropic's hosted API, which is never contacted."""
        return is_hosted(self.host)


def is_own_host(host: str) -> bool:
    """Return whether a host is this machine: its loopback, its name, or an address that it has."""
    if host in _HERE or is_loopback(host) or host == socket.gethostname().lower():
        return True
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            ipaddress.ip_address(host)
            probe.bind((host, 0))
    except (OSError, ValueError):
        return False
    return True


def address(url: str) -> Address | None:
    """Return where a URL points, ``None`` where it is not an ``http`` or ``https`` URL."""
    parts = parts_of(url)
    if parts is None or parts.scheme.lower() not in {"http", "https"}:
        return None
    scheme = parts.scheme.lower()
    port = parts.port or (443 if scheme == "https" else 80)
    return Address(scheme, plain_host(parts.hostname or ""), port, parts.path.rstrip("/"), parts.query)
