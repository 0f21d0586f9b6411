"""Define where the recorder passes requests on to."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Target:
    """The server that requests are passed on to."""

    scheme: str
    host: str
    port: int | None
    context: ssl.SSLContext
    proxy: str | None = None
    """An HTTP proxy on the way, as the client would use it."""

    @property
    def authority(self) -> bytes:
        """Return the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port is None else f"{host}:{self.port}").encode()


def target_of(url: str, context: ssl.SSLContext, proxy: str | None = None) -> Target:
    """Return the target of a base URL that parses."""
    parts = urlsplit(url)
    return Target(parts.scheme.lower(), parts.hostname or "", parts.port, context, proxy)
