"""Name where metrics are served."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PORT = 9464
EXPECTED = f"HOST:PORT, such as 127.0.0.1:{DEFAULT_PORT}"
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host and a port to listen on.

    >>> str(read_address("[::1]:9464")), read_address("9464").host
    ('[::1]:9464', '127.0.0.1')
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def read_address(text: str) -> ListenAddress | None:
    """Return the address of ``PORT``, ``HOST:PORT`` or ``[HOST]:PORT``, ``None`` if it is none."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal()) or not 0 <= int(port[:6]) <= _LAST_PORT:
        return None
    return ListenAddress(host.strip("[]") or "127.0.0.1", int(port))
