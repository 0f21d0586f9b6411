"""Run the command that restarts a server, once the user has agreed to it, and record it in the log view."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from stormdeck.model.logs.book import LogBook

if TYPE_CHECKING:
    from stormdeck.model.restart import Restart
    from stormdeck.sources.processes.run import Ended

LOG = "stormdeck"
"""The name of the log that these lines are shown in."""


class RestartFeed:
    """Runs one command at a time."""

    def __init__(
        self,
        book: LogBook,
        on_lines: Callable[[], None],
        search: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._book = book
        self._on_lines = on_lines
        self._search = search
        self._clock = clock
        self.is_running = False

    async def run(self, restart: Restart, deliver: Callable[[str], None]) -> Ended:
        """Run the command and return how it ended. Cancel the task to stop it."""
        from stormdeck.sources.processes.run import run_program

        self._record(f"{restart.title}: {restart.command} was started")
        words, self.is_running = "was stopped before it ended", True
        try:
            ended = await run_program(restart.argv, deliver)
            words = ended.words
        finally:
            self.is_running = False
            self._record(f"{restart.title}: {restart.command} {words}")
            self._search()
        return ended

    def _record(self, text: str) -> None:
        self._book.add(LOG, [text], self._clock())
        self._on_lines()
