"""End a client's connection as the server ended its own."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from uvicorn.protocols.http.h11_impl import H11Protocol

Peer = tuple[str, int]
_FLUSH_STEP_S = 0.005
_FLUSH_STEPS = 200


class Connections:
    """The open connections of clients, by the client's address."""

    def __init__(self) -> None:
        self._transports: dict[Peer, asyncio.Transport] = {}
        self._on_lost: dict[Peer, Callable[[], None]] = {}
        self._all_lost: asyncio.Event | None = None

    def protocol(self) -> type[H11Protocol]:
        """Return uvicorn's protocol class, with each connection known here while it is open."""
        transports, on_lost = self._transports, self._on_lost
        gone = self._gone

        class Known(H11Protocol):
            """uvicorn's own; asyncio calls both methods of every protocol."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                # Kept, since a connection that was lost has no address any more.
                self._peer = _peer(transport)
                transports[self._peer] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                peer = self._peer
                if transports.get(peer) is self.transport:
                    del transports[peer]
                    close = on_lost.pop(peer, None)
                    if close is not None:
                        close()
                super().connection_lost(exc)
                if self.timeout_keep_alive_task is not None:
                    # uvicorn 0.54 leaves it running after a reset, and all of the connection with it for an hour.
                    self.timeout_keep_alive_task.cancel()
                gone()

        return Known

    def _gone(self) -> None:
        if self._all_lost is not None and not self._transports:
            self._all_lost.set()

    def when_lost(self, peer: Peer, call: Callable[[], None]) -> None:
        """Call something once when a connection is gone; at once if it is gone already."""
        if peer in self._transports:
            self._on_lost[peer] = call
        else:
            call()

    async def reset(self, peer: Peer) -> None:
        """End a connection with a reset, as the system does for a server that died; what was sent arrives first."""
        transport = self._transports.get(peer)
        if transport is None:
            return
        for _ in range(_FLUSH_STEPS):
            if transport.is_closing() or not transport.get_write_buffer_size():
                break
            await asyncio.sleep(_FLUSH_STEP_S)
        own: socket.socket | None = transport.get_extra_info("socket")
        if own is not None and not transport.is_closing():
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def close(self, peer: Peer) -> None:
        """Close a connection, as a server does that ends in good order; what was sent arrives first."""
        transport = self._transports.get(peer)
        if transport is not None:
            transport.close()

    async def close_all(self) -> None:
        """End all connections at once, and return when they are gone."""
        for transport in list(self._transports.values()):
            transport.abort()
        if self._transports:
            self._all_lost = asyncio.Event()
            await self._all_lost.wait()


def _peer(transport: asyncio.Transport) -> Peer:
    host, port, *_ = transport.get_extra_info("peername")
    return str(host), int(port)
