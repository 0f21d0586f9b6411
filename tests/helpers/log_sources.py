"""Keep what a followed log delivers, and run the stand-ins of programs that show logs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.snapshots.containers import ContainerFacts
from stormdeck.sources.logs.places.delivery import LIVE, Span
from stormdeck.sources.logs.places.opening import source_of
from stormdeck.sources.logs.places.source import Receiver
from waiting import until


class Seen:
    """Keeps what a source delivers."""

    def __init__(self) -> None:
        self.batches: list[LogBatch] = []
        self.statuses: list[LogStatus] = []
        self.facts: list[ContainerFacts] = []

    @property
    def lines(self) -> list[str]:
        return [line for batch in self.batches for line in batch.lines]

    @property
    def past(self) -> list[str]:
        return [line for batch in self.batches if batch.history for line in batch.lines]

    def has(self, count: int) -> bool:
        """Return whether so many lines came."""
        return len(self.lines) >= count

    def awaits(self, *lines: str) -> None:
        until(lambda: len(self.lines) >= len(lines), lambda: f"{self.lines} {self.statuses}")
        assert self.lines == list(lines)

    def says(self, state: LogState, words: str = "") -> None:
        until(
            lambda: self.statuses and self.statuses[-1].state is state and words in self.statuses[-1].detail,
            lambda: str(self.statuses),
        )


@contextmanager
def following(spec: LogSpec, span: Span = LIVE) -> Iterator[Seen]:
    """Follow a log; at the end no thread of it may be left."""
    seen = Seen()
    one = source_of(spec, Receiver(seen.batches.append, seen.statuses.append, seen.facts.append), span=span)
    one.start()
    try:
        yield seen
    finally:
        one.stop()
        until(lambda: f"follow {one.name}" not in {thread.name for thread in threading.enumerate()}, "a thread is left")


def program(folder: Path, name: str, text: str) -> None:
    """Write a program into a folder."""
    file = folder / name
    file.write_text(text)
    file.chmod(0o755)
