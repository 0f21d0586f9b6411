"""The demo's own script, servers and client, driven in simulated time: what a panel says at each second of a scene.

The applications answer in this process, without sockets; time goes by only in the client's pauses.
"""

import asyncio
import io
import json
import random
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from types import SimpleNamespace

import httpx
import pytest

from samples import FOUND, GPUS, NOW, PROXY, VLLM, settings
from stormdeck.demo.client.retries import RetryPolicy
from stormdeck.demo.client.settings import ClientSettings
from stormdeck.demo.client.wire import Result
from stormdeck.demo.litellm import upstream
from stormdeck.demo.litellm.app import Proxy
from stormdeck.demo.litellm.upstream import Deployment
from stormdeck.demo.scenario import SCRIPT, Fault
from stormdeck.demo.scratch import MODEL, Scratch
from stormdeck.demo.vllm import app as vllm_app
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.request_path import path
from stormdeck.model.retries.backoff import attempt_limit
from stormdeck.model.snapshots.server import ServedModel, ServerState
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.verdict.ranking import statements
from stormdeck.sources.litellm_yaml import read_proxy_config

POLL_S = 2.0
SERVICE_S = 0.1
TURN_EVERY_S = 5.0
URL = "http://demo/v1/messages?beta=true"


@dataclass(frozen=True)
class Said:
    """What the panel says at one second."""

    scene: int
    """The index in the script; -1 for the seconds after it."""
    fault: Fault
    """What is wrong at this moment, as the script has it."""
    attempts: int
    """Of the turn that goes on, or of the last one, as the client has counted them."""
    statement: object
    lights: dict


class Demo:
    """A panel beside the demo; ``play`` runs the script once. What the servers write goes to ``out`` and ``err``."""

    def __init__(self, folder, monkeypatch, out, err):
        self.t, self.scene, self.fault = NOW, 0, Fault.NONE
        self._ends = self._polled = 0.0
        self._streams, self.said, self.attempts = (out, err), [], 0
        for module in (upstream, vllm_app):
            clock = SimpleNamespace(monotonic=lambda: self.t, time=lambda: self.t)
            monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(upstream, "asyncio", SimpleNamespace(sleep=self._wait))
        self._vllm = vllm_app.Server(MODEL, 8000)
        self._vllm.engine._speed = 1e6
        deployment = Deployment(MODEL, "http://vllm/v1/chat/completions")
        transport = httpx.ASGITransport(self._vllm.app())
        deployment._client = httpx.AsyncClient(transport=transport, event_hooks={"response": [self._note_behind]})
        self._health = httpx.AsyncClient(transport=transport)
        self._proxy = httpx.AsyncClient(transport=httpx.ASGITransport(Proxy(MODEL, "", deployment).app()))
        scratch = Scratch(folder / "demo")
        scratch.fill("http://127.0.0.1:8000", "http://127.0.0.1:4000")
        text = scratch.settings.read_text()
        self._settings = ClientSettings(json.loads(text)["env"], "sonnet")
        self._meter = TrafficMeter()
        self._meter.set_primary("litellm.log")
        self._meter.set_limit(attempt_limit(self._settings.env["CLAUDE_CODE_MAX_RETRIES"]))
        self._behind = []
        self._deck = Deck(client_version="2.1.329", version_given=True)
        for snapshot in (
            settings(text),
            FOUND,
            GPUS,
            replace(PROXY, models=(MODEL,)),
            read_proxy_config(scratch.config),
        ):
            self._deck = take(self._deck, snapshot)

    async def play(self):
        """Play the script, and a minute more; return what was said at each second."""
        await self._look()
        for self.scene, part in enumerate(SCRIPT):
            self._ends = self.t + part.seconds
            self._set(part.fault)
            if part.calm or part.fault is Fault.SLOW:
                while self.t < self._ends:
                    await self._turn()
                    await self._wait(min(TURN_EVERY_S, self._ends - self.t))
            else:
                await self._turn()
                await self._wait(max(0.0, self._ends - self.t))
        self.scene = -1
        await self._wait(60.0)
        return self.said

    async def _turn(self):
        self.attempts = 0
        body = {"model": self._settings.main_model, "max_tokens": 64, "stream": True}
        body["messages"] = [{"role": "user", "content": "Why does the test fail?"}]
        attempts = RetryPolicy(random.Random(7), self._wait)  # noqa: S311 - the jitter of a simulated client
        await attempts.run(self._send, body, self._settings)

    async def _send(self, body):
        await self._wait(SERVICE_S)
        answer = await self._proxy.post(URL, json=body)
        self.attempts += 1
        out, err = map(_emptied, self._streams)
        behind = [f'INFO:     127.0.0.1:50000 - "POST /v1/chat/completions HTTP/1.1" {one} X' for one in self._behind]
        self._behind.clear()
        access = f'INFO:     127.0.0.1:40000 - "POST /v1/messages?beta=true HTTP/1.1" {answer.status_code} X'
        self._meter.take(LogBatch("vllm.log", (*out.splitlines(), *behind), self.t, history=False))
        self._meter.take(LogBatch("litellm.log", (*err.splitlines(), access), self.t, history=False))
        return Result(answer.status_code, () if answer.status_code == 200 else None)

    async def _note_behind(self, response):
        self._behind.append(response.status_code)

    def _set(self, fault):
        if fault is not self.fault:
            self.fault = fault
            self._vllm._set_fault(fault)

    async def _wait(self, seconds):
        """Let time go by; a fault ends in the middle of it, and the panel looks once a second."""
        end = self.t + seconds
        while self.t < end:
            second = float(int(self.t) + 1)
            self.t = min(end, second)
            if self.fault is not Fault.NONE and self.t >= self._ends:
                self._set(Fault.NONE)
            if self.t == second:
                await self._look()

    async def _look(self):
        if self.t - self._polled >= POLL_S:
            self._polled = self.t
            await self._poll()
        self._deck = take(self._deck, self._meter.snapshot(self.t))
        first = statements(self._deck, self.t, lambda at: f"{at:.0f}")[0]
        lights = {hop.kind.value: hop.health for hop in path(self._deck)}
        self.said.append(Said(self.scene, self.fault, self.attempts, first, lights))

    async def _poll(self):
        health = await self._health.get("http://vllm/health")
        listed = (await self._health.get("http://vllm/v1/models")).json()["data"]
        state = ServerState.UP if health.status_code == 200 else ServerState.DEGRADED
        detail = "" if state is ServerState.UP else "/health says 503: the engine is dead; restart vLLM"
        models = tuple(ServedModel(one["id"], one["max_model_len"]) for one in listed)
        now = replace(VLLM, state=state, detail=detail, models=models, seen=self.t, started=int(NOW) - 900)
        self._deck = take(self._deck, now)


def _emptied(stream):
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def play(folder):
    """Return what a panel says beside the whole script, second by second."""
    out, err = io.StringIO(), io.StringIO()

    async def scene(patch):
        return await Demo(folder, patch, out, err).play()

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        return asyncio.run(scene(patch))
