"""Read many finished logs in processes side by side, in the order in which one process would."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.read_batch import BatchReader, ReadBatch, Trimmer
from stormdeck.sources.recordings.archive import Archive, LogPart, merged

WORTH_BYTES = 8 * 1024 * 1024
"""Least text for which further processes are started: one takes 0.3 s until it reads (measured)."""
_PACKED = 10
"""How many times larger the text of a gzip file is, roughly."""
_AT_ONCE = 2048
"""Batches, requests and lines that are handed over together."""
AHEAD_BYTES = 32 * 1024 * 1024
"""How far a process reads ahead: logs without times are counted one after the other."""
_PATIENCE_S = 5.0
"""How long a process may take to end after it was told to."""

TimedRead = tuple[float, int, ReadBatch]


class _Worker(NamedTuple):
    process: BaseProcess
    connection: Connection
    names: tuple[str, ...]


class _End(NamedTuple):
    """The last thing that a process hands over: what it noted."""

    archive: Archive


def usual_jobs(archive: Archive) -> int:
    """Return how many processes are worth their start for these logs; 1 is this process alone."""
    sizes = [_size(parts) for parts in archive.logs.values()]
    if sum(map(bool, sizes)) < 2 or sum(sizes) < WORTH_BYTES:
        return 1
    return min(len(os.sched_getaffinity(0)), sum(map(bool, sizes)))


class SideBySide:
    """The logs of an archive, read by several processes. Use it as a context: no process is left.

    Each process has some of the logs, reads as far as no other log matters, and not further ahead than
    ``AHEAD_BYTES``, so that memory is bounded. What is no plain file is read here, and recordings leave all to this
    process: several of them may hold lines of the same log.
    """

    def __init__(self, archive: Archive, jobs: int) -> None:
        """``jobs``: how many processes to start."""
        self._archive = archive
        self._workers: list[_Worker] = []
        self._rest: Archive = archive
        self._reader = BatchReader(archive.local_time)
        sizes = {name: size for name, parts in archive.logs.items() if (size := _size(parts))}
        if min(jobs, len(sizes)) > 1 and not any(map(archive.is_recorded, sizes)):
            self._start(_shares(sizes, jobs))

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.process.join(_PATIENCE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self._workers = []

    def heads(self) -> list[ReadBatch]:
        """Return the first lines of each log, in the order of the logs, where there are several."""
        heads = list(_heads(self._rest))
        for worker in self._workers:
            with suppress(EOFError, OSError):
                heads += worker.connection.recv()
        order = {name: at for at, name in enumerate(self._archive.logs)}
        return sorted(heads, key=lambda head: order[head.log])

    def reads(self) -> Iterator[ReadBatch]:
        """Yield what the lines contain, merged by time."""
        if not self._workers:
            yield from map(self._reader.read, self._archive.batches())
            return
        here = ((t, at, self._reader.read(batch)) for t, at, batch in self._rest.timed())
        for _, _, read in merged([*map(self._received, self._workers), here]):
            yield read
        self._archive.add(self._rest)

    def _start(self, shares: Iterable[Sequence[str]]) -> None:
        context = multiprocessing.get_context("spawn")
        for names in shares:
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(self._archive.part(names), theirs), daemon=True)
            try:
                process.start()
            except OSError:
                ours.close()
                break
            finally:
                theirs.close()
            self._workers.append(_Worker(process, ours, tuple(names)))
        taken = {name for worker in self._workers for name in worker.names}
        if taken:
            self._rest = self._archive.part([name for name in self._archive.logs if name not in taken])

    def _received(self, worker: _Worker) -> Iterator[TimedRead]:
        """Yield what a process hands over; one that ended early leaves a problem for each of its logs."""
        try:
            while not isinstance(chunk := worker.connection.recv(), _End):
                yield from chunk
        except (EOFError, OSError):
            for name in worker.names:
                why = "the process that read it ended early, so not all of it is counted; try again with --jobs 1"
                self._archive.note(name, f"{name}: {why}")
            return
        self._archive.add(chunk.archive)


class _Outbox:
    """Hands chunks over in a thread, so that a process reads ahead while its pipe is full."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._is_closed = False
        """The other side is gone, or everything was put."""
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._send, name="outbox", daemon=True)
        self._thread.start()

    def put(self, chunk: object) -> bool:
        """Add a chunk, waiting for room; return whether the other side is still there."""
        data = bytes(ForkingPickler.dumps(chunk))
        with self._changed:
            self._changed.wait_for(lambda: self._held < AHEAD_BYTES or self._is_closed)
            self._chunks.append(data)
            self._held += len(data)
            self._changed.notify_all()
            return not self._is_closed

    def finish(self) -> None:
        """Wait until everything is handed over."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._chunks or self._is_closed)
                if not self._chunks:
                    return
                data = self._chunks.popleft()
            try:
                self._connection.send_bytes(data)
            except OSError:
                with self._changed:
                    self._is_closed = True
                    self._chunks.clear()
                    self._changed.notify_all()
                return
            with self._changed:
                self._held -= len(data)
                self._changed.notify_all()


def _work(archive: Archive, connection: Connection) -> None:
    """Read some logs and hand them over: the body of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    reader, trimmer, outbox = BatchReader(archive.local_time), Trimmer(), _Outbox(connection)
    outbox.put(list(_heads(archive)))
    chunk: list[TimedRead] = []
    weight = 0
    for t, at, batch in archive.timed():
        read = trimmer.trim(reader.read(batch))
        chunk.append((t, at, read))
        weight += 1 + sum(len(part.texts) + len(part.lines.events) + len(part.lines.unread) for part in read.parts)
        if weight >= _AT_ONCE:
            if not outbox.put(chunk):
                return
            chunk, weight = [], 0
    outbox.put(chunk)
    outbox.put(_End(archive))
    outbox.finish()


def _heads(archive: Archive) -> Iterator[ReadBatch]:
    for name, lines, arrived in archive.heads():
        head = LogBatch(name, tuple(lines), arrived, history=True)
        yield Trimmer().trim(BatchReader(archive.local_time).read(head))


def _size(parts: Sequence[LogPart]) -> int:
    """Return how much text the files of a log have, roughly; 0 where one is no regular file."""
    sizes = [_text_size(part) for part in parts]
    return sum(sizes) if all(sizes) else 0


def _text_size(part: LogPart) -> int:
    try:
        if not isinstance(part, Path) or not part.is_file():
            return 0
        return 1 + part.stat().st_size * (_PACKED if part.suffix == ".gz" else 1)
    except (OSError, ValueError):
        return 0


def _shares(sizes: Mapping[str, int], jobs: int) -> list[list[str]]:
    """Divide logs among processes, so that each has about as much to read.

    >>> _shares({"a": 9, "b": 5, "c": 4}, 2)
    [['a'], ['b', 'c']]
    """
    shares: list[list[str]] = [[] for _ in range(min(jobs, len(sizes)))]
    loads = [0] * len(shares)
    for name, size in sorted(sizes.items(), key=lambda one: -one[1]):
        least = loads.index(min(loads))
        shares[least].append(name)
        loads[least] += size
    return shares
