"""Send a request to the server on behalf of one client connection, and name what goes wrong."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterable, Iterator

# httpx loads both at its first request, which takes 0.1 s that the client would wait for.
import anyio._backends._asyncio  # noqa: F401
import httpcore._backends.anyio  # noqa: F401
import httpx

from stormdeck.model.wire.exchange import Outcome
from stormdeck.sources.wire.target import Target

Headers = list[tuple[bytes, bytes]]
_HOP_BY_HOP = frozenset(
    {b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect", b"host"}
)
"""Headers of one connection, not of the message; ``connection`` is looked at apart."""
_REFUSED = {errno.ECONNREFUSED}
_TIMED_OUT = {errno.ETIMEDOUT}


class Upstream:
    """One connection to the server, opened when needed and kept as long as the client keeps its own."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._transport = httpx.AsyncHTTPTransport(
            verify=target.context,
            trust_env=False,
            proxy=target.proxy,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None),
        )

    async def send(
        self, method: str, raw_path: bytes, headers: Headers, content: AsyncIterable[bytes] | None
    ) -> httpx.Response:
        """Send a request and return its answer, the body unread. Raises ``httpx.TransportError``."""
        target = self._target
        request = httpx.Request(
            method,
            httpx.URL(scheme=target.scheme, host=target.host, port=target.port, raw_path=raw_path),
            headers=[(b"Host", target.authority), *passed_on(headers)],
            content=content,
            # No limits of our own: the client has its own, and the server too.
            extensions={"timeout": {"connect": None, "read": None, "write": None, "pool": None}},
        )
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._transport.aclose()


def passed_on(headers: Headers) -> Headers:
    """Return the headers of a message without those of its connection; ``Connection: close`` stays."""
    named = {
        name.strip().lower() for key, value in headers if key.lower() == b"connection" for name in value.split(b",")
    }
    dropped = _HOP_BY_HOP | (named - {b"close"}) | {b"connection"}
    kept = [(key, value) for key, value in headers if key.lower() not in dropped]
    return [*kept, (b"connection", b"close")] if b"close" in named else kept


def outcome_of(error: BaseException) -> Outcome:
    """Return how the server ended an exchange, from what httpx raised."""
    numbers = {number for one in _chain(error) if isinstance(one, OSError) and (number := one.errno)}
    if numbers & _TIMED_OUT:
        return Outcome.TIMED_OUT
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return Outcome.REFUSED if numbers & _REFUSED else Outcome.UNREACHABLE
    if isinstance(error, httpx.ReadError | httpx.WriteError):
        return Outcome.RESET
    return Outcome.CUT


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what caused it; a failed connect has one error for each address."""
    seen = 0
    while error is not None and seen < 20:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _chain(one)
        error, seen = error.__cause__ or error.__context__, seen + 1
