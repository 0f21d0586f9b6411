"""Ask servers over kept connections without TLS, in the one form of HTTP/1.1 that nearly all of them answer in.

A question costs a fifth of what httpx takes for it (measured, 0.28). Whatever is unusual raises ``UnusualError``: then
httpx asks again, and judges it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from stormdeck.sources.net.address import Address

HEAD_LIMIT = 16 * 1024
"""Most bytes of a status line with its headers."""
KEPT_S = 30.0
"""How long an unused connection is kept; servers close theirs after some seconds, too."""
_MOST_KEPT = 16
_MOST_ODD = 1024
_MOST_CHUNKS = 1000
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
_TARGET = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?-]*", re.ASCII)
"""Paths and queries that every library sends as they are."""
_BEGIN = b"HTTP/"
_STATUS = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [\t -~\x80-\xff]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~](?:[\t -~]*[!-~])?)?[ \t]*")
_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,7}")
_WITHOUT_BODY = {204, 205, 304}


class UnusualError(Exception):
    """The request or its answer is not of the usual form."""


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    port: int
    """Our own port of the connection."""


class PlainHttp:
    """Connections to servers by host and port, in one event loop."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[_Connection]] = {}
        self._odd: set[tuple[str, int]] = set()
        """Servers that answered in another form."""

    def can_ask(self, target: Address) -> bool:
        """Return whether a request to this URL is of the usual form, and its server's answers were."""
        is_usual = target.scheme == "http" and (target.host, target.port) not in self._odd
        return is_usual and _HOST.fullmatch(target.host) is not None and _TARGET.fullmatch(_path(target)) is not None

    async def get(self, target: Address, headers: Mapping[str, str], limit: int, connected: list[bool]) -> PlainAnswer:
        """Send a GET, and again if a kept connection has ended. Raises ``UnusualError``, ``OSError`` or ``EOFError``.

        ``connected`` is filled once there is a connection.
        """
        place = (target.host, target.port)
        request = _request(target, headers)
        while True:
            kept = self._kept(place)
            if place in self._odd:
                raise UnusualError
            connection = kept or await _connect(*place)
            connected.append(True)
            try:
                answer, is_last = await connection.ask(request, limit)
            except (EOFError, ConnectionError):
                connection.close()
                if kept is None:
                    raise
                continue
            except UnusualError:
                connection.close()
                self._note_odd(place)
                raise
            except BaseException:
                connection.close()
                raise
            if is_last:
                connection.close()
            else:
                self._keep(place, connection)
            return answer

    def close(self) -> None:
        """Close the kept connections."""
        kept, self._idle = self._idle, {}
        for connections in kept.values():
            for connection in connections:
                connection.close()

    def _kept(self, place: tuple[str, int]) -> _Connection | None:
        idle = self._idle.get(place, [])
        while idle:
            connection = idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
            if connection.is_odd:
                self._note_odd(place)
        self._idle.pop(place, None)
        return None

    def _note_odd(self, place: tuple[str, int]) -> None:
        if len(self._odd) >= _MOST_ODD:
            self._odd.clear()
        self._odd.add(place)

    def _keep(self, place: tuple[str, int], connection: _Connection) -> None:
        for other, connections in list(self._idle.items()):
            for one in [one for one in connections if not one.is_usable]:
                one.close()
                connections.remove(one)
                if one.is_odd:
                    self._note_odd(other)
            if not connections:
                del self._idle[other]
        if sum(map(len, self._idle.values())) >= _MOST_KEPT:
            connection.close()
            return
        connection.rest()
        self._idle.setdefault(place, []).append(connection)


async def _connect(host: str, port: int) -> _Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(_Connection, host, port, happy_eyeballs_delay=0.25)
    return connection


def _path(target: Address) -> str:
    return f"{target.path or '/'}{f'?{target.query}' if target.query else ''}"


def _request(target: Address, headers: Mapping[str, str]) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    host = host if target.port == 80 else f"{host}:{target.port}"
    sent = {"host": host, "connection": "keep-alive", **headers}
    lines = [f"GET {_path(target)} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join((*lines, "", "")).encode("ascii")


class _Connection(asyncio.Protocol):
    """One connection: a request is sent when the answer before it is complete."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._error: Exception | None = None
        self._rests_since = 0.0
        self._is_asked = False
        self.is_odd = False
        """Something came that nobody asked for: more than the server had announced."""
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for mypy
        self._transport = transport
        own = transport.get_extra_info("sockname")
        self.port = int(own[1]) if isinstance(own, tuple) and len(own) >= 2 else 0

    def data_received(self, data: bytes) -> None:
        if not self._is_asked:
            self._ended = self.is_odd = True
            self.close()
            return
        self._data += data
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._wake()

    @property
    def is_usable(self) -> bool:
        """Return whether a request may be sent: the server has neither closed it nor sent what nobody asked for."""
        return not self._ended and time.monotonic() - self._rests_since < KEPT_S

    def rest(self) -> None:
        """Begin to wait for the next request."""
        self._is_asked = False
        self._rests_since = time.monotonic()

    def close(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, request: bytes, limit: int) -> tuple[PlainAnswer, bool]:
        """Return the answer to a request, and whether the connection ends with it."""
        assert self._transport is not None  # noqa: S101 - for mypy
        self._is_asked = True
        self._transport.write(request)
        while not self._data:
            await self._more()
        if not self._data.startswith(_BEGIN[: len(self._data)]):
            raise UnusualError
        status, headers = _head(await self._until(b"\r\n\r\n", HEAD_LIMIT))
        if status in _WITHOUT_BODY or headers.get("content-encoding", "identity").lower() != "identity":
            raise UnusualError
        if "transfer-encoding" in headers:
            body = await self._chunks(headers, limit)
        else:
            length = headers.get("content-length", "")
            if _LENGTH.fullmatch(length) is None or int(length) > limit:
                raise UnusualError
            body = await self._exactly(int(length))
        if self._data:
            raise UnusualError
        is_last = headers.get("connection", "keep-alive").lower() != "keep-alive"
        return PlainAnswer(status, headers, body, self.port), is_last

    async def _chunks(self, headers: Mapping[str, str], limit: int) -> bytes:
        if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
            raise UnusualError
        body = bytearray()
        for _ in range(_MOST_CHUNKS):
            size = await self._until(b"\r\n", HEAD_LIMIT)
            if _CHUNK.fullmatch(size) is None or len(body) + int(size, 16) > limit:
                raise UnusualError
            body += await self._exactly(int(size, 16))
            if await self._exactly(2) != b"\r\n":
                raise UnusualError
            if int(size, 16) == 0:
                return bytes(body)
        raise UnusualError

    async def _until(self, end: bytes, limit: int) -> bytes:
        """Return what comes before a mark, which is dropped."""
        looked = 0
        while (at := self._data.find(end, looked)) < 0:
            looked = max(0, len(self._data) - len(end) + 1)
            if len(self._data) > limit:
                raise UnusualError
            await self._more()
        found = bytes(self._data[:at])
        del self._data[: at + len(end)]
        return found

    async def _exactly(self, count: int) -> bytes:
        while len(self._data) < count:
            await self._more()
        found = bytes(self._data[:count])
        del self._data[:count]
        return found

    async def _more(self) -> None:
        """Wait for data. Raises ``EOFError`` or ``OSError`` if there will be no more."""
        if self._ended:
            raise self._error or EOFError
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    """Return status and headers; raises ``UnusualError``."""
    first, *lines = head.split(b"\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise UnusualError
    headers: dict[str, str] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise UnusualError
        name = header[1].decode().lower()
        if name in headers:
            raise UnusualError
        headers[name] = (header[2] or b"").decode()
    return int(status[1]), headers
