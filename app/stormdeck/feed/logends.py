"""What the ends of the followed logs tell: how a server's life ended, and what it wrote last."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.endings import Ending, ending
from stormdeck.model.logs.tails import LogTails


class LogEnds:
    """Keeps one line and one word of each log."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._endings: dict[str, Ending | None] = {}

    def take(self, batch: LogBatch) -> None:
        """Take the lines that came."""
        if batch.lines:
            self._last[batch.log] = batch.lines[-1]
            self._endings[batch.log] = ending(batch.lines, self._endings.get(batch.log))

    def tails(self, paths: Mapping[str, Path], *, last_lines: bool) -> LogTails:
        """Return what is known of the logs of these names; their last lines only where somebody reads them."""
        return LogTails(
            {str(path): self._last[name] for name, path in paths.items() if last_lines and name in self._last},
            {str(path): end for name, path in paths.items() if (end := self._endings.get(name)) is not None},
        )
