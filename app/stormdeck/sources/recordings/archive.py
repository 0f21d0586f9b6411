"""Read finished recordings and logs: their lines in batches, in time order."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

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
LogPart = LogSpec | None
"""A file, another place, or ``None`` for standard input."""
TimedBatch = tuple[float, int, LogBatch]
T = TypeVar("T", bound=tuple[object, ...])


def merged(streams: Iterable[Iterator[T]]) -> Iterator[T]:
    """Merge streams of tuples by their time and the place of their log.

    However the logs are divided among the streams, the order is the same.
    """
    return heapq.merge(*streams, key=itemgetter(0, 1))


class Archive:
    """Read finished files once, from start to end.

    A recording has the arrival time of each line; lines of a plain log are history and have only their own times.
    Rotated files come before their successors. Several logs are merged by time; one without times comes first.
    """

    def __init__(
        self, files: Sequence[str], local_time: LocalTime | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.local_time = local_time
        self._now = clock()
        self._logs = _logs(files)
        self._places = {name: at for at, name in enumerate(self._logs)}
        """The place of each log in the order in which they were named."""
        self._problems: dict[str, list[str]] = {}
        self.damaged = 0
        """Invalid lines of recordings, which were skipped."""
        self.read = 0
        """Number of files that were read, standard input included."""

    @property
    def problems(self) -> list[str]:
        """Return what could not be read and why, in the order of the logs; complete after the last batch."""
        return [one for name in self._places for one in self._problems.get(name, ())]

    @property
    def logs(self) -> Mapping[str, tuple[LogPart, ...]]:
        """Return the files of each log, oldest first, by its name."""
        return self._logs

    def part(self, names: Collection[str]) -> Archive:
        """Return an archive of some of these logs, which reads them as this one does."""
        one = copy(self)
        one._logs = {name: parts for name, parts in self._logs.items() if name in names}
        one._problems = {}
        return one

    def add(self, read: Archive) -> None:
        """Take what was noted while a part of this archive was read."""
        self._problems |= read._problems
        self.damaged += read.damaged
        self.read += read.read

    def note(self, name: str, problem: str) -> None:
        """Note a problem of a log."""
        self._problems.setdefault(name, []).append(problem)

    def batches(self) -> Iterator[LogBatch]:
        """Yield all lines; can be iterated once."""
        if len(self._logs) == 1:
            [(name, paths)] = self._logs.items()
            return chain.from_iterable(self._file(path, name) for path in paths)
        return map(itemgetter(2), self.timed())

    def timed(self) -> Iterator[TimedBatch]:
        """Yield all lines with the time and the place of their log by which they are merged."""
        return merged([self._placed(name, paths) for name, paths in self._logs.items()])

    def _placed(self, name: str, paths: Sequence[LogPart]) -> Iterator[TimedBatch]:
        at = self._places[name]
        return ((t, at, batch) for t, batch in self._timed(name, paths))

    def heads(self) -> Iterator[tuple[str, list[str], float]]:
        """Yield the first lines of each log and when they are read, where there are several logs that are files."""
        for name, paths in self._logs.items() if len(self._places) > 1 else ():
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

    def is_recorded(self, name: str) -> bool:
        """Return whether a file of a log is a recording."""
        for path in self._logs[name]:
            with suppress(OSError, ValueError):
                if isinstance(path, Path) and path.is_file() and is_recording(_head(read_chunks(path), LOOKED_AT)):
                    return True
        return False

    def _timed(self, name: str, paths: Sequence[LogPart]) -> Iterator[tuple[float, LogBatch]]:
        """Yield the batches of one log with times to merge by, which never decrease."""
        clock = _Clock(self.local_time, self._now)
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

    def _file(self, path: LogPart, name: str) -> Iterator[LogBatch]:
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
            self.note(name, clean(str(error)))
        except (OSError, ValueError) as error:
            self.note(name, _words(path, error))

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


def _head(source: Iterator[list[str]], least: int = HEAD_LINES) -> list[str]:
    """Return the first lines of a log: a server prints much before its first request."""
    head: list[str] = []
    while len(head) < least and (piece := next(source, None)) is not None:
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


def _logs(files: Sequence[str]) -> dict[str, tuple[LogPart, ...]]:
    """Return the files of each log, oldest first, by a name for it; ``None`` is standard input.

    A bundle's folder means the recording in it. A file that is named twice, in whatever way, or by itself and as the
    predecessor of another, is read once.
    """
    chains = {file: _parts(file) for file in dict.fromkeys(files)}
    known = {identity(path) for parts in chains.values() for path in parts[:-1] if path is not None}
    logs: dict[str, tuple[LogPart, ...]] = {}
    for file, parts in chains.items():
        last = parts[-1] or STDIN
        if (same := identity(last)) not in known:
            known.add(same)
            logs[last.name if last.name not in logs else file] = parts
    return logs


def _parts(file: str) -> tuple[LogPart, ...]:
    """Return the files of a log, oldest first; or the place that it is read from."""
    log = parse_log(file)
    if isinstance(log, StandardInput):
        return (None,)
    return with_predecessors(recording_in(log)) if isinstance(log, Path) else (log,)


def _words(path: LogPart, error: Exception) -> str:
    """Return which file could not be read and why."""
    name = str(path) if path is not None else _STDIN_NAME
    why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return clean(f"{name} cannot be read: {why[:1].lower()}{why[1:]}")
