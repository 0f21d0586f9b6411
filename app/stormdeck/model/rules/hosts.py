"""Hosts and tokens as rules tell them apart: here or far away, a dummy or a secret."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

_NEAR_NAMES = (
    *(".local", ".lan", ".internal", ".intranet", ".home", ".home.arpa", ".localdomain", ".test", ".corp"),
    *(".localhost", ".private", ".svc", ".ts.net"),
)
"""Names that no public server has, those of Kubernetes and Tailscale among them."""
_NEAR_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""Of this machine, a private network, a link, and those that Tailscale and providers share."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", ""}  # noqa: S104 - compared with, never bound
_PLACEHOLDERS = ("dummy", "none", "empty", "test", "token", "local", "fake", "anything", "placeholder", "example")
_SHORTEST = 16


def parts_of(url: str) -> SplitResult | None:
    """Return the parts of a URL that names a host, ``None`` for other text."""
    try:
        parts = urlsplit(url.strip())
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def host_of(url: str) -> str:
    """Return the host, in lower case; empty where there is none."""
    parts = parts_of(url)
    return (parts.hostname or "").lower() if parts is not None else ""


def port_of(url: str) -> int | None:
    """Return the port, that of the scheme where none is written."""
    parts = parts_of(url)
    if parts is None:
        return None
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())


def same_place(one: str, other: str) -> bool:
    """Say whether two URLs lead to the same host and port; all names of this machine's loopback are one."""
    places = [("" if is_loopback(host_of(url)) else host_of(url), port_of(url)) for url in (one, other)]
    return parts_of(one) is not None and places[0] == places[1]


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine by its loopback."""
    return host in _LOOPBACK or host.startswith("127.")


def is_near(host: str) -> bool:
    """Say whether a host is this machine, or on a private network, by its look."""
    if is_loopback(host) or ("." not in host.rstrip(".") and ":" not in host) or host.endswith(_NEAR_NAMES):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in _NEAR_NETWORKS if network.version == address.version)


def looks_real(token: str) -> bool:
    """Say whether a token looks like a secret and not like a placeholder that any server takes."""
    text = token.strip()
    placeholder = any(word in text.lower() for word in _PLACEHOLDERS)
    return len(text) >= _SHORTEST and len(set(text)) > 6 and not placeholder and any(char.isdigit() for char in text)
