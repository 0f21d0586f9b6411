"""One connection to the server: HTTP/1.1 as it comes from the socket, one answer at a time.

httpx and the layers below it need three times the CPU for a stream of small events, and aiohttp joins headers of one
name; this is the parser that uvicorn uses, and no more than what a forwarder needs around it.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator
from typing import cast

import httptools

from stormdeck.model.wire.exchange import Outcome

Headers = list[tuple[bytes, bytes]]
_MOST_HELD = 256 * 1024
"""Bytes of an answer that wait for the client; with more, the server has to wait."""
_FRAMED = frozenset({b"content-length", b"transfer-encoding"})
_NO_BODY = frozenset({204, 304})


class UpstreamError(Exception):
    """The server or the way to it ended the exchange."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


class Connection(asyncio.Protocol):
    """Sends one request after the other and hands over each answer: its head, then its body piece by piece."""

    status = 0
    """That of the current answer; 0 until its head has arrived."""
    headers: Headers

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._is_head_request = False
        self._is_sent = False
        self._is_complete = False
        self._ends_with_connection = False
        self._is_kept = True
        self._lost: Outcome | None = None
        self._pieces: list[bytes] = []
        self._held = 0
        self._arrived: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._gone = asyncio.Event()

    @property
    def is_usable(self) -> bool:
        """Return whether another request can be sent."""
        return self._lost is None and self._is_kept and self._transport is not None and not self._transport.is_closing()

    def begin(self, head: bytes, *, is_head_request: bool) -> None:
        """Send the head of a request."""
        # A parser for each answer: it cannot be told that the one to HEAD has no body.
        self._parser = httptools.HttpResponseParser(self)
        self._is_head_request, self._is_sent, self._is_complete = is_head_request, False, False
        self.status, self.headers, self._pieces, self._held = 0, [], [], 0
        self._write(head)

    async def send_body(self, content: AsyncIterator[bytes], *, is_chunked: bool) -> None:
        """Send a body as it comes, as fast as the server takes it."""
        async for piece in content:
            self._write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            await self._writable.wait()
            if self._lost is not None:
                return
        if is_chunked:
            self._write(b"0\r\n\r\n")
        self._is_sent = True

    async def wait_for_head(self) -> None:
        """Return once ``status`` and ``headers`` are those of the answer. Raises ``UpstreamError``."""
        while not self.status:
            await self._wait()

    async def read(self) -> bytes:
        """Return what has arrived of the body, nothing at its end. Raises ``UpstreamError``."""
        while not self._pieces:
            if self._is_complete:
                return b""
            await self._wait()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces = []
        if self._held > _MOST_HELD and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        self._held = 0
        return data

    def finish(self) -> None:
        """Keep the connection for the next request, or close it if this one is not complete."""
        if not (self._is_complete and self._is_sent and self.is_usable):
            self.abort()
        self._parser = None

    def abort(self) -> None:
        """Close the connection at once."""
        self._is_kept = False
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Close the connection and return once it is gone: an event loop that ends before leaves its socket open."""
        self.abort()
        await self._gone.wait()

    def no_body(self) -> None:
        """Note that the request has no body."""
        self._is_sent = True

    async def open_tunnel(self, head: bytes) -> None:
        """Ask a proxy for a connection through it; ``status`` is its answer. Raises ``UpstreamError``."""
        self.begin(head, is_head_request=True)
        await self.wait_for_head()
        self._is_kept, self._parser = True, None

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on. Raises ``OSError``."""
        assert self._transport is not None  # noqa: S101 - for the type checker
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self._transport, self, context, server_hostname=host)
        if transport is None:
            raise ConnectionAbortedError
        self._transport = transport

    async def _wait(self) -> None:
        if self._lost is not None:
            raise UpstreamError(self._lost)
        self._arrived = asyncio.get_running_loop().create_future()
        await self._arrived

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def _write(self, data: bytes) -> None:
        if self._lost is None and self._transport is not None:
            self._transport.write(data)

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read what the server sent."""
        if self._parser is None or self._is_complete:
            # It was not asked: what it says belongs to no request, and the next answer would be taken for another's.
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self._is_complete:
                self._lost = Outcome.CUT
            self.abort()
        if self._held > _MOST_HELD and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note how the server ended the connection."""
        if self._lost is None:
            if exc is None and self.status and self._ends_with_connection:
                self._is_complete = True
            self._lost = _how(exc)
        self._is_kept = False
        self._writable.set()
        self._gone.set()
        self._wake()

    def pause_writing(self) -> None:
        """Wait: the server takes no more now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._writable.set()

    # The parser calls these; an answer may follow interim ones, such as 100 Continue.

    def on_message_begin(self) -> None:
        """Begin an answer; a second one to the same request is none."""
        if self._is_complete:
            self._is_kept = False
            return
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. Those after the body are dropped, as the server that faces the client does."""
        if not self.status:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Hand over the head of the answer."""
        if self._parser is None or self._is_complete:
            return
        status = self._parser.get_status_code()
        if status < 200:
            return
        self.status = status
        bodiless = self._is_head_request or status in _NO_BODY
        self._ends_with_connection = not bodiless and not any(name.lower() in _FRAMED for name, _ in self.headers)
        if self._ends_with_connection or not self._parser.should_keep_alive():
            self._is_kept = False
        self._is_complete = self._is_head_request

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body until it is read."""
        if not self._is_complete:
            self._pieces.append(body)
            self._held += len(body)

    def on_message_complete(self) -> None:
        """End the answer."""
        if self.status:
            self._is_complete = True


def _how(error: Exception | None) -> Outcome:
    if error is None:
        return Outcome.CUT
    return Outcome.TIMED_OUT if getattr(error, "errno", None) == errno.ETIMEDOUT else Outcome.RESET
