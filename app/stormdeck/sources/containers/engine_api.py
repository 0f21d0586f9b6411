"""Ask an Engine API: which containers there are, what one is, and its log as a stream.

Docker's API from 1.24 on (tried: 20.10), which podman's service also speaks (tried: 4.3). Only GET requests are sent.
"""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stormdeck.model.text import clean
from stormdeck.sources.containers.endpoints import Endpoint

if TYPE_CHECKING:
    import ssl

    import httpx

DEADLINE_S = 5.0
"""For an answer that is no stream, and for the head of one that is."""
MOST_BYTES = 8 * 1024 * 1024
_LONGEST_MESSAGE = 200


class EngineError(Exception):
    """The API did not answer as asked; the text says why."""

    def __init__(self, words: str, status: int = 0, *, denied: bool = False) -> None:
        super().__init__(words)
        self.status = status
        """The HTTP status; 0: there was no answer."""
        self.denied = denied
        """This user may not use the socket."""


class EngineApi:
    """One connection pool to one endpoint, in one event loop.

    >>> async with EngineApi(endpoint) as api:
    ...     print(await api.inspect("litellm"))
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> EngineApi:
        import httpx

        socket = self.endpoint.socket
        transport = httpx.AsyncHTTPTransport(
            uds=str(socket) if socket is not None else None, verify=self._verify(), trust_env=False
        )
        base = "http://localhost" if socket is not None else self.endpoint.url
        # A log may be silent for hours: only what is asked below has a deadline.
        self._client = httpx.AsyncClient(transport=transport, base_url=base, timeout=None, trust_env=False)  # noqa: S113
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def inspect(self, name: str) -> dict[str, Any] | None:
        """Return what the API knows of a container, by name or id; ``None`` if there is none."""
        try:
            found = await self._json(f"/containers/{quote(name, safe='')}/json")
        except EngineError as error:
            if error.status == 404:
                return None
            raise
        return found if isinstance(found, dict) else None

    async def listed(self, labels: tuple[str, ...] = (), *, all_of_them: bool = True) -> list[dict[str, Any]]:
        """Return the containers with these labels, ``NAME=VALUE``; without ``all_of_them`` only those that run."""
        filters = json.dumps({"label": list(labels)} if labels else {})
        found = await self._json(f"/containers/json?all={int(all_of_them)}&filters={quote(filters)}")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    @asynccontextmanager
    async def log(self, container: str, since: float, *, follow: bool = True) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open the log of a container, both streams with time stamps; yields its bytes as they come."""
        path = f"/containers/{quote(container, safe='')}/logs?stdout=1&stderr=1&timestamps=1&since={max(0, int(since))}"
        async with self._opened(path + f"&follow={int(follow)}") as response:
            yield response.aiter_raw()

    async def _json(self, path: str) -> object:
        try:
            async with asyncio.timeout(DEADLINE_S), self._opened(path) as response:
                return _parsed(await _body(response))
        except TimeoutError:
            raise self._late() from None

    @asynccontextmanager
    async def _opened(self, path: str) -> AsyncIterator[httpx.Response]:
        """Send a GET request; raises ``EngineError`` for any failure up to the end of the block."""
        import httpx

        assert self._client is not None  # noqa: S101 - opened by "async with"
        request = self._client.build_request("GET", path)
        try:
            async with asyncio.timeout(DEADLINE_S):
                response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, OSError) as error:
            raise self._unreached(error) from None
        try:
            if response.status_code != 200:
                async with asyncio.timeout(DEADLINE_S):
                    raise EngineError(_message(await _body(response)), response.status_code)
            yield response
        except TimeoutError:
            raise self._late() from None
        except httpx.HTTPError as error:
            raise EngineError(f"{self._who} ended the connection: {_words(error)}") from None
        finally:
            await response.aclose()

    @property
    def _who(self) -> str:
        return f"{self.endpoint.runtime} at {self.endpoint}"

    def _late(self) -> EngineError:
        return EngineError(f"{self._who} does not answer within {DEADLINE_S:g} s")

    def _unreached(self, error: Exception) -> EngineError:
        number = _errno(error)
        if isinstance(error, TimeoutError):
            return self._late()
        if number in {errno.EACCES, errno.EPERM}:
            group = "join the group docker" if self.endpoint.runtime == "docker" else "use the user's own podman.socket"
            return EngineError(f"{self.endpoint} may not be used by this user; {group}, or name a file", denied=True)
        if number == errno.ECONNREFUSED:
            return EngineError(f"{self._who} does not run: its socket refuses connections")
        if number == errno.ENOENT:
            return EngineError(f"{self._who} does not run: there is no such socket")
        return EngineError(f"{self._who} cannot be reached: {_words(error)}")

    def _verify(self) -> ssl.SSLContext | bool:
        if self.endpoint.certificates is None:
            return True
        import ssl

        folder = self.endpoint.certificates
        try:
            context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
            context.load_cert_chain(str(folder / "cert.pem"), str(folder / "key.pem"))
        except OSError as error:
            raise EngineError(f"the certificates in {folder} cannot be used: {_words(error)}") from None
        return context


async def _body(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise EngineError(f"the answer is larger than {MOST_BYTES // 1024**2} MiB")
    return b"".join(parts)


def _parsed(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        raise EngineError("the answer is no JSON: this is no Engine API") from None
    return found


def _message(body: bytes) -> str:
    """Return what an error's body says."""
    try:
        found = json.loads(body)
        text = found.get("message") or found.get("cause") if isinstance(found, dict) else ""
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace")
    return clean(str(text or "no reason given"))[:_LONGEST_MESSAGE].strip()


def _words(error: Exception) -> str:
    return clean(str(error) or type(error).__name__)[:_LONGEST_MESSAGE]


def _errno(error: BaseException | None) -> int | None:
    """Return the system's error number behind an error of httpx."""
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            return error.errno
        error = error.__cause__ or error.__context__
    return None
