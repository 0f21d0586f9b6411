"""URLs as servers are told apart by them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

_HERE = {"localhost", "127.0.0.1", "0.0.0.0", "::1", "::", ""}  # noqa: S104 - compared with, never bound


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL points, without user, password, query and fragment."""

    scheme: str
    host: str
    port: int
    path: str
    """Without a slash at its end; empty for the root."""

    @property
    def origin(self) -> str:
        """Return ``scheme://host:port``: what requests are sent to, and what a key belongs to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def place(self) -> tuple[str, int]:
        """Return host and port; all names of this machine's own loopback are one."""
        return ("127.0.0.1" if self.is_here else self.host, self.port)

    @property
    def is_here(self) -> bool:
        """Say whether it is this machine by its loopback."""
        return self.host in _HERE


def address(url: str) -> Address | None:
    """Return where a URL points, ``None`` for a text that is no ``http`` or ``https`` URL."""
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https"} or not host or port == 0 or not host.isprintable() or " " in host:
        return None
    return Address(scheme, host.lower(), port or (443 if scheme == "https" else 80), parts.path.rstrip("/"))
