"""Host names, asked for in a way that a hanging resolver cannot hold up the panel."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading

_KEPT_S = 60.0


class Resolver:
    """Tells whether a name resolves.

    The lookup runs in a daemon thread: one in the event loop's own pool would be waited for at exit, for
    as long as the resolver hangs.
    """

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._known: dict[str, float] = {}

    async def error(self, host: str) -> str:
        """Return why a name does not resolve, empty when it does. Addresses and ``localhost`` always do."""
        loop = asyncio.get_running_loop()
        if host == "localhost" or _is_literal(host) or self._known.get(host, 0.0) > loop.time():
            return ""
        asked = self._asked.get(host)
        if asked is None:
            asked = self._asked[host] = loop.create_future()
            threading.Thread(target=self._look_up, args=(host, asked, loop), daemon=True).start()
        error = await asyncio.shield(asked)
        if not error:
            self._known[host] = loop.time() + _KEPT_S
        return error

    def _look_up(self, host: str, asked: asyncio.Future[str], loop: asyncio.AbstractEventLoop) -> None:
        try:
            socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            error = ""
        except (OSError, UnicodeError) as exc:
            error = (exc.strerror if isinstance(exc, OSError) else None) or "not a host name"
        try:
            loop.call_soon_threadsafe(self._answered, host, asked, error)
        except RuntimeError:
            return  # The loop is closed: nobody waits any more.

    def _answered(self, host: str, asked: asyncio.Future[str], error: str) -> None:
        self._asked.pop(host, None)
        if not asked.done():
            asked.set_result(error)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
