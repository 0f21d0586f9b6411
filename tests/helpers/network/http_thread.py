"""HTTP servers of the standard library in a thread, for tests whose client is another process."""

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _V6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


@contextmanager
def in_thread(handler, host="127.0.0.1", port=0):
    """Serve while the block runs, on any free port unless one is given; yields the server."""
    server = (_V6 if ":" in host else ThreadingHTTPServer)((host, port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Messages:
    """Takes turns: answers each POST with the next of some statuses, the last of them for all that follow."""

    def __init__(self, server, got):
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.got = got
        """Path and token of each request."""


@contextmanager
def messages_server(*statuses):
    """Serve ``Messages`` while the block runs."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            got.append((self.path, self.headers.get("authorization")))
            self.send_response(statuses[min(len(got), len(statuses)) - 1])
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            """Write no log of its own."""

    with in_thread(Handler) as server:
        yield Messages(server, got)
