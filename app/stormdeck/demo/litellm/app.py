"""Define the routes of the simulated LiteLLM."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from stormdeck.demo.litellm import log
from stormdeck.demo.litellm.translate import to_chat, to_events, to_message
from stormdeck.demo.litellm.upstream import NUM_RETRIES, CooldownError, Deployment, UpstreamError
from stormdeck.demo.serving import detail, without_head

VERSION = "1.109.1"
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
}

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Proxy:
    """The proxy: its key, its one model and the deployment behind it."""

    model: str
    key: str
    """The master key; if empty, no key is required."""
    deployment: Deployment
    _in_flight: int = field(default=0, init=False)

    def app(self) -> Starlette:
        """Return the ASGI application."""
        open_routes = [
            Route("/", _home, methods=["GET", "HEAD"]),
            Route("/health/liveliness", _alive),
            Route("/health/liveness", _alive),
            Route("/health/readiness", _ready),
            Route("/api/event_logging/batch", _logged, methods=["POST"]),
        ]
        keyed = {
            "/health/readiness/details": self._details,
            "/health/backlog": self._backlog,
            "/v1/models": self._models,
            "/models": self._models,
        }
        posts = {"/v1/messages": self._messages, "/v1/messages/count_tokens": self._count_tokens}
        routes = [
            *open_routes[:1],
            *without_head(
                [
                    *open_routes[1:],
                    *(Route(path, self._guarded(handler)) for path, handler in keyed.items()),
                    *(Route(path, self._guarded(handler), methods=["POST"]) for path, handler in posts.items()),
                ]
            ),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: detail})

    def _guarded(self, handler: Handler) -> Handler:
        """Require the key, as a bearer token or ``x-api-key``, and count the request while it is in flight."""

        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            given = given or request.headers.get("x-api-key", "")
            if self.key and not given:
                log.no_key()
                return _refusal(401, "Authentication Error, No api key passed in.", "auth_error")
            if self.key and given != self.key:
                log.wrong_key()
                return _refusal(400, "No connected db.", "no_db_connection")
            self._in_flight += 1
            try:
                return await handler(request)
            finally:
                self._in_flight -= 1

        return guarded

    async def _details(self, request: Request) -> Response:
        return JSONResponse(
            {
                "status": "healthy",
                "db": "Not connected",
                "cache": None,
                "litellm_version": VERSION,
                "success_callbacks": ["_PROXY_CacheControlCheck", "ServiceLogging"],
                "log_level": "WARNING",
                "is_detailed_debug": False,
            }
        )

    async def _backlog(self, request: Request) -> Response:
        return JSONResponse({"in_flight_requests": self._in_flight})

    async def _models(self, request: Request) -> Response:
        """Answer in Anthropic's format if the request has ``anthropic-version``, else in OpenAI's (measured)."""
        if "anthropic-version" not in request.headers:
            entry = {"id": self.model, "object": "model", "created": 1677610602, "owned_by": "openai"}
            return JSONResponse({"data": [entry], "object": "list"})
        model = {
            "type": "model",
            "id": self.model,
            "source_model": self.model,
            "display_name": self.model,
            "created_at": "2023-02-28T18:56:42Z",
        }
        return JSONResponse({"data": [model], "has_more": False, "first_id": self.model, "last_id": self.model})

    async def _count_tokens(self, request: Request) -> Response:
        """Answer with an estimate: for ``hosted_vllm/`` LiteLLM does not ask the server (measured)."""
        raw = await request.body()
        return JSONResponse({"input_tokens": len(raw) // 4, "litellm_count_source": "local_estimate"})

    async def _messages(self, request: Request) -> Response:
        call_id, started = str(uuid.uuid4()), time.monotonic()
        try:
            body = json.loads(await request.body())
        except json.JSONDecodeError as error:
            return _refusal(400, f"Invalid JSON payload: {error}", "invalid_request_error", "request_body")
        body = body if isinstance(body, dict) else {}
        if body.get("model") != self.model:
            return _unknown(call_id, str(body.get("model")))
        if not isinstance(body.get("messages"), list) or not body.get("max_tokens"):
            return _missing(call_id, "max_tokens" if isinstance(body.get("messages"), list) else "messages")
        try:
            answer, retries = await self.deployment.ask(to_chat(body, self.deployment.model))
        except CooldownError as cold:
            log.cooling(call_id, cold)
            return _error(429, str(cold), call_id)
        except UpstreamError as failure:
            log.failed(call_id, failure, self.model, self.deployment.url)
            return _error(failure.status, f"{failure.text}\n\n{log.outcome(self.model)}", call_id)
        headers = self._headers(call_id, started, retries)
        if body.get("stream"):
            return StreamingResponse(self._relay(answer), headers=headers, media_type="text/event-stream")
        try:
            return JSONResponse(to_message(json.loads(await answer.aread()), self.model), headers=headers)
        finally:
            await answer.aclose()

    async def _relay(self, answer: httpx.Response) -> AsyncIterator[str]:
        """Relay a stream; disconnect from the server behind it when the client hangs up."""
        self._in_flight += 1
        try:
            async for event in to_events(answer.aiter_lines(), self.model):
                yield event
        finally:
            self._in_flight -= 1
            await answer.aclose()

    def _headers(self, call_id: str, started: float, retries: int) -> dict[str, str]:
        headers = {
            "x-litellm-call-id": call_id,
            "x-litellm-model-name": f"hosted_vllm/{self.deployment.model}",
            "x-litellm-version": VERSION,
            "x-litellm-response-duration-ms": str((time.monotonic() - started) * 1000),
            "x-litellm-attempted-retries": str(retries),
            "x-litellm-attempted-fallbacks": "0",
        }
        return headers | ({"x-litellm-max-retries": str(NUM_RETRIES)} if retries else {})


async def _home(request: Request) -> Response:
    return HTMLResponse("<!DOCTYPE html><html><head><title>LiteLLM API - Swagger UI</title></head></html>")


async def _alive(request: Request) -> Response:
    return JSONResponse("I'm alive!")


async def _ready(request: Request) -> Response:
    return JSONResponse({"status": "healthy", "db": "Not connected"})


async def _logged(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _error(status: int, text: str, call_id: str, **more: object) -> JSONResponse:
    body = {"type": "error", "error": {"type": _ERROR_TYPES.get(status, "api_error"), "message": text, **more}}
    return JSONResponse(body, status, headers={"x-litellm-call-id": call_id, "x-litellm-version": VERSION})


def _refusal(status: int, text: str, kind: str, param: str | None = None) -> JSONResponse:
    error = {"message": text, "type": kind, "param": param, "code": str(status)}
    return JSONResponse({"error": error}, status)


def _unknown(call_id: str, model: str) -> JSONResponse:
    text = (
        f"anthropic_messages: Invalid model name passed in model={model}. "
        "Call `/v1/models` to view available models for your key."
    )
    log.bad_request(call_id, f"400: {{'error': '{text}'}}")
    return _error(400, text, call_id, provider_specific_fields={"error": text})


def _missing(call_id: str, name: str) -> JSONResponse:
    text = f"anthropic_messages: Missing required parameter: '{name}'."
    log.bad_request(call_id, text)
    return _error(400, text, call_id)
