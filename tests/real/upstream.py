"""A server behind the proxy that fails on purpose, as the model's name says, and counts what it is asked.

``fail-500`` answers 500, ``flaky-2`` the first two times of each request, ``cut`` leaves in the middle of a stream,
``hang`` never answers, ``held`` once it is let go. The bodies are vLLM's: measured, 0.32;
that of a dead engine is read from 0.33's source.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOLD_S = 60.0
WORDS = {
    400: ("BadRequestError", "This model's maximum context length is 4096 tokens."),
    401: ("Unauthorized", "Unauthorized"),
    404: ("NotFoundError", "The model `nope` does not exist."),
    429: ("RateLimitError", "Too many requests are waiting."),
    500: ("InternalServerError", "The server had an error while processing your request."),
    503: ("ServiceUnavailableError", "Server overloaded."),
}


class Upstream(ThreadingHTTPServer):
    """The server; ``asked`` counts requests for tokens by model."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        self.let_go = threading.Event()
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kind, _, number = body["model"].partition("-")
        self.server.asked[body["model"]] += 1
        if kind == "fail":
            self._fail(int(number))
        elif kind == "flaky" and self.server.asked[body["model"]] % (int(number) + 1):
            self._fail(500)
        elif kind == "cut":
            self._cut(body["model"])
        elif kind == "hang":
            self.server.over.wait()
            self.close_connection = True
        else:
            if kind == "held":
                self.server.let_go.wait(HOLD_S)
            self._send(200, _answer(body["model"]))

    def _fail(self, status: int) -> None:
        kind, message = WORDS[status]
        self._send(status, {"error": {"message": message, "type": kind, "param": None, "code": status}})

    def _send(self, status: int, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _cut(self, model: str) -> None:
        """Send half of a stream, with a promise of more, and leave."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in ("I will", " look"):
            choice = {"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}
            data = f"data: {json.dumps({**_head(model, 'chat.completion.chunk'), 'choices': [choice]})}\n\n".encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Write nothing: the tests count."""


def _head(model: str, kind: str) -> dict[str, object]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": model}


def _answer(model: str) -> dict[str, object]:
    message = {"role": "assistant", "content": "Done."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    return {**_head(model, "chat.completion"), "choices": [choice], "usage": usage}


@contextmanager
def serving() -> Iterator[Upstream]:
    """Serve in a thread."""
    server = Upstream()
    threading.Thread(target=server.serve_forever, name="upstream", daemon=True).start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
