"""Publish the panel's status in a file, so that status bars need not poll the servers themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from stormdeck.feed.polling import align_to_second
from stormdeck.model.deck import Deck
from stormdeck.model.status.document import bar_of, is_complete, status_json
from stormdeck.model.verdict.ranking import statements
from stormdeck.model.verdict.statement import Statement
from stormdeck.options import Options
from stormdeck.options.declared import only_by_file, stack_options
from stormdeck.paths import UserPaths
from stormdeck.sources.state.panel_status import HEARTBEAT_S, project_files, stamp
from stormdeck.sources.state.panel_status_writer import Publication

PACE_S = 1.0
"""Seconds between two checks for a change: a storm reaches a status bar a second after it reaches the screen."""
_BASE_URL = "ANTHROPIC_BASE_URL"
Judged = tuple[Deck, float, tuple[Statement, ...]]
"""What was judged, when, and the statements about it."""


class Publisher:
    """Write the status when a bar would change, figures every few seconds, else only touch the file."""

    def __init__(
        self,
        options: Options,
        paths: UserPaths,
        deck: Callable[[], Deck],
        judged: Callable[[], Judged] | None = None,
    ) -> None:
        """``judged`` returns the panel's own statements: those about the same deck are not made again."""
        self._options = options
        self._paths = paths
        self._deck = deck
        self._judged = judged
        self._publication = Publication(paths.panels)
        self._named = stack_options(options)
        self._file = stamp(str(paths.config))
        self._task: asyncio.Task[None] | None = None
        self._bar: dict[str, object] = {}
        self._published: dict[str, object] = {}
        self._due = 0.0
        self._last_deck: Deck | None = None
        self._check_at = 0.0

    def start(self) -> None:
        """Start publishing and return at once."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop, and remove the published file."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._publication.close)

    async def _run(self) -> None:
        await asyncio.to_thread(self._publication.clear)
        while True:
            await self.publish(time.time(), time.monotonic())
            await asyncio.sleep(align_to_second(PACE_S))

    async def publish(self, now: float, monotonic: float) -> None:
        """Publish the status if it has changed."""
        deck = self._deck()
        if not is_complete(deck) or (deck is self._last_deck and monotonic < self._check_at):
            return
        # Without new snapshots only ages can change, and bars read every few seconds anyway.
        self._last_deck, self._check_at = deck, monotonic + HEARTBEAT_S
        verdicts = self._statements(deck, now)
        bar = bar_of(deck, verdicts).as_json()
        if bar == self._bar and monotonic < self._due:
            return
        content = self._content(deck, verdicts, bar)
        if content == self._published:
            done = await asyncio.to_thread(self._publication.touch)
        else:
            done = await asyncio.to_thread(self._publication.write, content)
        self._bar, self._published = (bar, content) if done else ({}, {})
        self._due = monotonic + HEARTBEAT_S

    def _statements(self, deck: Deck, now: float) -> tuple[Statement, ...]:
        """Return the statements: the panel's, if they are about this deck and less than a second old."""
        known = self._judged() if self._judged is not None else None
        if known is not None and known[0] is deck and known[2] and 0 <= now - known[1] < PACE_S:
            return known[2]
        return statements(deck, now, _minute)

    def _content(self, deck: Deck, verdicts: tuple[Statement, ...], bar: dict[str, object]) -> dict[str, object]:
        url = deck.settings.text(f"env.{_BASE_URL}")
        shell_url = deck.settings.shell.get(_BASE_URL)
        return {
            "watches": {
                "claude": str(self._paths.claude),
                "named": self._named,
                "only_file": only_by_file(self._options),
                "file": self._file,
                "files": project_files(str(self._paths.project), str(self._paths.claude)),
                "url": _storable(url),
                "shell_url": _storable(shell_url),
            },
            "ascii": self._options.ascii,
            "bar": bar,
            "status": status_json(deck, verdicts),
        }


def _storable(url: str | None) -> str | None:
    """Return a URL that may be written to disk; one with a password or a query becomes ``""``, which matches none."""
    return "" if url is not None and ("@" in url or "?" in url) else url


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M")  # noqa: DTZ006 - the user's local time
