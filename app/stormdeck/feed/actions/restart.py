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
        note: Callable[[Restart, float, Ended | None], None] | None = None,
    ) -> None:
        """``note`` is called when a command has ended, with its start; ``None`` stands for the user who stopped it."""
        self._book = book
        self._on_lines = on_lines
        self._search = search
        self._clock = clock
        self._note = note
        self.is_running = False

    async def run(self, restart: Restart, deliver: Callable[[str], None]) -> Ended:
        """Run the command and return how it ended. Cancel the task to stop it."""
        from stormdeck.sources.processes.run import run_program

        self._record(f"{restart.title}: {restart.command} was started")
        started, self.is_running = self._clock(), True
        ended: Ended | None = None
        try:
            ended = await run_program(restart.argv, deliver)
        finally:
            self.is_running = False
            words = ended.words if ended is not None else "was stopped before it ended"
            self._record(f"{restart.title}: {restart.command} {words}")
            if self._note is not None:
                self._note(restart, started, ended)
            self._search()
        return ended

    def _record(self, text: str) -> None:
        self._book.add(LOG, [text], self._clock())
        self._on_lines()
