"""Split the lines of one log by the servers that its prefixes name: compose and pods write several into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.logs.prefixes.prefix_reader import Bare, PrefixReader
from stormdeck.model.traffic.log_reader import LogReader

MOST_SERVERS = 64
"""Names that are kept apart; all others are read as one."""


class Part(NamedTuple):
    """The lines of one server in a batch."""

    hop: str
    """The log and the server's name in it."""
    reader: LogReader
    batch: LogBatch
    bare: Bare
    indices: Sequence[int] | None = None
    """Where its lines stand in the whole batch; ``None``: it is the whole batch."""

    def place(self, at: int) -> int:
        """Return where a line of this part stands in the whole batch."""
        return at if self.indices is None else self.indices[at]


class LogServers:
    """Reads one log, which may have the lines of several servers."""

    def __init__(self, local_time: LocalTime | None = None) -> None:
        self._local_time = local_time
        self._prefixes = PrefixReader(local_time)
        self._readers: dict[str, LogReader] = {}

    def parts(self, batch: LogBatch) -> list[Part]:
        """Return the lines of each server."""
        bare = self._prefixes.read(batch)
        names = dict.fromkeys(bare.names) if bare.names is not None else {}
        if len(names) <= 1:
            name = next(iter(names), "")
            return [Part(_hop(batch.log, name), self._reader(name), batch, bare)]
        by_name: dict[str, list[int]] = {}
        for index, name in enumerate(bare.names or ()):
            by_name.setdefault(name, []).append(index)
        return [self._part(batch, bare, name, indices) for name, indices in by_name.items()]

    def _part(self, batch: LogBatch, bare: Bare, name: str, indices: Sequence[int]) -> Part:
        lines = tuple(batch.lines[index] for index in indices)
        texts = [bare.texts[index] for index in indices]
        times = [bare.times[index] for index in indices] if bare.times is not None else None
        own = LogBatch(batch.log, lines, batch.arrived, batch.history, batch.since)
        return Part(_hop(batch.log, name), self._reader(name), own, Bare(texts, times), indices)

    def _reader(self, name: str) -> LogReader:
        reader = self._readers.get(name)
        if reader is None:
            if len(self._readers) >= MOST_SERVERS:
                name = next(reversed(self._readers))
                return self._readers[name]
            reader = self._readers[name] = LogReader(self._local_time, self._prefixes)
        return reader


def _hop(log: str, name: str) -> str:
    return f"{log}\n{name}" if name else log
