"""Feeds that a test gives to a panel in place of the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.canary.check import Check
from stormdeck.model.canary.plan import Plan
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.deck import Deck
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.paths import user_paths
from stormdeck.sources.settings.read import read_settings
from stormdeck.sources.settings.write import Refused, write_settings

if TYPE_CHECKING:
    from stormdeck.ui.app import StormdeckApp
    from stormdeck.ui.feed_protocol import Source


class QuietFeed:
    """A feed that hands on nothing and keeps the calls that it got."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")

    def search(self) -> None:
        self.calls.append("search")

    def attention(self, given: bool) -> None:
        self.calls.append(f"attention {given}")

    def plan_canary(self, deck: Deck) -> Plan | None:
        return None

    async def run_canary(self, plan: Plan, hand: Callable[[Check], None]) -> CanaryReport:
        return CanaryReport(())

    async def trust(self, folder: str, origin: str) -> str:
        return ""

    async def save(self, file: SettingsFile, text: str) -> str:
        return ""


class FileFeed(QuietFeed):
    """Reads and writes real settings files as the feed does, without servers and logs."""

    def __init__(self, app: StormdeckApp, home: Path) -> None:
        super().__init__()
        self.app, self.paths = app, user_paths({}, home, home / "project")

    def start(self) -> None:
        self.app.hand(read_settings(self.paths, {}))

    async def save(self, file: SettingsFile, text: str) -> str:
        outcome = await asyncio.to_thread(write_settings, file.path, text, file.digest, self.paths.backups)
        self.start()
        return outcome.detail if isinstance(outcome, Refused) else ""


if TYPE_CHECKING:
    _is_a_feed: type[Source] = QuietFeed  # mypy fails where the panel asks for more than this has
