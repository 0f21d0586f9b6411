"""Define the routes of the simulated vLLM."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from stormdeck.demo.scenario import Fault
from stormdeck.demo.serving import detail, without_head
from stormdeck.demo.vllm import answers, log
from stormdeck.demo.vllm.engine import KV_TOKENS, SAID, Engine, EngineDeadError, Work
from stormdeck.demo.vllm.metrics import Metrics
from stormdeck.demo.vllm.replies import BLOCK, CountRequests, tokens_in
from stormdeck.demo.vllm.requests import InvalidRequest, chat_work, has_image, message_work, parse

MAX_MODEL_LEN = 131_072
STATS_INTERVAL_S = 10.0
HEALTH_LAG_S = 2.0
"""How long ``/health`` answers 200 after the engine died; then 503, as with VLLM_KEEP_ALIVE_ON_ENGINE_DEATH."""
SLOWNESS = 6.0
NO_IMAGES = "{} is not a multimodal model"
EMPTY = "Cannot apply chat template to an empty conversation. Provide at least one message."

Stream = Callable[[answers.Answer, AsyncIterator[str]], AsyncIterator[str]]
Whole = Callable[[answers.Answer, str], dict[str, Any]]


@dataclass(slots=True)
class Server:
    """The API server: its model, engine and metrics."""

    model: str
    port: int
    seed: int = 1
    speed: float = 1.0
    control: Path | None = None
    metrics: Metrics = field(init=False)
    engine: Engine = field(init=False)
    served: str = field(init=False)
    _fault: Fault = Fault.NONE
    _died: float = 0.0

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.model)
        self.engine = Engine(self.metrics, self.seed, self.speed)
        self.served = self.model
        self.metrics.gauge("process_start_time_seconds", time.time())
        self.metrics.gauge("vllm:engine_sleep_state", 1.0, sleep_state="awake")
        self.metrics.gauge(
            "vllm:cache_config_info",
            1.0,
            block_size=str(BLOCK),
            cache_dtype="auto",
            enable_prefix_caching="True",
            gpu_memory_utilization="0.92",
            kv_cache_size_tokens=str(KV_TOKENS),
            num_gpu_blocks=str(KV_TOKENS // BLOCK),
        )

    def app(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/health", self._health),
            Route("/ping", self._health, methods=["GET", "POST"]),
            Route("/version", _json({"version": answers.VERSION})),
            Route("/load", _json({"server_load": 0})),
            Route("/metrics", self._metrics_page),
            Route("/v1/models", self._models),
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", self._count_tokens, methods=["POST"]),
            Route("/v1/chat/completions", self._completions, methods=["POST"]),
        ]
        app = Starlette(
            routes=without_head(list(routes)), exception_handlers={HTTPException: detail}, lifespan=self._lifespan
        )
        app.add_middleware(CountRequests, metrics=self.metrics)
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._write_stats()), asyncio.create_task(self._follow_control())]
        yield
        for task in tasks:
            task.cancel()

    async def _write_stats(self) -> None:
        line = log.StatsLine(self.metrics)
        while True:
            await asyncio.sleep(STATS_INTERVAL_S / self.speed)
            line.tick(STATS_INTERVAL_S, *self.engine.load)

    async def _follow_control(self) -> None:
        """Apply the fault in the control file whenever it changes."""
        while self.control is not None:
            with contextlib.suppress(OSError, ValueError):
                fault = Fault(self.control.read_text().strip())
                if fault is not self._fault:
                    self._set_fault(fault)
            await asyncio.sleep(0.02)

    def _set_fault(self, fault: Fault) -> None:
        if fault is Fault.ENGINE_DEAD:
            self._died = time.monotonic()
            self.engine.kill()
            log.engine_died()
        elif self.engine.dead:
            self.engine.revive()
            log.engine_back()
        self.engine.slow_down(SLOWNESS if fault is Fault.SLOW else 1.0)
        served = self.model.lower() if fault is Fault.RENAMED else self.model
        if served != self.served:
            self.served = served
            log.served_as(served)
        self._fault = fault

    async def _health(self, request: Request) -> Response:
        noticed = self.engine.dead and (time.monotonic() - self._died) * self.speed > HEALTH_LAG_S
        return Response(status_code=503 if noticed else 200)

    async def _metrics_page(self, request: Request) -> Response:
        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _models(self, request: Request) -> Response:
        permission = {
            "id": f"modelperm-{secrets.token_hex(8)}",
            "object": "model_permission",
            "created": int(time.time()),
            **dict.fromkeys(("allow_create_engine", "allow_search_indices", "allow_fine_tuning", "is_blocking"), False),
            **dict.fromkeys(("allow_sampling", "allow_logprobs", "allow_view"), True),
            "organization": "*",
            "group": None,
        }
        model = {
            "id": self.served,
            "object": "model",
            "created": int(time.time()),
            "owned_by": "vllm",
            "root": "Qwen/Qwen3.5-27B",
            "parent": None,
            "max_model_len": MAX_MODEL_LEN,
            "permission": [permission],
        }
        return JSONResponse({"object": "list", "data": [model]})

    async def _messages(self, request: Request) -> Response:
        body = await _body(request, "model", "messages", "max_tokens")
        if isinstance(body, Response):
            return body
        if missing := self._not_served(body):
            return JSONResponse(answers.error(404, missing), 404)
        if not body["messages"]:
            return JSONResponse(answers.error(400, EMPTY), 400)
        if has_image(body["messages"]):
            return JSONResponse(answers.error(400, NO_IMAGES.format(self.served)), 400)
        try:
            return await self._answer(body, message_work(body), answers.message_stream, answers.message)
        except EngineDeadError:
            log.refused()
            return JSONResponse(answers.error(500, SAID), 500)

    async def _completions(self, request: Request) -> Response:
        body = await _body(request, "messages")
        if isinstance(body, Response):
            return body
        if missing := self._not_served(body):
            return JSONResponse(answers.chat_error(404, "NotFoundError", missing, "model"), 404)
        if has_image(body["messages"]):
            return JSONResponse(answers.chat_error(400, "BadRequestError", NO_IMAGES.format(self.served)), 400)
        try:
            return await self._answer(body, chat_work(body), answers.completion_stream, answers.completion)
        except EngineDeadError:
            return JSONResponse(answers.chat_error(500, "InternalServerError", SAID), 500)

    async def _count_tokens(self, request: Request) -> Response:
        body = await _body(request, "model", "messages")
        if isinstance(body, Response):
            return body
        if missing := self._not_served(body):
            return JSONResponse(answers.error(404, missing), 404)
        tokens = tokens_in(message_work(body).prompt)
        return JSONResponse({"input_tokens": tokens, "context_management": {"original_input_tokens": tokens}})

    async def _answer(self, body: dict[str, Any], work: Work, stream: Stream, whole: Whole) -> Response:
        reply, pieces = self.engine.begin(work)
        answer = answers.Answer(self.served, reply, tokens_in(work.prompt))
        if work.tools:
            self.metrics.count(
                "vllm:tool_call_parser_invocations_total",
                mode="streaming" if body.get("stream") else "non_streaming",
                outcome="tool_call" if reply.tool else "no_tool_call",
                request_type="chat_completions",
            )
        if body.get("stream"):
            return StreamingResponse(stream(answer, pieces), media_type="text/event-stream")
        return JSONResponse(whole(answer, "".join([piece async for piece in pieces])))

    def _not_served(self, body: dict[str, Any]) -> str:
        """Return vLLM's error text for a model that it does not serve; empty if it does."""
        asked = body.get("model", self.served)
        if asked == self.served:
            return ""
        text = f"The model `{asked}` does not exist. Valid aliases: {self.served}."
        log.unknown_model(text)
        return text


def _json(body: object) -> Callable[[Request], JSONResponse]:
    return lambda request: JSONResponse(body)


async def _body(request: Request, *required: str) -> dict[str, Any] | Response:
    try:
        return parse(await request.body(), request.headers.get("content-type", ""), required)
    except InvalidRequest as error:
        return JSONResponse(error.body, 400)
