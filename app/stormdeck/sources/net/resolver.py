"""Look up host names in threads, so that a hanging resolver does not block the panel."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

from stormdeck.sources.io.background import run_in_thread

_KEPT_S = 60.0
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a name does not resolve."""

    words: str
    is_final: bool
    """The name server answered that the name does not exist, so another lookup gives the same."""


class Resolver:
    """Check whether names resolve, with one lookup per name at a time."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Task[Unresolved | None]] = {}
        self._known: dict[str, float] = {}

    async def error(self, host: str) -> Unresolved | None:
        """Return why a name does not resolve, ``None`` when it does, as addresses and ``localhost`` always do."""
        loop = asyncio.get_running_loop()
        if host == "localhost" or _is_literal(host) or self._known.get(host, 0.0) > loop.time():
            return None
        asked = self._asked.get(host)
        if asked is None:
            asked = self._asked[host] = loop.create_task(run_in_thread(_look_up, host))
            asked.add_done_callback(lambda _: self._asked.pop(host, None))
        error = await asyncio.shield(asked)
        if error is None:
            self._known[host] = loop.time() + _KEPT_S
        return error


def _look_up(host: str) -> Unresolved | None:
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        words = (exc.strerror if isinstance(exc, OSError) else None) or "not a host name"
        return Unresolved(words, is_final=not isinstance(exc, socket.gaierror) or exc.errno in _NO_SUCH_NAME)
    return None


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
