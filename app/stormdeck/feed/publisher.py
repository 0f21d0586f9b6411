"""Publishes what the panel says, so that status bars need not ask the servers themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from stormdeck.feed.polling import on_the_second
from stormdeck.model.deck import Deck
from stormdeck.model.status.document import bar_of, is_complete, status_json
from stormdeck.model.verdict.ranking import statements
from stormdeck.model.verdict.statement import Statement
from stormdeck.options import Options
from stormdeck.options.declared import named, only_by_file
from stormdeck.paths import UserPaths
from stormdeck.sources.state.panel_status import HEARTBEAT_S, project_files, stamp
from stormdeck.sources.state.panel_status_writer import Publication

PACE_S = 1.0
"""Seconds between two looks at what the panel says: a storm is in a status bar a second after it is on the screen."""
_BASE_URL = "ANTHROPIC_BASE_URL"


class Publisher:
    """Writes when what a bar shows has changed, figures every few seconds, and else gives a sign of life."""

    def __init__(self, options: Options, paths: UserPaths, deck: Callable[[], Deck]) -> None:
        self._options = options
        self._paths = paths
        self._deck = deck
        self._publication = Publication(paths.panels)
        self._named = named(options)
        self._file = stamp(str(paths.config))
        self._task: asyncio.Task[None] | None = None
        self._bar: dict[str, object] = {}
        self._told: dict[str, object] = {}
        self._due = 0.0
        self._seen: Deck | None = None
        self._look_again = 0.0

    def start(self) -> None:
        """Begin; returns at once."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End, and take back what was published."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._publication.close)

    async def _run(self) -> None:
        await asyncio.to_thread(self._publication.clear)
        while True:
            await self.tell(time.time(), time.monotonic())
            await asyncio.sleep(on_the_second(PACE_S))

    async def tell(self, now: float, passed: float) -> None:
        """Publish what has changed; ``passed`` are the seconds of a clock that is never set."""
        deck = self._deck()
        if not is_complete(deck) or (deck is self._seen and passed < self._look_again):
            return
        # While nothing has come only ages can be others, and bars ask every few seconds themselves.
        self._seen, self._look_again = deck, passed + HEARTBEAT_S
        said = statements(deck, now, _minute)
        bar = bar_of(deck, said).as_json()
        if bar == self._bar and passed < self._due:
            return
        told = self._content(deck, said, bar)
        if told == self._told:
            done = await asyncio.to_thread(self._publication.touch)
        else:
            done = await asyncio.to_thread(self._publication.write, told)
        self._bar, self._told = (bar, told) if done else ({}, {})
        self._due = passed + HEARTBEAT_S

    def _content(self, deck: Deck, said: tuple[Statement, ...], bar: dict[str, object]) -> dict[str, object]:
        url = deck.settings.text(f"env.{_BASE_URL}")
        shell_url = deck.settings.shell.get(_BASE_URL)
        return {
            "watches": {
                "claude": str(self._paths.claude),
                "named": self._named,
                "only_file": only_by_file(self._options),
                "file": self._file,
                "files": project_files(str(self._paths.project), str(self._paths.claude)),
                "url": _open(url),
                "shell_url": _open(shell_url),
            },
            "ascii": self._options.ascii,
            "bar": bar,
            "status": status_json(deck, said),
        }


def _open(url: str | None) -> str | None:
    """Return an address that may be written down; one with a password or a query is left out and equals no other."""
    return "" if url is not None and ("@" in url or "?" in url) else url


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M")  # noqa: DTZ006 - the user's own clock is meant
