"""An ASGI wrapper that writes down each request of a client and how it ended; it changes no byte of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

KEPT = ("user-agent", "x-claude-code-session-id", "x-day-proxy")


class Ledger:
    """Wraps an ASGI application and adds one JSON line to a file when a POST begins, and one when it has ended.

    A line holds ``id``, ``t`` (unix seconds), ``path``, ``port``, ``headers``, ``body``; the second one ``id``,
    ``end``, ``status`` (``null``: no answer began), ``whole`` and ``sent`` (bytes of the answer).
    """

    def __init__(self, app, path: Path) -> None:
        self._app = app
        self._path = path
        self._next = 0

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        number, self._next = self._next, self._next + 1
        state = {"id": number, "status": None, "whole": False, "sent": 0}
        body = bytearray()
        begun = False

        def begin() -> None:
            nonlocal begun
            if begun:
                return
            begun = True
            headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
            self._write(
                {
                    "id": number,
                    "t": time.time(),
                    "path": scope["path"],
                    "port": scope["client"][1],
                    "headers": {name: headers[name] for name in KEPT if name in headers},
                    "body": body.decode("utf-8", "replace"),
                }
            )

        async def listen():
            event = await receive()
            if event["type"] == "http.request":
                body.extend(event.get("body", b""))
                if not event.get("more_body"):
                    begin()
            return event

        async def tell(event) -> None:
            if event["type"] == "http.response.start":
                state["status"] = event["status"]
            await send(event)
            if event["type"] == "http.response.body":
                state["sent"] += len(event.get("body", b""))
                state["whole"] = not event.get("more_body", False)

        try:
            await self._app(scope, listen, tell)
        finally:
            begin()
            self._write({**state, "end": time.time()})

    def _write(self, line: dict) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
