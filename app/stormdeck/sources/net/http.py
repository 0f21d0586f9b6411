"""Send a GET to a server that may be hostile, within bounds of time and memory; a failure is a value."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stormdeck.model.text import clean
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.address import Address, address
from stormdeck.sources.net.failure import HOSTED, Failure, FailureKind, failure_of, failure_of_connection
from stormdeck.sources.net.plain_http import PlainHttp, UnusualError
from stormdeck.sources.net.resolver import Resolver, Unresolved

if TYPE_CHECKING:
    import httpcore
    import httpx


LIMIT = 2 * 1024 * 1024
"""Largest body in bytes; vLLM's largest page, ``/metrics``, has 57,000 (measured, 0.32, one engine)."""
PAGE_LIMIT = 8 * 1024 * 1024
"""The same for ``/metrics``: 57 kB an engine (measured, 0.32), so enough for more than a hundred engines."""
DEADLINE_S = 3.5
"""For one answer: a distant or busy server takes up to three seconds."""
PIECES = 1000
"""Chunks that a body may have, plus one for each 256 bytes: a chunk costs as much as parsing a hundred bytes."""
_BYTES_A_PIECE = 256
PIECES_A_TURN = 16
"""Yield to the event loop after this many chunks: reading from a server that always has more never waits."""
_INLINE = 16 * 1024
"""JSON up to this size in bytes is parsed in the event loop; a thread would cost more."""
_MOST_VALUES = 200_000
"""Most values and names in a JSON body; the parser blocks all threads while it runs."""
_PACKED = {"gzip", "x-gzip", "deflate"}
READABLE = _PACKED | {"", "identity"}
"""The content encodings that are read; stormdeck asks for ``identity``."""
_CONNECTED = {"connection.connect_tcp.complete", "http11.send_request_headers.started"}
"""httpcore's trace events that show a connection, new or kept."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The JSON object of a body that was parsed in a thread."""

    value: dict[str, Any] | None
    too_much: bool = False
    """It has too many values and was not parsed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer of any status."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    latency_ms: float
    """From sending to the last byte, including the connect of a new connection."""
    port: int
    """Our own port, which the server's access log shows."""
    parsed: Parsed | None = None
    """Set for a body that is too large to be parsed in the event loop."""


class HttpClient:
    """Send GET requests over kept connections. One client serves the whole panel, in one event loop.

    Redirects are not followed, so a key reaches only the origin that the caller names. Proxy variables of the shell
    are ignored: they would send loopback probes elsewhere.

    >>> async with HttpClient("0.1.0") as http:
    ...     answer = await http.get("http://127.0.0.1:8000/health")
    """

    def __init__(self, version: str, *, parses: bool = True) -> None:
        """Open no connection yet. Large JSON bodies are parsed in a thread, unless the caller does (``parses``)."""
        self.user_agent = f"stormdeck/{version}"
        self._parses = parses
        self._usual = {"user-agent": self.user_agent, "accept-encoding": "identity", "accept": "*/*"}
        self._plain = PlainHttp()
        self._clients: dict[tuple[str, tuple[str, ...]], httpx.AsyncClient] = {}
        self._authorities: tuple[str, ...] = ()
        self._resolver = Resolver()
        self.forwards: dict[tuple[str, int], int | Failure] = {}
        """Ports of other machines that are reached by a port of this one; a failure says why not now."""

    def trust(self, authorities: tuple[str, ...]) -> None:
        """Trust these authorities (PEM texts) from now on, besides the usual ones."""
        self._authorities = authorities

    async def get(
        self,
        url: str,
        key: str | None = None,
        limit: int = LIMIT,
        deadline_s: float = DEADLINE_S,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | Failure:
        """Send one request. The deadline covers all, from name lookup to last byte; ``key`` is sent as a bearer."""
        target = address(url)
        if target is None:
            return Failure(FailureKind.BAD_URL, "not a URL that begins with http:// or https:// and names a host")
        if target.is_hosted:
            return Failure(FailureKind.HOSTED, HOSTED)
        sent = {**(headers or {})}
        place = target.host, target.port
        forward = self.forwards.get(place)
        if isinstance(forward, Failure):
            return forward
        if forward is not None:
            sent["host"] = f"{target.host}:{target.port}"
            target = replace(target, host="127.0.0.1", port=forward)
            answer = await self._get(target, sent, key, limit, deadline_s)
            # ssh itself is gone: it takes connections whatever the port there does.
            is_lost = isinstance(answer, Failure) and answer.kind is FailureKind.REFUSED
            return Failure(FailureKind.OURS, f"the connection to {place[0]} was lost") if is_lost else answer
        return await self._get(target, sent, key, limit, deadline_s)

    async def _get(
        self, target: Address, sent: dict[str, str], key: str | None, limit: int, deadline_s: float
    ) -> Answer | Failure:
        if key:
            if not key.isascii() or not key.isprintable() or key != key.strip():
                return Failure(FailureKind.BAD_URL, "the key has characters that no HTTP header can carry")
            sent["authorization"] = f"Bearer {key}"
        name = clean(target.host)
        late = f"the name {name} was not resolved within {deadline_s:g} s: the name server does not answer"
        connected: list[bool] = []
        is_plain = self._plain.can_ask(target)
        if not is_plain:
            await load_httpx()
        try:
            async with asyncio.timeout(deadline_s):
                if error := await self._resolver.error(target.host):
                    return _unresolved(target.host, error)
                late = f"no complete answer within {deadline_s:g} s"
                answer = await self._ask_plainly(target, sent, limit, connected) if is_plain else None
                return answer or await self._ask(target.request_url, target, sent, limit, connected)
        except TimeoutError:
            return Failure(FailureKind.TIMEOUT, late, accepted=bool(connected))

    async def aclose(self) -> None:
        """Close the kept connections."""
        self._plain.close()
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    async def __aenter__(self) -> HttpClient:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def _ask_plainly(
        self, target: Address, headers: Mapping[str, str], limit: int, connected: list[bool]
    ) -> Answer | Failure | None:
        """Ask in the cheapest way; return ``None`` if that does not show how the server is."""
        begun = time.perf_counter()
        try:
            answer = await self._plain.get(target, {**self._usual, **headers}, limit, connected)
        except UnusualError:
            return None
        except (OSError, EOFError) as error:
            return failure_of_connection(error, target.port)
        return await self._answered(answer.status, answer.headers, answer.body, begun, answer.port)

    async def _ask(
        self, url: str, target: Address, headers: dict[str, str], limit: int, connected: list[bool]
    ) -> Answer | Failure:
        """Send a request, and again when a kept connection is closed: servers close them after some idle seconds.

        ``connected`` is filled once there is a connection: a caller that gives up needs to know.
        """
        await load_httpx()
        import httpx

        while True:
            fresh: list[int] = []
            try:
                return await self._exchange(url, target, headers, limit, fresh, connected)
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
                failure = failure_of(error, target.port)
                if fresh or failure.kind is not FailureKind.CUT:
                    return failure

    async def _exchange(
        self,
        url: str,
        target: Address,
        headers: dict[str, str],
        limit: int,
        fresh: list[int],
        connected: list[bool],
    ) -> Answer | Failure:
        port = 0

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal port
            if event in _CONNECTED:
                connected.append(True)
            if event == "connection.connect_tcp.complete":
                port = _own_port(info["return_value"])
                fresh.append(port)

        client = self._opened(target.scheme)
        begun = time.perf_counter()
        async with client.stream("GET", url, headers=headers, extensions={"trace": trace}) as response:
            port = _own_port(response.extensions.get("network_stream")) or port
            body, pieces = bytearray(), 0
            async for chunk in response.aiter_raw():
                body += chunk
                pieces += 1
                if len(body) > limit:
                    return _too_big(limit)
                if pieces > PIECES + len(body) // _BYTES_A_PIECE:
                    return Failure(FailureKind.TOO_BIG, "the answer comes in too many small pieces to be read")
                if pieces % PIECES_A_TURN == 0:
                    await asyncio.sleep(0)
        plain, encoding = bytes(body), response.headers.get("content-encoding", "").strip().lower()
        if encoding in _PACKED:
            unpacked = await run_in_thread(_unpacked, plain, limit)
            if unpacked is None:
                return _too_big(limit)
            plain = unpacked
        headers = {name.lower(): value for name, value in response.headers.items()}
        return await self._answered(response.status_code, headers, plain, begun, port)

    async def _answered(self, status: int, headers: Mapping[str, str], body: bytes, begun: float, port: int) -> Answer:
        """Return an answer; a large body is parsed in a thread."""
        latency_ms = (time.perf_counter() - begun) * 1000
        is_large = self._parses and len(body) > _INLINE and body[:_INLINE].lstrip().startswith(b"{")
        return Answer(status, headers, body, latency_ms, port, await run_in_thread(_parsed, body) if is_large else None)

    def _opened(self, scheme: str) -> httpx.AsyncClient:
        """Return the client for a scheme; that for https takes 100 ms to load its trusted authorities."""
        name = scheme, self._authorities if scheme == "https" else ()
        client = self._clients.get(name)
        if client is None:
            from http.cookiejar import CookieJar, DefaultCookiePolicy

            import httpx

            client = self._clients[name] = httpx.AsyncClient(
                verify=trusting(self._authorities) if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # noqa: S113 - the deadline of get() bounds the whole exchange
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=30.0),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # Cookies know no ports, only hosts.
                headers=self._usual,
            )
        return client


async def load_httpx() -> None:
    """Import httpx in a thread: the first import takes 0.1 s and more, in which keys must work."""
    if "httpx" not in sys.modules:
        await run_in_thread(import_module, "httpx")


def _own_port(stream: httpcore.AsyncNetworkStream | None) -> int:
    """Return our own port of a connection, 0 where it is not known."""
    own = stream.get_extra_info("client_addr") if stream is not None else None
    return int(own[1]) if isinstance(own, tuple) and len(own) >= 2 else 0


def json_object(answer: Answer | Failure) -> dict[str, Any] | None:
    """Return the JSON object of an answer, ``None`` for anything else: a failure, HTML, a list, too many values."""
    if isinstance(answer, Failure):
        return None
    if answer.parsed is None and len(answer.body) > _INLINE:
        return None
    return (answer.parsed or _parsed(answer.body)).value


def _parsed(body: bytes) -> Parsed:
    """Parse a body, unless it has more values than any server sends."""
    if len(body) > LIMIT or sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        return Parsed(None, too_much=True)
    with suppress(ValueError, RecursionError):
        value = json.loads(body)
        return Parsed(value if isinstance(value, dict) else None)
    return Parsed(None)


def trusting(authorities: Iterable[str] = ()) -> ssl.SSLContext:
    """Return a TLS context that trusts httpx's authorities, the system's (``SSL_CERT_FILE``), and these PEM texts.

    Certificates are checked as strictly as Node does: Python 3.13 refuses some that the client accepts.
    """
    import httpx

    context = httpx.create_ssl_context(trust_env=False)
    context.verify_flags &= ~(ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN)
    context.load_default_certs()
    for pem in authorities:
        # Node ignores a file that has no certificate, too.
        with suppress(ssl.SSLError, ValueError):
            context.load_verify_locations(cadata=pem)
    return context


def _unresolved(host: str, error: Unresolved) -> Failure:
    name, why = clean(host), clean(error.words)
    if error.is_final:
        return Failure(FailureKind.UNRESOLVED, f"the name {name} does not resolve: {why}")
    return Failure(FailureKind.LOOKUP, f"the name {name} could not be looked up: {why}")


def _too_big(limit: int) -> Failure:
    return Failure(FailureKind.TOO_BIG, f"the answer is larger than {limit / 1024:.0f} KiB")


def _unpacked(body: bytes, limit: int) -> bytes | None:
    """Return the decompressed body, ``None`` above the limit. Some servers compress though we do not accept it."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    with suppress(zlib.error):
        plain = unpacker.decompress(body, limit + 1)
        return plain if len(plain) <= limit else None
    return body
