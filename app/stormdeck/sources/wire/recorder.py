"""Pass requests on to the server byte by byte, as they come, and note what becomes of each."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import replace
from itertools import count
from typing import Any

from stormdeck.model.wire.attempts import AttemptCounter
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.request import MOST_BYTES, Kind, kind_by_path, read_request
from stormdeck.model.wire.sighting import Sighting
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.wire.answering import Connection, Headers, UpstreamError
from stormdeck.sources.wire.connections import Connections, Peer
from stormdeck.sources.wire.target import Target
from stormdeck.sources.wire.upstream import Upstream, passed_on

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PROGRESS_S = 2.0
"""Seconds between two notes of a stream that goes on."""
_LONG_BYTES = 16 * 1024
"""A body that takes longer to read than a thread to start."""
_REST_S = 2.0
"""Seconds to wait for the rest of a request whose server is gone."""


class _LeftError(Exception):
    """The client closed its connection."""


class Recorder:
    """An ASGI application. ``note`` gets an exchange when it begins, at its first byte, as it goes on, and at its end.

    ``note`` is called in the event loop and must not block.
    """

    def __init__(self, target: Target, note: Callable[[Exchange], None]) -> None:
        self.connections = Connections()
        self._target = target
        self._note = note
        self._attempts = AttemptCounter()
        self._ids = count(1)
        self._upstreams: dict[Peer, Upstream] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        peer: Peer = (str(scope["client"][0]), int(scope["client"][1]))
        passing = _Passing(self, scope, receive, send)
        forward = asyncio.ensure_future(passing.forward(self._upstream(peer)))
        left = asyncio.ensure_future(passing.client_left())
        try:
            await asyncio.wait({forward, left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            forward.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await forward
            passing.end()
        if passing.failed is not None:
            await self._fail(peer, passing.failed, receive)

    async def aclose(self) -> None:
        """Close all connections to the server."""
        upstreams, self._upstreams = list(self._upstreams.values()), {}
        for upstream in upstreams:
            await upstream.aclose()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def begin(self, exchange: Exchange) -> Exchange:
        """Give a request its number, note it and return it."""
        begun = self._attempts.begin(exchange)
        self._note(begun)
        return begun

    def note(self, exchange: Exchange) -> None:
        """Note how an exchange goes on."""
        self._note(exchange)

    def end(self, exchange: Exchange) -> None:
        """Note how an exchange ended."""
        self._attempts.end(exchange)
        self._note(exchange)

    def next_id(self) -> str:
        """Return the id of the next exchange."""
        return str(next(self._ids))

    async def _fail(self, peer: Peer, how: Outcome, receive: Receive) -> None:
        """End the client's connection as the server ended its own."""
        if how is Outcome.CUT:
            self.connections.close(peer)
        else:
            await self.connections.reset(peer)
        # Wait for it: uvicorn answers for an application that returns before.
        while (await receive())["type"] != "http.disconnect":
            pass

    def _upstream(self, peer: Peer) -> Upstream:
        upstream = self._upstreams.get(peer)
        if upstream is None:
            upstream = self._upstreams[peer] = Upstream(self._target)
            self.connections.when_lost(peer, lambda: self._close(peer))
        return upstream

    def _close(self, peer: Peer) -> None:
        upstream = self._upstreams.pop(peer, None)
        if upstream is not None:
            task = asyncio.ensure_future(upstream.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class _Passing:
    """One request on its way."""

    def __init__(self, recorder: Recorder, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self._recorder, self._receive, self._send = recorder, receive, send
        self._method: str = scope["method"]
        self._headers: Headers = list(scope["headers"])
        query: bytes = scope["query_string"]
        self._raw_path: bytes = scope["raw_path"] + (b"?" + query if query else b"")
        self._path = self._raw_path.decode("latin-1")
        kind = kind_by_path(self._method, self._path)
        self._sighting = Sighting(Exchange(recorder.next_id(), time.time(), kind))
        self._is_message = kind is not Kind.OTHER
        self._body = bytearray()
        self._digest = hashlib.sha256()
        self._was_read = asyncio.Event()
        """Set once the whole request was read: only then can a client that leaves be noticed."""
        self._reading: asyncio.Task[None] | None = None
        self._is_passed_on = False
        """The whole answer was handed over: what the client does now changes nothing."""
        self._outcome: Outcome | None = None
        self.failed: Outcome | None = None
        """How the connection to the server ended, if not in good order."""

    async def forward(self, upstream: Upstream) -> None:
        """Send the request, and pass the answer on as it comes."""
        try:
            content = self._content() if self._has_body() else None
            if content is None:
                self._read_request()
            await self._answer(await upstream.send(self._method, self._raw_path, self._headers, content))
        except UpstreamError as error:
            self._outcome = self.failed = error.outcome
        except _LeftError:
            self._outcome = Outcome.CLIENT_LEFT
        finally:
            await upstream.finish()
        await self._read_rest()

    async def client_left(self) -> None:
        """Return when the client has closed its connection before the answer was complete."""
        await self._was_read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._is_passed_on:
            await asyncio.Event().wait()

    def end(self) -> None:
        """Note the end of the exchange."""
        self._outcome = self._outcome or Outcome.CLIENT_LEFT
        ended = time.time()
        if self._reading is None or self._reading.done():
            self._recorder.end(replace(self._sighting.seen, outcome=self._outcome, ended=ended))
        else:
            outcome = self._outcome
            self._reading.add_done_callback(
                lambda _: self._recorder.end(replace(self._sighting.seen, outcome=outcome, ended=ended))
            )

    def _has_body(self) -> bool:
        names = {name.lower(): value for name, value in self._headers}
        return b"transfer-encoding" in names or names.get(b"content-length", b"0").strip() != b"0"

    async def _content(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes; that of a request for a message is also kept until it was read."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _LeftError
            piece: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            self._sighting.sent_bytes += len(piece)
            self._digest.update(piece)
            if self._is_message and self._sighting.sent_bytes <= MOST_BYTES:
                self._body += piece
            if not more:
                self._read_request()
            if piece:
                yield piece

    async def _read_rest(self) -> None:
        """Read the rest of a request that the server did not accept: attempts are known by their bodies."""
        with contextlib.suppress(TimeoutError, _LeftError):
            async with asyncio.timeout(_REST_S):
                while not self._was_read.is_set():
                    async for _ in self._content():
                        pass

    def _read_request(self) -> None:
        """Read the request in a thread: a long one takes milliseconds, which must not delay others."""
        self._was_read.set()
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        body, self._body = bytes(self._body), bytearray()
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._headers}
        arguments = self._method, self._path, headers, body, self._digest.hexdigest()
        is_long = len(body) > _LONG_BYTES
        facts = await run_in_thread(read_request, *arguments) if is_long else read_request(*arguments)
        self._sighting.read(facts)
        begun = self._recorder.begin(self._sighting.seen)
        self._sighting.exchange = replace(self._sighting.exchange, turn=begun.turn, attempt=begun.attempt)

    async def _answer(self, answer: Connection) -> None:
        names = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
        sighting = self._sighting
        sighting.answer(answer.status, names.get(b"content-type", ""), names.get(b"content-encoding", ""))
        headers = passed_on([(name.lower(), value) for name, value in answer.headers])
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
        noted = 0.0
        while piece := await answer.read():
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            now = time.time()
            sighting.piece(piece, now)
            if now - noted >= PROGRESS_S and self._is_message and self._reading is not None and self._reading.done():
                noted = now
                self._recorder.note(sighting.seen)
        self._outcome = sighting.finish()
        self._is_passed_on = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
