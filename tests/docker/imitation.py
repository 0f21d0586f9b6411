"""A vLLM or a LiteLLM as a container runs it: the answers that stormdeck asks for, with the standard library alone.

The image has it under both names, ``vllm`` and ``litellm``, and the process table shows it as the real program.
"""

import argparse
import http.client
import json
import os
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODEL = "Qwen3.5-27B"
KEY = "sk-container-test-1"


def started():
    """Return when this process began, in unix seconds, as prometheus_client reports it."""
    ticks = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    return float(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")


METRICS = f"""# TYPE process_start_time_seconds gauge
process_start_time_seconds {started():.2f}
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{{engine="0",model_name="{MODEL}"}} 0.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{{engine="0",model_name="{MODEL}"}} 0.0
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{{engine="0",model_name="{MODEL}"}} 0.0
"""
LISTED = {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "vllm", "max_model_len": 131072}]}
VLLM = {"/version": {"version": "0.32.0"}, "/v1/models": LISTED, "/health": "", "/metrics": METRICS}
LITELLM = {
    "/health/liveliness": "I'm alive!",
    "/health/readiness": {"status": "connected", "litellm_version": "1.109.1"},
    "/health/readiness/details": {"status": "connected", "litellm_version": "1.109.1"},
    "/health/backlog": {"in_flight_requests": 1},
    "/v1/models": {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "openai"}]},
}


class Handler(BaseHTTPRequestHandler):
    """Answer GET requests from a table."""

    protocol_version = "HTTP/1.1"
    pages: Mapping[str, object] = VLLM
    key: str | None = None
    upstream: str | None = None

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/behind" and self.upstream:
            self.reply(200 if self.is_behind_up() else 503, "")
        elif path == "/v1/messages":
            self.reply(405, {"detail": "Method Not Allowed"})
        elif (
            self.key and path in {"/v1/models", "/health/backlog", "/health/readiness/details"} and not self.is_known()
        ):
            self.reply(400, {"error": {"message": "No connected db."}})
        elif path in self.pages:
            self.reply(200, self.pages[path])
        else:
            self.reply(404, {"detail": "Not Found"})

    def do_POST(self):
        """Answer as the header says; a proxy asks its server first. Each request is a line, as uvicorn writes it."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, why = int(self.headers.get("x-status") or 200), ""
        if self.upstream:
            behind = http.client.HTTPConnection(self.upstream, timeout=60)
            try:
                behind.request("POST", self.path, body, {"x-status": str(status)})
                status = behind.getresponse().status
            except OSError as error:
                status, why = 503, repr(error)
            finally:
                behind.close()
        host, port = self.client_address[:2]
        reason = self.responses[status][0]
        sys.stdout.write(f'INFO:     {host}:{port} - "POST {self.path} HTTP/1.1" {status} {reason}\n')
        sys.stdout.flush()
        self.reply(status, {"type": "message", "why": why})

    def is_behind_up(self):
        """Return whether the server behind answers."""
        behind = http.client.HTTPConnection(self.upstream, timeout=5)
        try:
            behind.request("GET", "/health")
            return behind.getresponse().status == 200
        except OSError:
            return False
        finally:
            behind.close()

    def log_message(self, form, *values):
        """Write nothing: requests that are no turns are not in this log."""

    def is_known(self):
        """Return whether the request carries the key."""
        return self.headers.get("authorization") == f"Bearer {self.key}"

    def reply(self, status, page):
        """Send text as it is, anything else as JSON."""
        is_json = not isinstance(page, str) or page == "I'm alive!"
        body = (json.dumps(page) if is_json else page).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if is_json else "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    """Serve, after the time that a model takes to load."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="*")
    parser.add_argument("--port", type=int)
    parser.add_argument("--config")
    parser.add_argument("--upstream")
    parser.add_argument("--loads", type=float, default=0.0)
    options, _ = parser.parse_known_args()
    name = Path(sys.argv[0]).name
    if name == "litellm":
        Handler.pages, Handler.key, Handler.upstream = LITELLM, KEY, options.upstream
    time.sleep(options.loads)
    ThreadingHTTPServer(("", options.port or {"litellm": 4000}.get(name, 8000)), Handler).serve_forever()


main()
