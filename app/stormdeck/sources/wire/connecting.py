"""Open a connection to the server, directly or through an HTTP proxy, and name what goes wrong."""

from __future__ import annotations

import asyncio
import base64
import errno
import ipaddress
import socket
import ssl
from urllib.parse import SplitResult, unquote, urlsplit

from stormdeck.model.wire.exchange import Outcome
from stormdeck.sources.wire.answering import Connection, UpstreamError
from stormdeck.sources.wire.target import Target

_NEXT_ADDRESS_S = 0.25
"""Seconds until the next address of a name is tried beside the first, as browsers and Node do."""
_PORTS = {"http": 80, "https": 443}
_OK = 200


async def connect(target: Target) -> Connection:
    """Return a connection to the server. Raises ``UpstreamError``."""
    try:
        if target.proxy is None:
            context = target.context if target.scheme == "https" else None
            return await _open(target.host, target.port or _PORTS[target.scheme], context)
        return await _through(urlsplit(target.proxy), target)
    except OSError as error:
        raise UpstreamError(_why(error)) from error
    except (ValueError, KeyError) as error:
        raise UpstreamError(Outcome.UNREACHABLE) from error


def proxy_headers(target: Target) -> list[tuple[bytes, bytes]]:
    """Return the name and password for a proxy, as a header."""
    parts = urlsplit(target.proxy or "")
    if parts.username is None:
        return []
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return [(b"Proxy-Authorization", b"Basic " + base64.b64encode(pair))]


async def _open(host: str, port: int, context: ssl.SSLContext | None) -> Connection:
    loop = asyncio.get_running_loop()
    name = host if context is not None else None
    if _is_address(host):
        _, connection = await loop.create_connection(Connection, host, port, ssl=context, server_hostname=name)
        return connection
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    from aiohappyeyeballs import start_connection

    own = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_S, interleave=1, loop=loop)
    try:
        _, connection = await loop.create_connection(Connection, sock=own, ssl=context, server_hostname=name)
    except BaseException:
        own.close()
        raise
    return connection


async def _through(proxy: SplitResult, target: Target) -> Connection:
    """Return a connection by a proxy: one that it opens for TLS, else one to the proxy itself."""
    context = ssl.create_default_context() if proxy.scheme == "https" else None
    connection = await _open(proxy.hostname or "", proxy.port or _PORTS[proxy.scheme], context)
    if target.scheme != "https":
        return connection
    host = f"[{target.host}]" if ":" in target.host else target.host
    place = f"{host}:{target.port or _PORTS[target.scheme]}".encode()
    lines = [b"CONNECT %b HTTP/1.1" % place, b"Host: " + place, *(b"%b: %b" % one for one in proxy_headers(target))]
    try:
        await connection.open_tunnel(b"\r\n".join(lines) + b"\r\n\r\n")
        if connection.status != _OK:
            raise UpstreamError(Outcome.UNREACHABLE)
        await connection.start_tls(target.context, target.host)
    except BaseException:
        connection.abort()
        raise
    return connection


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _why(error: OSError) -> Outcome:
    if error.errno == errno.ECONNREFUSED:
        return Outcome.REFUSED
    return Outcome.TIMED_OUT if error.errno == errno.ETIMEDOUT else Outcome.UNREACHABLE
