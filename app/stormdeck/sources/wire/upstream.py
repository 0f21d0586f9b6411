"""Send a request to the server on behalf of one client connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from stormdeck.sources.wire.answering import Connection, Headers
from stormdeck.sources.wire.connecting import connect, proxy_headers
from stormdeck.sources.wire.target import Target

_HOP_BY_HOP = frozenset(
    {b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect", b"host"}
)
"""Headers of one connection, not of the message; ``connection`` is looked at apart."""


class Upstream:
    """One connection to the server, opened when needed and kept as long as the client keeps its own."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: Connection | None = None
        self._sending: asyncio.Task[None] | None = None

    async def send(
        self, method: str, raw_path: bytes, headers: Headers, content: AsyncIterator[bytes] | None
    ) -> Connection:
        """Send a request and return the connection with the head of its answer. Raises ``UpstreamError``.

        The body is sent on while the answer is read: a server may answer before it has read everything.
        """
        if self._connection is None or not self._connection.is_usable:
            self._connection = await connect(self._target)
        connection = self._connection
        is_chunked = content is not None and not any(name.lower() == b"content-length" for name, _ in headers)
        connection.begin(self._head(method, raw_path, headers, is_chunked=is_chunked), is_head_request=method == "HEAD")
        if content is None:
            connection.no_body()
            await connection.wait_for_head()
            return connection
        head = asyncio.ensure_future(connection.wait_for_head())
        self._sending = asyncio.ensure_future(connection.send_body(content, is_chunked=is_chunked))
        try:
            await asyncio.wait({head, self._sending}, return_when=asyncio.FIRST_COMPLETED)
            if self._sending.done():
                self._sending.result()
            await head
        finally:
            head.cancel()
        return connection

    async def finish(self) -> None:
        """End the exchange: keep the connection if it was complete, else close it."""
        sending, self._sending = self._sending, None
        if sending is not None and not sending.done():
            sending.cancel()
            await asyncio.wait({sending})
        if self._connection is not None:
            self._connection.finish()

    async def aclose(self) -> None:
        """Close the connection."""
        if self._sending is not None:
            self._sending.cancel()
        if self._connection is not None:
            await self._connection.close()

    def _head(self, method: str, raw_path: bytes, headers: Headers, *, is_chunked: bool) -> bytes:
        target = self._target
        sent = [(b"Host", target.authority), *passed_on(headers)]
        if is_chunked:
            sent.append((b"Transfer-Encoding", b"chunked"))
        if target.proxy is not None and target.scheme == "http":
            raw_path = b"http://" + target.authority + raw_path
            sent += proxy_headers(target)
        lines = [b"%b: %b\r\n" % header for header in sent]
        return b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode("ascii"), raw_path, b"".join(lines))


def passed_on(headers: Headers) -> Headers:
    """Return the headers of a message without those of its connection; ``Connection: close`` stays."""
    named = {
        name.strip().lower() for key, value in headers if key.lower() == b"connection" for name in value.split(b",")
    }
    dropped = _HOP_BY_HOP | (named - {b"close"}) | {b"connection"}
    kept = [(key, value) for key, value in headers if key.lower() not in dropped]
    return [*kept, (b"connection", b"close")] if b"close" in named else kept
