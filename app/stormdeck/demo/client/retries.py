"""Retry a main request like Claude Code, until it is answered or the client gives up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from stormdeck.demo.client.settings import ClientSettings
from stormdeck.demo.client.wire import Result

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 32.0
JITTER = 0.25
DEFAULT_RETRIES = 10
MOST_RETRIES = 15
"""Upper limit of 2.1.329."""
FINAL = frozenset({403, 413})
"""Statuses that are not retried."""
STRIPPED_SENDS = 6
"""Attempts after a 400, with features stripped one by one, unless experimental betas are off."""


def wait_s(retry: int, luck: float) -> float:
    """Return the seconds before a retry, counted from 1; ``luck`` from 0 to 1 scales the jitter."""
    return float(min(FIRST_WAIT_S * 2 ** (retry - 1), LONGEST_WAIT_S)) * (1 + JITTER * luck)


def retries_allowed(setting: str | None) -> int:
    """Return the retries for ``CLAUDE_CODE_MAX_RETRIES`` in 2.1.329: invalid values are ignored, large ones capped."""
    text = (setting or "").strip()
    return min(int(text), MOST_RETRIES) if text.isascii() and text.isdigit() else DEFAULT_RETRIES


Send = Callable[[dict[str, Any]], Awaitable[Result]]
Pause = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How the client retries. ``pause`` waits for simulated seconds."""

    rng: random.Random
    pause: Pause = asyncio.sleep

    async def run(self, send: Send, body: dict[str, Any], settings: ClientSettings) -> Result:
        """Return the answer, or the last failure.

        A 404 to a streaming request is sent once more without streaming, and is then final. A 400 is sent six times in
        half a second, unless experimental betas are off. Other failures are retried with exponential back-off.
        """
        retries = retries_allowed(settings.env.get("CLAUDE_CODE_MAX_RETRIES"))
        result = await send(body)
        if result.status == 404:
            body = body | {"stream": False}
            result = await send(body)
        for retry in range(1, retries + 1):
            if result.content is not None or result.status in FINAL or result.status == 404:
                return result
            if result.status == 400:
                return await self._strip(send, body, settings)
            await self.pause(wait_s(retry, self.rng.random()))
            result = await send(body)
        return result

    async def _strip(self, send: Send, body: dict[str, Any], settings: ClientSettings) -> Result:
        result = Result(400)
        if settings.switched_on("CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"):
            return result
        for _ in range(STRIPPED_SENDS - 1):
            await self.pause(0.08)
            result = await send(body)
            if result.status != 400:
                break
        return result
