"""Simulate the engine: slots, queueing and tokens, all counted in the metrics."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from stormdeck.demo.vllm.metrics import Metrics
from stormdeck.demo.vllm.replies import BLOCK, PrefixCache, Reply, compose, tokens_in

SLOTS = 4
KV_TOKENS = 262_144
TOKENS_PER_S = 60.0
STEP_TOKENS = 6
PREFILL_TOKENS_PER_S = 16_000.0
DEAD = "EngineCore encountered an issue. See stack trace (above) for the root cause."
"""What vLLM logs when its engine is dead (measured, 0.32; the same text in 0.33)."""
SAID = "The server had an error while processing your request."
"""What it tells its clients then, from 0.33 on (source); before, they got the text of the log."""


class EngineDeadError(Exception):
    """The engine is dead. The message is what the API server logs."""

    def __init__(self) -> None:
        super().__init__(DEAD)


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one request."""

    prompt: str
    max_tokens: int
    tools: bool
    tool_turns: int = 0
    """Number of tool results since the user's last prompt."""
    asked_tool: str = ""
    """The tool that the request forces, or that the user asks for by name."""


@dataclass(slots=True)
class _Clock:
    """Durations of one request, in simulated seconds."""

    queued: float = 0.0
    prefill: float = 0.0
    decode: float = 0.0


class Engine:
    """Run requests in a few slots, at the speed of one large GPU."""

    def __init__(self, metrics: Metrics, seed: int, speed: float) -> None:
        self._metrics = metrics
        self._random = random.Random(seed)  # noqa: S311
        self._speed = speed
        self._slots = asyncio.Semaphore(SLOTS)
        self._prefixes = PrefixCache(KV_TOKENS // BLOCK)
        self._running = self._waiting = self._kv_tokens = 0
        self._slowness = 1.0
        self.dead = False

    @property
    def load(self) -> tuple[int, int, float]:
        """Return the number of running and waiting requests, and the share of the KV cache in use."""
        return self._running, self._waiting, min(1.0, self._kv_tokens / KV_TOKENS)

    def kill(self) -> None:
        """Kill the engine: running and new requests fail."""
        self.dead = True

    def revive(self) -> None:
        """Start a new engine, with an empty prefix cache."""
        if self.dead:
            self._prefixes.clear()
        self.dead = False

    def slow_down(self, factor: float) -> None:
        """Make everything take ``factor`` times longer."""
        self._slowness = factor

    def begin(self, work: Work) -> tuple[Reply, AsyncIterator[str]]:
        """Return the reply, and an iterator that yields its text over time.

        Both raise ``EngineDeadError`` if the engine is dead or dies.
        """
        if self.dead:
            raise EngineDeadError
        tools = work.tools and work.tool_turns < 3
        reply = compose(self._random, work.max_tokens, tools=tools, asked_tool=work.asked_tool)
        return reply, self._run(work, reply)

    async def _run(self, work: Work, reply: Reply) -> AsyncIterator[str]:
        prompt_tokens, clock = tokens_in(work.prompt), _Clock()
        reserved = prompt_tokens + len(reply.pieces)
        await self._queue(clock)
        self._running += 1
        self._kv_tokens += reserved
        self._publish()
        try:
            await self._prefill(work, prompt_tokens, clock)
            async for piece in self._decode(reply, clock):
                yield piece
            self._finish(work, reply, prompt_tokens, clock)
        finally:
            self._running -= 1
            self._kv_tokens -= reserved
            self._slots.release()
            self._publish()

    async def _queue(self, clock: _Clock) -> None:
        arrived = time.monotonic()
        self._waiting += 1
        self._publish()
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
            self._publish()
        clock.queued = (time.monotonic() - arrived) * self._speed

    async def _prefill(self, work: Work, prompt_tokens: int, clock: _Clock) -> None:
        cached = min(self._prefixes.admit(work.prompt), prompt_tokens)
        metrics = self._metrics
        metrics.count("vllm:prefix_cache_queries_total", prompt_tokens)
        metrics.count("vllm:prefix_cache_hits_total", cached)
        metrics.count("vllm:prompt_tokens_total", prompt_tokens)
        metrics.count("vllm:prompt_tokens_cached_total", cached)
        metrics.count("vllm:prompt_tokens_by_source_total", cached, source="local_cache_hit")
        metrics.count("vllm:prompt_tokens_by_source_total", prompt_tokens - cached, source="local_compute")
        clock.prefill = 0.35 + (prompt_tokens - cached) / PREFILL_TOKENS_PER_S + self._random.uniform(0.0, 0.35)
        clock.prefill *= self._slowness
        await self._pass(clock.prefill)
        metrics.observe("vllm:time_to_first_token_seconds", clock.queued + clock.prefill)

    async def _decode(self, reply: Reply, clock: _Clock) -> AsyncIterator[str]:
        for start in range(0, len(reply.pieces), STEP_TOKENS):
            pieces = reply.pieces[start : start + STEP_TOKENS]
            took = len(pieces) / TOKENS_PER_S * self._slowness * self._random.uniform(0.9, 1.1)
            await self._pass(took)
            clock.decode += took
            self._metrics.count("vllm:generation_tokens_total", len(pieces))
            self._metrics.observe("vllm:inter_token_latency_seconds", took / len(pieces), len(pieces))
            self._metrics.observe("vllm:iteration_tokens_total", float(self._running), len(pieces))
            yield "".join(pieces)

    def _finish(self, work: Work, reply: Reply, prompt_tokens: int, clock: _Clock) -> None:
        metrics, tokens = self._metrics, len(reply.pieces)
        metrics.count("vllm:request_success_total", finished_reason="length" if reply.cut else "stop")
        metrics.observe("vllm:request_prompt_tokens", prompt_tokens)
        metrics.observe("vllm:request_generation_tokens", tokens)
        metrics.observe("vllm:request_params_max_tokens", work.max_tokens)
        metrics.observe("vllm:request_time_per_output_token_seconds", clock.decode / tokens)
        metrics.observe("vllm:e2e_request_latency_seconds", clock.queued + clock.prefill + clock.decode)
        metrics.observe("vllm:request_queue_time_seconds", clock.queued)
        metrics.observe("vllm:request_inference_time_seconds", clock.prefill + clock.decode)
        metrics.observe("vllm:request_prefill_time_seconds", clock.prefill)
        metrics.observe("vllm:request_decode_time_seconds", clock.decode)

    async def _pass(self, seconds: float) -> None:
        """Wait for simulated seconds. Raises ``EngineDeadError`` if the engine dies meanwhile."""
        left = seconds
        while left > 0 and not self.dead:
            await asyncio.sleep(min(left, 0.1) / self._speed)
            left -= 0.1
        if self.dead:
            raise EngineDeadError

    def _publish(self) -> None:
        running, waiting, share = self.load
        self._metrics.gauge("vllm:num_requests_running", running)
        self._metrics.gauge("vllm:num_requests_waiting", waiting)
        self._metrics.gauge("vllm:num_requests_waiting_by_reason", waiting, reason="capacity")
        self._metrics.gauge("vllm:kv_cache_usage_perc", share)
