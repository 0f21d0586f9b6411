"""A server with the answers of vLLM 0.33 to everything that the panel requests."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from http_thread import in_thread
from samples import WELL_SET

MODELS = '{"object": "list", "data": [{"id": "Qwen3.5-27B", "owned_by": "vllm", "max_model_len": 131072}]}'
METRICS = """\
vllm:num_requests_running{engine="0",model_name="Qwen3.5-27B"} 3.0
vllm:num_requests_waiting{engine="0",model_name="Qwen3.5-27B"} 7.0
vllm:kv_cache_usage_perc{engine="0",model_name="Qwen3.5-27B"} 0.41
vllm:generation_tokens_total{engine="0",model_name="Qwen3.5-27B"} 1000.0
"""
ANSWERS = {"/health": "", "/version": '{"version": "0.33.0"}', "/v1/models": MODELS, "/metrics": METRICS}


class Vllm(BaseHTTPRequestHandler):
    """Answers as vLLM 0.33 does, as far as the panel asks."""

    def do_GET(self):
        body = ANSWERS.get(self.path)
        data = (body if body is not None else '{"detail":"no"}').encode()
        self.send_response(200 if body is not None else 405 if self.path == "/v1/messages" else 404)
        kind = "text/plain; version=0.0.4" if self.path == "/metrics" else "application/json"
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Write no log of its own."""


@contextmanager
def serving(port=0):
    with in_thread(Vllm, port=port) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def well_set(base_url):
    return WELL_SET.replace("http://127.0.0.1:4000", base_url)
