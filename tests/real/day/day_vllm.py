"""A stand-in for vLLM that fails on request: the demo's routes, figures and log lines before a script of answers.

``python day_vllm.py serve MODEL --port P --folder F``: F/script.json names the next answers to ``/v1/messages``, and
F/vllm.ledger.jsonl is what came. Each step is ``{"do": ..., "times": n}``: ``status`` (with ``status``, ``body``,
``headers``), ``cut``, ``stall``, ``slow`` (with ``seconds``), ``say``, ``calls`` (with pairs of a tool and arguments).
Without a step it answers in words.
"""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import count
from pathlib import Path
from time import time

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import replies  # noqa: E402
from day_ledger import Ledger  # noqa: E402
from replies import Call, Say, events_of, message_of  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, StreamingResponse  # noqa: E402

from stormdeck.demo.serving import arguments, run  # noqa: E402
from stormdeck.demo.vllm import log  # noqa: E402
from stormdeck.demo.vllm.app import Server  # noqa: E402

_ANSWERS = count(1)
replies._NUMBERS = count(int(time() * 1000))
"""A server that is started again gives no id twice, as the real one."""


class Script:
    """The answers that are still to come; a new file replaces them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._steps: list[dict] = []

    def next(self) -> dict:
        """Return the next answer, ``say`` where the script is over."""
        if self._path.exists() and (stamp := self._path.stat().st_mtime_ns) != self._read:
            self._read = stamp
            steps = json.loads(self._path.read_text())
            self._steps = [step for step in steps for _ in range(step.get("times", 1))]
        return self._steps.pop(0) if self._steps else {"do": "say"}


class Scripted:
    """ASGI middleware: answers main requests by the script; the rest goes on to the demo's server."""

    def __init__(self, app, server: Server, script: Script) -> None:
        self._app = app
        self._server = server
        self._script = script
        self._running = 0

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != "/v1/messages":
            await self._app(scope, receive, send)
            return
        body = json.loads(await Request(scope, receive).body())
        if missing := self._server._not_served(body):
            error = {"type": "error", "error": {"type": "not_found_error", "message": missing}}
            await JSONResponse(error, 404)(scope, receive, send)
            return
        step: dict = self._script.next() if body.get("tools") else {"do": "say", "text": "A title"}
        if step["do"] == "status":
            log.write("ERROR", "serving.py:274", step["log"]) if "log" in step else None
            await JSONResponse(step["body"], step["status"], headers=step.get("headers"))(scope, receive, send)
            return
        self._run(1)
        try:
            await self._answer(step, body, scope["day_abort"])(scope, receive, send)
        finally:
            self._run(-1)

    def _run(self, more: int) -> None:
        self._running += more
        self._server.metrics.gauge("vllm:num_requests_running", self._running)

    def _answer(self, step: dict, body: dict, abort):
        if step["do"] == "calls":
            parts = [message_of(Call(tool, arguments), body["model"]) for tool, arguments in step["calls"]]
        else:
            parts = [message_of(Say(step.get("text") or _words()), body["model"])]
        if not body.get("stream"):
            return JSONResponse({**parts[0], "content": [part["content"][0] for part in parts]})
        return StreamingResponse(self._stream(step, _events(parts), abort), media_type="text/event-stream")

    async def _stream(self, step: dict, events: list[bytes], abort):
        metrics = self._server.metrics
        await asyncio.sleep(0.2)
        if step["do"] == "stall":
            await asyncio.sleep(3600)
        metrics.observe("vllm:time_to_first_token_seconds", 0.2)
        for number, event in enumerate(events):
            yield event
            if step["do"] == "cut" and number == 2:
                await asyncio.sleep(0.05)  # What was sent reaches the client first.
                abort()
                await asyncio.sleep(3600)
            if step["do"] == "slow" and number == 2:
                for _ in range(int(step["seconds"] * 4)):
                    await asyncio.sleep(0.25)
                    metrics.count("vllm:generation_tokens_total", 3)
                    yield event
        metrics.count("vllm:generation_tokens_total", 20)
        metrics.count("vllm:request_success_total", finished_reason="stop")


class Abortable:
    """ASGI middleware: hands on how to end the connection without a word; uvicorn itself reports it to nobody."""

    def __init__(self, app) -> None:
        self._app = app

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http":
            scope["day_abort"] = receive.__self__.transport.abort
        await self._app(scope, receive, send)


def _events(parts: list[dict]) -> list[bytes]:
    """Return one stream whose blocks are those of all the messages: tools that are called side by side."""
    first, *others = (events_of(part) for part in parts)
    blocks = [event.replace(b'"index": 0', b'"index": %d' % n) for n, one in enumerate(others, 1) for event in one[1:4]]
    return [*first[:4], *blocks, *first[4:]]


def _words() -> str:
    return f"Answer number {next(_ANSWERS)} is complete."


def main() -> None:
    """Serve until the process is ended."""
    parser = arguments("vllm", 8000)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--served-model-name", default="Qwen3.5-27B")
    parser.add_argument("--folder", type=Path, required=True)
    for name in ("--max-model-len", "--tool-call-parser"):
        parser.add_argument(name)
    parser.add_argument("--enable-auto-tool-choice", action="store_true")
    options = parser.parse_args()
    log.started(options.served_model_name, options.port)
    server = Server(options.served_model_name, options.port, options.seed, options.speed, None)
    app = server.app()
    app.add_middleware(Scripted, server=server, script=Script(options.folder / "script.json"))
    run(Abortable(Ledger(app, options.folder / "vllm.ledger.jsonl")), options, announce=False)  # type: ignore[arg-type] # an ASGI app


if __name__ == "__main__":
    main()
