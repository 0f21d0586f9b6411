"""Read a batch of lines as far as no other log matters for it, so that logs can be read side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.traffic.hops import MOST_SEARCHED, SEARCHED
from stormdeck.model.traffic.log_reader import ReadLines
from stormdeck.model.traffic.log_servers import LogServers, Part


class ReadPart(NamedTuple):
    """What the lines of one server in a batch contain."""

    hop: str
    """The log and the server's name in it."""
    texts: Sequence[str]
    """Its lines without prefixes, by which its kind is recognised."""
    lines: ReadLines
    indices: Sequence[int] | None = None
    """Where its lines stand in the whole batch; ``None``: it is the whole batch."""

    def place(self, at: int) -> int:
        """Return where a line of this part stands in the whole batch."""
        return at if self.indices is None else self.indices[at]


class ReadBatch(NamedTuple):
    """What a batch of lines contains."""

    log: str
    arrived: float
    history: bool
    parts: Sequence[ReadPart]


class BatchReader:
    """Reads the batches of any number of logs. Keeps what it needs to know of each from batch to batch."""

    def __init__(self, local_time: LocalTime | None = None) -> None:
        self._local_time = local_time
        self._logs: dict[str, LogServers] = {}

    def parts(self, batch: LogBatch) -> list[Part]:
        """Return the lines of each server in a batch."""
        servers = self._logs.get(batch.log)
        if servers is None:
            servers = self._logs[batch.log] = LogServers(self._local_time)
        return servers.parts(batch)

    def read(self, batch: LogBatch) -> ReadBatch:
        """Return what a batch contains."""
        parts = [
            ReadPart(part.hop, part.bare.texts, part.reader.read(part.batch, part.bare), part.indices)
            for part in self.parts(batch)
        ]
        return ReadBatch(batch.log, batch.arrived, batch.history, parts)


_NOTHING = ReadLines([], Counter(), [], 0, [], Counter())


class Trimmer:
    """Drops what the analyzer makes no use of, before batches go from one process to another."""

    def __init__(self) -> None:
        self._searched: Counter[str] = Counter()

    def trim(self, read: ReadBatch) -> ReadBatch:
        """Return a batch without the lines that are not searched for the kind of a server."""
        return read._replace(parts=[self._part(part) for part in read.parts])

    def _part(self, part: ReadPart) -> ReadPart:
        texts: Sequence[str] = ()
        if self._searched[part.hop] < MOST_SEARCHED:
            self._searched[part.hop] += len(part.texts)
            texts = [text[:SEARCHED] for text in part.texts]
        lines = part.lines
        if lines == _NOTHING:
            lines = _NOTHING
        elif len(lines.unread) > 1:
            # They are counted, and the first is shown.
            lines = lines._replace(unread=(lines.unread[0], *[""] * (len(lines.unread) - 1)))
        return ReadPart(part.hop, texts, lines, part.indices)
