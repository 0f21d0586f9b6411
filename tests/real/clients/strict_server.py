"""A server with Qwen's strict chat template: chat completions take a system message at the beginning only.

It stands for vLLM, whose own messages API takes them anywhere (facts/vllm.md); its words are vLLM's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from replies import SERVED, Say, events_of, message_of

REFUSAL = "System message must be at the beginning."
_MODELS = {"object": "list", "data": [{"id": SERVED, "object": "model", "owned_by": "vllm", "max_model_len": 131072}]}


class StrictServer(ThreadingHTTPServer):
    """The server; ``asked`` holds the path of each request for tokens, and the roles of its messages."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, list[str]]] = []

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: StrictServer

    def do_GET(self) -> None:
        self._send(200, "application/json", json.dumps(_MODELS).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        path = self.path.partition("?")[0]
        roles = [one["role"] for one in body["messages"]]
        self.server.asked.append((path, roles))
        if path == "/v1/messages":
            self._send(200, "text/event-stream", b"".join(events_of(message_of(Say(), body["model"]))))
        elif "system" in roles[1:]:
            error = {"message": REFUSAL, "type": "BadRequestError", "param": None, "code": 400}
            self._send(400, "application/json", json.dumps({"error": error}).encode())
        else:
            self._send(200, "text/event-stream", b"".join(_chunks(body["model"])))

    def log_message(self, *args: object) -> None:
        """Write no log of its own."""

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _chunks(model: str) -> Iterator[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    for delta, reason in (({"role": "assistant", "content": "done"}, None), ({}, "stop")):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        yield f"data: {json.dumps({**head, 'choices': [choice]})}\n\n".encode()
    yield b"data: [DONE]\n\n"


@contextmanager
def serving() -> Iterator[StrictServer]:
    """Run the server."""
    server = StrictServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
