"""Feeds that a test gives to a panel in place of the real one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, cast

from stormdeck.feed.actions.profiles import ProfilesFeed
from stormdeck.feed.protocol import PanelFeed
from stormdeck.feed.settings import SettingsFeed
from stormdeck.model.settings.backup import Backup
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.paths import user_paths
from stormdeck.sources.settings.backups import read_backups
from stormdeck.sources.settings.read import read_settings
from stormdeck.sources.settings.write import Refused, write_settings

if TYPE_CHECKING:
    from stormdeck.ui.app import StormdeckApp


class QuietFeed(PanelFeed):
    """A feed that delivers nothing and keeps the calls that it got."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")

    def search(self) -> None:
        self.calls.append("search")

    def set_focused(self, focused: bool) -> None:
        self.calls.append(f"focused {focused}")


class FileFeed(QuietFeed):
    """Reads and writes real settings files as the feed does, without servers and logs."""

    def __init__(self, app: StormdeckApp, home: Path) -> None:
        super().__init__()
        self.app, self.paths = app, user_paths({}, home, home / "project")
        self.settings = cast("SettingsFeed", self)
        self.profiles = ProfilesFeed(self.paths)

    def start(self) -> None:
        self.app.deliver(read_settings(self.paths, {}))

    async def save(self, file: SettingsFile, text: str) -> str:
        outcome = await asyncio.to_thread(write_settings, file.path, text, file.digest, self.paths.backups)
        self.start()
        return outcome.detail if isinstance(outcome, Refused) else ""

    async def backups(self, file: SettingsFile) -> tuple[Backup, ...] | None:
        return await asyncio.to_thread(read_backups, file.path, self.paths.backups)
