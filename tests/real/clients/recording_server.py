"""A server on the loopback that answers a real client by a script, counts what it gets, and logs as uvicorn does.

uvicorn itself writes the access lines, from the real connections; what the server says is vLLM's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from asked import AUXILIARY, COUNT_TOKENS, MAIN, Asked
from replies import (
    ERROR,
    NO_ENTRY,
    NO_PATH,
    NOT_ALLOWED,
    SERVED,
    TOKEN,
    Break,
    Cut,
    Hang,
    Refuse,
    Reset,
    Say,
    Slow,
    Step,
    events_of,
    message_of,
    unknown_model,
)
from uvicorn.logging import AccessFormatter
from uvicorn.protocols.http.h11_impl import H11Protocol
from versions import VLLM

_FORMAT = '%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s'
_WAIT_S = 20.0
_MODELS = {"object": "list", "data": [{"id": SERVED, "object": "model", "owned_by": "vllm", "max_model_len": 262144}]}
PAGES: dict = {"/health": "", "/version": {"version": VLLM[0]}, "/v1/models": _MODELS}
"""What vLLM answers to GET (facts/vllm.md)."""


class RecordingServer:
    """Answers requests for messages by ``steps``, the last one again and again; use it as a context manager.

    Auxiliary requests get an answer and take no step; a wrong token, and a model that is not served, are refused as
    vLLM does. Without ``counts_tokens`` it is one that has no such path.
    """

    def __init__(self, folder: Path, steps: Sequence[Step], *, counts_tokens: bool = True) -> None:
        self.steps = list(steps)
        self.counts_tokens = counts_tokens
        self.requests: list[Asked] = []
        self.log = folder / "access.log"
        """What uvicorn writes, without times."""
        self.recording = folder / "access.lines.jsonl"
        """The same with the time of each line, as ``stormdeck watch --record`` keeps it."""
        self.url = ""
        self._transports: dict[int, asyncio.Transport] = {}

    def __enter__(self) -> RecordingServer:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._handler = _Keeper(self.log, self.recording)
        logger = logging.getLogger("uvicorn.access")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(self._handler)
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            http=_protocol(self._transports),
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _WAIT_S
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(_WAIT_S)
        logging.getLogger("uvicorn.access").removeHandler(self._handler)
        self._handler.close()

    async def _answer(self, scope: dict, receive, send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        begun, body, more = time.time(), b"", True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            body, more = body + event.get("body", b""), event.get("more_body", False)
        asked = Asked(begun, scope["method"], path, scope["client"][1], headers, body)
        if not headers.get("user-agent", "").startswith("stormdeck/"):
            self.requests.append(asked)
        await self._do(self._step(asked), asked, receive, send)

    def _step(self, asked: Asked) -> Step:
        """Return what a request gets: what is wrong with it comes first, then the script."""
        bare = asked.path.partition("?")[0]
        if bare.startswith("/v1/") and asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return NO_ENTRY
        if asked.method == "GET" and bare in PAGES:
            return Refuse(200, PAGES[bare])
        if asked.method != "POST" and bare == "/v1/messages":
            return NOT_ALLOWED
        if asked.kind not in {MAIN, AUXILIARY, COUNT_TOKENS} or not bare.startswith("/v1/messages"):
            return NO_PATH
        model = str(asked.fields.get("model"))
        if model != SERVED:
            return unknown_model(model)
        if asked.kind == COUNT_TOKENS:
            return Refuse(200, {"input_tokens": 20}) if self.counts_tokens else NO_PATH
        if asked.kind == AUXILIARY:
            return Say("a title")
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    async def _do(self, step: Step, asked: Asked, receive, send) -> None:
        transport = self._transports[asked.port]
        if isinstance(step, Hang):
            await _left(receive)
        elif isinstance(step, Reset):
            _reset(transport)
            await _left(receive)
        elif isinstance(step, Refuse):
            text = step.body if isinstance(step.body, str) else json.dumps(step.body)
            kind = (
                "text/html"
                if text.startswith("<")
                else "text/plain"
                if isinstance(step.body, str)
                else "application/json"
            )
            await _send(asked, send, step.status, {"content-type": kind, **step.headers}, [text.encode()])
        elif isinstance(step, Cut):
            events = events_of(message_of(Say("cut off"), str(asked.fields.get("model"))))[:3]
            await _send(asked, send, 200, {"content-type": "text/event-stream"}, events, ends=False)
            # What was sent reaches the client before its connection ends.
            await asyncio.sleep(0.05)
            _reset(transport)
            await _left(receive)
        elif isinstance(step, Break):
            events = events_of(message_of(Say("cut off"), str(asked.fields.get("model"))))[:3]
            await _send(asked, send, 200, {"content-type": "text/event-stream"}, [*events, ERROR])
            asked.whole = False
        elif isinstance(step, Slow):
            message = message_of(Say(step.text), str(asked.fields.get("model")))
            stream = {"content-type": "text/event-stream"}
            await _send(asked, send, 200, stream, events_of(message), pause_s=step.pause_s)
        else:
            message = message_of(step, str(asked.fields.get("model")))
            if asked.fields.get("stream"):
                await _send(asked, send, 200, {"content-type": "text/event-stream"}, events_of(message))
            else:
                await _send(asked, send, 200, {"content-type": "application/json"}, [json.dumps(message).encode()])


async def _left(receive) -> None:
    """Wait until the connection is gone: an answer that is given up before would be logged as a 500."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(
    asked: Asked,
    send,
    status: int,
    headers: dict[str, str],
    parts: Sequence[bytes],
    *,
    ends: bool = True,
    pause_s: float = 0.0,
) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    asked.status = status
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(pause_s)
    if ends:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        asked.whole = True


def _reset(transport: asyncio.Transport) -> None:
    """End a connection with a reset, as the system does for a process that was killed."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _protocol(transports: dict[int, asyncio.Transport]) -> type[H11Protocol]:
    class Remembering(H11Protocol):
        """uvicorn's own, with its connections by the client's port."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own
            transports[transport.get_extra_info("peername")[1]] = transport
            super().connection_made(transport)

    return Remembering


class _Keeper(logging.Handler):
    """Writes each line as uvicorn would, and once more with its time."""

    def __init__(self, log: Path, recording: Path) -> None:
        super().__init__()
        self.setFormatter(AccessFormatter(_FORMAT, use_colors=False))
        self._files = [path.open("w", buffering=1) for path in (log, recording)]

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self._files[0].write(f"{line}\n")
        self._files[1].write(json.dumps({"t": round(time.time(), 3), "line": line}) + "\n")

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
