"""A feed that is imported when it starts: the first screen is painted before the sources are loaded."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from stormdeck.model.settings.scope import SettingsFile

if TYPE_CHECKING:
    from stormdeck.feed.feed import Feed
    from stormdeck.feed.publisher import Publisher
    from stormdeck.model.canary.check import Check
    from stormdeck.model.canary.plan import Plan
    from stormdeck.model.canary.summary import CanaryReport
    from stormdeck.model.deck import Deck


class LateFeed:
    """Stands for a feed that ``make`` returns; its modules are imported in a thread, so that keys work meanwhile."""

    def __init__(self, make: Callable[[], Feed]) -> None:
        self._make = make
        self._feed: Feed | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to load; returns at once."""
        self._task = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        await asyncio.to_thread(importlib.import_module, "stormdeck.feed.feed")
        self._feed = self._make()
        self._feed.start()

    async def stop(self) -> None:
        """End the feed, or its loading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._feed is not None:
            await self._feed.stop()

    def search(self) -> None:
        """Look for servers and logs again."""
        if self._feed is not None:
            self._feed.search()

    def attention(self, given: bool) -> None:
        """Say whether anybody looks."""
        if self._feed is not None:
            self._feed.attention(given)

    def plan_canary(self, deck: Deck) -> Plan | None:
        """Return what a canary would send, ``None`` while the sources are being loaded."""
        return self._feed.plan_canary(deck) if self._feed is not None else None

    async def run_canary(self, plan: Plan, hand: Callable[[Check], None]) -> CanaryReport:
        """Send a canary; cancel the task to stop it."""
        if self._feed is None:
            raise RuntimeError("a plan comes from a feed that runs")
        return await self._feed.run_canary(plan, hand)

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a settings file; return why not, or nothing when it is written."""
        return await self._feed.save(file, text) if self._feed is not None else "The sources are still being loaded."


class LatePublisher:
    """Stands for a publisher that ``make`` returns, in the same way."""

    def __init__(self, make: Callable[[], Publisher]) -> None:
        self._make = make
        self._publisher: Publisher | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to load; returns at once."""
        self._task = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        await asyncio.to_thread(importlib.import_module, "stormdeck.feed.publisher")
        self._publisher = self._make()
        self._publisher.start()

    async def stop(self) -> None:
        """End it, and take back what was published."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._publisher is not None:
            await self._publisher.stop()
