"""Ask a slow server several questions at once: there, waiting for each answer in turn costs more than connections."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from stormdeck.sources.net.failure import Failure
from stormdeck.sources.net.http import Answer

FAR_MS = 200.0
"""An answer that takes as long comes from far away, or from a busy server."""


class SideBySide:
    """Questions that were asked ahead, by path. Those whose answers nobody takes are given up at the end."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Task[Answer | Failure]] = {}

    def start(self, path: str, question: Coroutine[Any, Any, Answer | Failure]) -> None:
        """Ask now, and keep the answer for ``take``."""
        if path in self._asked:
            question.close()
            return
        self._asked[path] = asyncio.ensure_future(question)

    async def take(self, path: str) -> Answer | Failure | None:
        """Return the answer to a question that was asked ahead, ``None`` where it was not."""
        asked = self._asked.pop(path, None)
        return await asked if asked is not None else None

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(self, *exc: object) -> None:
        for asked in self._asked.values():
            asked.cancel()
        self._asked.clear()
