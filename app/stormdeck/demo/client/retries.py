"""Send one main request until it is answered or the client gives up."""

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
"""2.1.329 clamps to it."""
FINAL = frozenset({403, 413})
"""One request, and the turn has failed."""
STRIPPED_SENDS = 6
"""A 400 is sent so often, features stripped in turn, unless experimental betas are off."""


def wait_s(retry: int, luck: float) -> float:
    """Return the seconds before a retry, counted from 1; ``luck`` from 0 to 1 is the jitter."""
    return float(min(FIRST_WAIT_S * 2 ** (retry - 1), LONGEST_WAIT_S)) * (1 + JITTER * luck)


def retries_allowed(setting: str | None) -> int:
    """Return what ``CLAUDE_CODE_MAX_RETRIES`` comes to in 2.1.329: nonsense is ignored, too much is cut."""
    text = (setting or "").strip()
    return min(int(text), MOST_RETRIES) if text.isascii() and text.isdigit() else DEFAULT_RETRIES


Send = Callable[[dict[str, Any]], Awaitable[Result]]
Pause = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Attempts:
    """The client's patience. ``pause`` waits for simulated seconds."""

    rng: random.Random
    pause: Pause = asyncio.sleep

    async def run(self, send: Send, body: dict[str, Any], settings: ClientSettings) -> Result:
        """Return the answer, or the last failure.

        A 404 on a stream is sent once more at once, without streaming, and is final then; a 400 is sent six
        times in half a second unless experimental betas are off; what is left is retried on the ladder.
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
