"""A server that records every byte, and answers as one of the programs that stormdeck looks for."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from http_thread import in_thread
from places import TESTS

METRICS = (TESTS / "data" / "metrics" / "full.txt").read_bytes()
MODELS = {"data": [{"id": "Qwen3.5-27B", "object": "model", "owned_by": "vllm", "max_model_len": 131072}]}
VLLM = {
    "/version": {"version": "0.32.0"},
    "/health": b"",
    "/v1/models": MODELS,
    "/metrics": METRICS,
    "/v1/messages": 405,
}
LITELLM = {"/health/liveliness": b'"I\'m alive!"', "/v1/models": {"data": [{"id": "x", "owned_by": "openai"}]}}
SILENT = {}


def claude_code_proxy(upstream):
    """Return the routes of a claude-code-proxy that sends to a server."""
    start = {"message": "Claude-to-OpenAI API Proxy v1.0.0", "config": {"openai_base_url": upstream}}
    return {"/": start, "/health": {"status": "healthy"}}


class Recorder:
    """What came in: one text a request, with its head and body."""

    def __init__(self, routes, port):
        self.routes = routes
        self.port = port
        self.requests = []
        self.redirect = None
        """A status and a URL that every request is sent on to."""

    @property
    def all(self):
        return "\n".join(self.requests)

    def url(self, host="127.0.0.1"):
        return f"http://{host}:{self.port}"


@contextmanager
def recording(routes=VLLM, host="127.0.0.1", port=0):
    """Listen while the block runs; yields the recorder."""
    recorder: Recorder

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            recorder.requests.append(f"{self.command} {self.path}\n{self.headers}{body.decode('latin-1')}")
            if recorder.redirect is not None:
                code, url = recorder.redirect
                self.send_response(code)
                self.send_header("location", f"{url}{self.path}")
                self.send_header("content-length", "0")
                self.end_headers()
                return
            reply = recorder.routes.get(self.path.partition("?")[0])
            data = reply if isinstance(reply, bytes) else json.dumps(reply or {"detail": "Not Found"}).encode()
            self.send_response(404 if reply is None else reply if isinstance(reply, int) else 200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_HEAD = answer  # noqa: N815 - the library's names

        def log_message(self, *_):
            pass

    with in_thread(Handler, host, port) as server:
        recorder = Recorder(routes, server.server_port)
        yield recorder
