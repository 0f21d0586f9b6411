"""Read finished recordings and logs: their lines in batches, in time order."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.logs.requests.access_reader import AccessReader
from stormdeck.model.logs.spec import STDIN, LogSpec, StandardInput, parse_log
from stormdeck.model.text import clean
from stormdeck.sources.logs.places.delivery import WHOLE
from stormdeck.sources.logs.places.opening import UnreadError, read_once
from stormdeck.sources.logs.same_file import identity
from stormdeck.sources.recordings.entry import LOOKED_AT, is_recording, read_recorded
from stormdeck.sources.recordings.files import read_chunks, with_predecessors
from stormdeck.sources.recordings.tape import recording_in

HELD = 4
"""Most chunks kept to distinguish a recording from a log; a file that begins with more blank lines is a log."""
HEAD_LINES = 5000
"""Lines of a log that tell what it is, where there are several."""
_STDIN_NAME = "standard input"
_Part = LogSpec | None
"""A file, another place, or ``None`` for standard input."""
_Timed = tuple[float, LogBatch]


class Archive:
    """Read finished files once, from start to end.

    A recording has the arrival time of each line; lines of a plain log are history and have only their own times.
    Rotated files come before their successors. Several logs are merged by time; one without times comes first.
    """

    def __init__(
        self, files: Sequence[str], local_time: LocalTime | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._local_time = local_time
        self._now = clock()
        self._logs = _logs(files)
        self.problems: list[str] = []
        """What could not be read and why, one sentence each; complete after the last batch."""
        self.damaged = 0
        """Invalid lines of recordings, which were skipped."""
        self.read = 0
        """Number of files that were read, standard input included."""

    def batches(self) -> Iterator[LogBatch]:
        """Yield all lines; can be iterated once."""
        if len(self._logs) == 1:
            [(name, paths)] = self._logs.items()
            return chain.from_iterable(self._file(path, name) for path in paths)
        streams = [self._timed(name, paths) for name, paths in self._logs.items()]
        return map(itemgetter(1), heapq.merge(*streams, key=itemgetter(0)))

    def heads(self) -> Iterator[tuple[str, list[str], float]]:
        """Yield the first lines of each log and when they are read, where there are several logs that are files."""
        for name, paths in self._logs.items() if len(self._logs) > 1 else ():
            first = paths[0]
            if not isinstance(first, Path):
                continue
            try:
                # A pipe can be read once only.
                lines = _head(read_chunks(first)) if first.is_file() else []
            except (OSError, ValueError):
                continue  # noted when the log is read
            if is_recording(lines):
                lines = [recorded.line for recorded in read_recorded(lines) if recorded is not None]
            yield name, lines, self._now

    def _timed(self, name: str, paths: Sequence[_Part]) -> Iterator[_Timed]:
        """Yield the batches of one log with times to merge by, which never decrease."""
        clock = _Clock(self._local_time, self._now)
        for batch in chain.from_iterable(self._file(path, name) for path in paths):
            if not batch.history:
                yield clock.at(batch.arrived), batch
                continue
            if batch.times:
                for index, at in enumerate(batch.times):
                    yield clock.at(at if at is not None else float("-inf")), batch.part(index, index + 1)
                continue
            for at, lines in groupby(batch.lines, clock.read):
                yield at, replace(batch, lines=tuple(lines))

    def _file(self, path: _Part, name: str) -> Iterator[LogBatch]:
        """Yield the batches of one file or place; an error is noted in ``problems``."""
        try:
            if not isinstance(path, Path | None):
                for batch in read_once(path, WHOLE):
                    yield replace(batch, log=name)
                self.read += 1
                return
            source = read_chunks(path)
            first = _first(source)
            self.read += 1
            everything = chain(first, source)
            if is_recording(line for lines in first for line in lines):
                yield from self._recorded(everything, name)
            else:
                yield from (LogBatch(name, tuple(lines), self._now, history=True) for lines in everything)
        except UnreadError as error:
            self.problems.append(clean(str(error)))
        except (OSError, ValueError) as error:
            self.problems.append(_words(path, error))

    def _recorded(self, source: Iterable[list[str]], name: str) -> Iterator[LogBatch]:
        """Yield a recording's lines, with those of one time in one batch."""
        for lines in source:
            whole = []
            for text, recorded in zip(lines, read_recorded(lines), strict=True):
                if recorded is not None:
                    whole.append(recorded)
                elif text.strip("\ufeff \t"):
                    self.damaged += 1
            for (t, log), group in groupby(whole, itemgetter(0, 2)):
                yield LogBatch(log or name, tuple(recorded.line for recorded in group), t, history=False)


class _Clock:
    """Keep the latest time of a log's lines."""

    def __init__(self, local_time: LocalTime | None, now: float) -> None:
        self._requests = AccessReader(local_time)
        self._now = now
        self._latest = float("-inf")

    def at(self, t: float) -> float:
        """Take the time of a line; a time in the future is a wrong clock's and ignored."""
        if self._latest < t <= self._now:
            self._latest = t
        return self._latest

    def read(self, line: str) -> float:
        """Take a line's own time, where it has one."""
        access = self._requests.read(line, self._now) if "HTTP/" in line or '"reqId":' in line else None
        return self.at(access.time) if access is not None and access.time is not None else self._latest


def _head(source: Iterator[list[str]]) -> list[str]:
    """Return the first lines of a log: a server prints much before its first request."""
    head: list[str] = []
    while len(head) < HEAD_LINES and (piece := next(source, None)) is not None:
        head += piece
    return head


def _first(source: Iterator[list[str]]) -> list[list[str]]:
    """Return the first chunks: enough lines to distinguish a recording from a log."""
    first: list[list[str]] = []
    seen = 0
    while seen < LOOKED_AT and len(first) < HELD and (piece := next(source, None)) is not None:
        first.append(piece)
        seen += sum(1 for line in piece if line.strip())
    return first


def _logs(files: Sequence[str]) -> dict[str, tuple[_Part, ...]]:
    """Return the files of each log, oldest first, by a name for it; ``None`` is standard input.

    A bundle's folder means the recording in it. A file that is named twice, in whatever way, or by itself and as the
    predecessor of another, is read once.
    """
    chains = {file: _parts(file) for file in dict.fromkeys(files)}
    known = {identity(path) for parts in chains.values() for path in parts[:-1] if path is not None}
    logs: dict[str, tuple[_Part, ...]] = {}
    for file, parts in chains.items():
        last = parts[-1] or STDIN
        if (same := identity(last)) not in known:
            known.add(same)
            logs[last.name if last.name not in logs else file] = parts
    return logs


def _parts(file: str) -> tuple[_Part, ...]:
    """Return the files of a log, oldest first; or the place that it is read from."""
    log = parse_log(file)
    if isinstance(log, StandardInput):
        return (None,)
    return with_predecessors(recording_in(log)) if isinstance(log, Path) else (log,)


def _words(path: _Part, error: Exception) -> str:
    """Return which file could not be read and why."""
    name = str(path) if path is not None else _STDIN_NAME
    why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return clean(f"{name} cannot be read: {why[:1].lower()}{why[1:]}")
