"""Note each request of a server from inside it: ``vllm serve MODEL --middleware stormdeck.middleware.Wire``.

Nothing of a prompt or of an answer is kept. It needs the standard library only, and an error in it reaches no request.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.hop import Hop, hop_of
from stormdeck.model.wire.request import MOST_BYTES, Kind, kind_by_path
from stormdeck.model.wire.sighting import Sighting
from stormdeck.paths import user_paths
from stormdeck.sources.wire.observer import Observer

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PROGRESS_S = 2.0
"""Seconds between two notes of a stream that goes on."""
OBSERVER = Observer(lambda: user_paths(os.environ).wire)


class Wire:
    """An ASGI middleware: passes everything on as it is."""

    def __init__(self, app: App, hop: Hop = Hop.SERVER) -> None:
        self.app = app
        self._hop = hop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        passing = _passing(scope, receive, send, self._hop)
        if passing is None:
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, passing.receive, passing.send)
        except BaseException as error:
            passing.end(error)
            raise
        passing.end()

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Remove the file before the server has ended: one that ends by a signal runs nothing afterwards."""

        async def last(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                with contextlib.suppress(Exception):
                    await asyncio.get_running_loop().run_in_executor(None, OBSERVER.close)
            await send(message)

        await self.app(scope, receive, last)


def _passing(scope: Scope, receive: Receive, send: Send, hop: Hop) -> _Passing | None:
    """Return what watches a request; ``None`` for one that is not about a message."""
    try:
        if scope["type"] != "http" or kind_by_path(scope["method"], scope["path"]) is Kind.OTHER:
            return None
        return _Passing(scope, receive, send, hop)
    except Exception:  # noqa: BLE001, RUF100 - whatever is odd about it, the server answers it
        return None


class _Passing:
    """One request on its way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, hop: Hop) -> None:
        self._receive, self._send = receive, send
        self._method, self._path = str(scope["method"]), str(scope["path"])
        self._headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        hop = hop_of(hop, self._headers.get("user-agent", ""))
        kind = kind_by_path(self._method, self._path)
        self._sighting = Sighting(Exchange(OBSERVER.next_id(), time.time(), kind, hop=hop))
        self._body: list[bytes] = []
        self._has_begun = False
        self._is_over = False
        self._noted = 0.0
        self._next: asyncio.Future[Message] | None = None
        """What comes after the request: that the client left."""

    async def receive(self) -> Message:
        """Return the next message of the client, as the server does."""
        if self._next is not None:
            # One reader at a time: some servers hand a message to the first that asks.
            return await asyncio.shield(self._next)
        message = await self._receive()
        with contextlib.suppress(Exception):
            self._received(message)
        return message

    async def send(self, message: Message) -> None:
        """Pass a message on to the client."""
        with contextlib.suppress(Exception):
            self._answered(message)
        await self._send(message)

    def end(self, error: BaseException | None = None) -> None:
        """Note the end of a request that was not answered whole; an error without an answer becomes a 500."""
        with contextlib.suppress(Exception):
            if self._next is not None:
                self._next.cancel()
            if error is not None and not isinstance(error, asyncio.CancelledError) and not self._sighting.is_answered:
                self._sighting.answer(500, "", "")
                self._finish(Outcome.STATUS)
            else:
                self._finish(Outcome.CUT)

    def _received(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            self._finish(Outcome.CLIENT_LEFT)
            return
        piece: bytes = message.get("body", b"")
        self._sighting.sent_bytes += len(piece)
        if self._sighting.sent_bytes <= MOST_BYTES:
            self._body.append(piece)
        else:
            self._body.clear()
        if not message.get("more_body", False):
            self._begin()
            self._next = asyncio.ensure_future(self._receive())
            self._next.add_done_callback(self._left)

    def _left(self, following: asyncio.Future[Message]) -> None:
        """Note that the client left, also where the server does not look."""
        if following.cancelled():
            return
        if following.exception() is None and following.result().get("type") == "http.disconnect":
            with contextlib.suppress(Exception):
                self._finish(Outcome.CLIENT_LEFT)

    def _answered(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = {name.lower(): value.decode("latin-1") for name, value in message.get("headers", ())}
            content_type, encoding = headers.get(b"content-type", ""), headers.get(b"content-encoding", "")
            self._sighting.answer(message["status"], content_type, encoding)
        elif message["type"] == "http.response.body" and not self._is_over:
            now, piece = time.time(), message.get("body", b"")
            if piece:
                self._sighting.piece(piece, now)
            if not message.get("more_body", False):
                self._finish(self._sighting.finish())
            elif now - self._noted >= PROGRESS_S and self._has_begun:
                self._noted = now
                OBSERVER.go_on(self._sighting)

    def _begin(self) -> None:
        self._has_begun = True
        body, self._body = b"".join(self._body), []
        OBSERVER.begin(self._sighting, self._method, self._path, self._headers, body)

    def _finish(self, outcome: Outcome) -> None:
        if self._is_over:
            return
        self._is_over = True
        if not self._has_begun:
            # A request that was refused before it was read.
            self._body.clear()
            self._begin()
        OBSERVER.end(self._sighting, outcome, time.time())
