"""Send several requests to a slow server at once: waiting for each in turn costs more than extra connections."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from stormdeck.sources.net.failure import Failure
from stormdeck.sources.net.http import Answer

FAR_MS = 200.0
"""An answer as slow as this comes from a distant or busy server."""


class SideBySide:
    """Requests that were sent ahead, by path. Those whose answers are not taken are cancelled at the end."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Task[Answer | Failure]] = {}

    def start(self, path: str, question: Coroutine[Any, Any, Answer | Failure]) -> None:
        """Send now, and keep the answer for ``take``."""
        if path in self._asked:
            question.close()
            return
        self._asked[path] = asyncio.ensure_future(question)

    async def take(self, path: str) -> Answer | Failure | None:
        """Return the answer to a request that was sent ahead, ``None`` where there was none."""
        asked = self._asked.pop(path, None)
        return await asked if asked is not None else None

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(self, *exc: object) -> None:
        for asked in self._asked.values():
            asked.cancel()
        self._asked.clear()
