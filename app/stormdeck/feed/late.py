"""Parts that are imported when they start: the first screen is painted before the sources are loaded."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from stormdeck.model.settings.scope import SettingsFile

if TYPE_CHECKING:
    from stormdeck.feed.feed import Feed  # noqa: F401 - named below
    from stormdeck.feed.publisher import Publisher  # noqa: F401 - named below
    from stormdeck.model.canary.check import Check
    from stormdeck.model.canary.plan import Plan
    from stormdeck.model.canary.summary import CanaryReport
    from stormdeck.model.deck import Deck

_LOADING = "The sources are still being loaded."


class Part(Protocol):
    """What can be started and stopped."""

    def start(self) -> None:
        """Begin; returns at once."""

    async def stop(self) -> None:
        """End it."""


Loaded = TypeVar("Loaded", bound=Part)


class _Late(Generic[Loaded]):
    """Stands for a part that ``make`` returns; its module is imported in a thread, so that keys work meanwhile."""

    MODULE: ClassVar[str]

    def __init__(self, make: Callable[[], Loaded]) -> None:
        self._make = make
        self._part: Loaded | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to load; returns at once."""
        self._task = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        await asyncio.to_thread(importlib.import_module, self.MODULE)
        self._part = self._make()
        self._part.start()

    async def stop(self) -> None:
        """End it, or its loading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._part is not None:
            await self._part.stop()


class LatePublisher(_Late["Publisher"]):
    """Stands for a publisher."""

    MODULE = "stormdeck.feed.publisher"


class LateFeed(_Late["Feed"]):
    """Stands for a feed."""

    MODULE = "stormdeck.feed.feed"

    def search(self) -> None:
        """Look for servers and logs again."""
        if self._part is not None:
            self._part.search()

    def attention(self, given: bool) -> None:
        """Say whether anybody looks."""
        if self._part is not None:
            self._part.attention(given)

    def plan_canary(self, deck: Deck) -> Plan | None:
        """Return what a canary would send, ``None`` while the sources are being loaded."""
        return self._part.plan_canary(deck) if self._part is not None else None

    async def run_canary(self, plan: Plan, hand: Callable[[Check], None]) -> CanaryReport:
        """Send a canary; cancel the task to stop it."""
        if self._part is None:
            raise RuntimeError("a plan comes from a feed that runs")
        return await self._part.run_canary(plan, hand)

    async def trust(self, folder: str, origin: str) -> str:
        """Keep that the user trusts a folder with a server; return why not, or nothing when it is kept."""
        return await self._part.trust(folder, origin) if self._part is not None else _LOADING

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a settings file; return why not, or nothing when it is written."""
        return await self._part.save(file, text) if self._part is not None else _LOADING
