"""Count requests for ``http_requests_total`` as vLLM's instrumentation does."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stormdeck.demo.vllm.metrics import Metrics

UNCOUNTED = {"/health", "/ping", "/version", "/load", "/metrics"}
KNOWN = {"/v1/models", "/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions"}


class CountRequests:
    """ASGI middleware: one count a request, by handler, method and class of status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its status when the answer starts."""

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] not in UNCOUNTED:
                handler = scope["path"] if scope["path"] in KNOWN else "none"
                status = f"{message['status'] // 100}xx"
                self._metrics.count("http_requests_total", handler=handler, method=scope["method"], status=status)
            await send(message)

        await self._app(scope, receive, watch if scope["type"] == "http" else send)
