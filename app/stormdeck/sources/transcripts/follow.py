"""Follow the transcripts of all sessions while their clients write them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from stormdeck.model.retries.transcript import Entry
from stormdeck.sources.logs.tail import Obstacle, Tail, open_log
from stormdeck.sources.transcripts.read import EntrySplitter, transcript_files

HISTORY_BYTES = 1024 * 1024
"""How much of the end of a recent transcript is read first."""
HISTORY_S = 3600.0
"""A transcript unchanged for longer than this is opened only when it changes."""
MOST_FOLLOWED = 64
"""Most transcripts that are followed at a time, the last changed ones."""
SCAN_S = 2.0
"""Shortest time between two scans for new or changed files."""
SCAN_SHARE = 100
"""Scans take at most one part in so many of the time: with many thousands of files they become rarer."""


class TranscriptFollower:
    """Follow every transcript in or below a folder, in one thread, and deliver its entries.

    ``on_entries`` is called in that thread with the entries of one file at a time, in order. Files, and the folder
    itself, may appear later. Between two scans only recently changed files are checked.
    """

    def __init__(
        self,
        folder: Path,
        on_entries: Callable[[tuple[Entry, ...]], None],
        interval_s: float = 0.2,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._on_entries = on_entries
        self._interval_s = interval_s
        self._clock = clock
        self._stopped = threading.Event()
        self._open: dict[Path, _File] = {}
        self._sizes: dict[Path, int] = {}
        self._scan_at = 0.0

    def start(self) -> None:
        """Start; the ends of recent transcripts come first."""
        threading.Thread(target=self._run, name="follow transcripts", daemon=True).start()

    def stop(self) -> None:
        """Stop. Returns at once; a running call is finished."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._poll()
                # With no file open there is nothing to read before the next scan.
                idle_s = 0.0 if self._open else self._scan_at - time.monotonic()
                self._stopped.wait(max(self._interval_s, idle_s))
        finally:
            for file in self._open.values():
                file.close()

    def _poll(self) -> None:
        begun = time.monotonic()
        if begun >= self._scan_at:
            self._scan()
            took = time.monotonic() - begun
            self._scan_at = begun + max(SCAN_S, SCAN_SHARE * took)
        for path, file in list(self._open.items()):
            if self._stopped.is_set():
                return
            try:
                file.read_on(self._deliver)
            except OSError:
                self._drop(path)

    def _scan(self) -> None:
        """Find files to follow: new ones, and those that changed since the last scan."""
        sizes: dict[Path, int] = {}
        due: list[tuple[float, Path, int]] = []
        for path, state in transcript_files(self._folder):
            sizes[path] = state.st_size
            before = self._sizes.get(path)
            is_recent = state.st_mtime >= self._clock() - HISTORY_S
            if path not in self._open and ((before is None and is_recent) or before not in {None, state.st_size}):
                due.append((state.st_mtime, path, _start(before, state)))
        for path in [path for path in self._open if path not in sizes]:
            self._drop(path)
        self._sizes = sizes
        for _, path, start in sorted(due)[-MOST_FOLLOWED:]:
            self._follow(path, start)

    def _follow(self, path: Path, start: int) -> None:
        opened = open_log(path)
        if isinstance(opened, Obstacle):
            return
        while len(self._open) >= MOST_FOLLOWED:
            self._drop(min(self._open, key=lambda other: self._open[other].moved_at))
        self._open[path] = _File(opened, start)

    def _drop(self, path: Path) -> None:
        self._open.pop(path).close()

    def _deliver(self, entries: list[Entry]) -> None:
        if entries and not self._stopped.is_set():
            self._on_entries(tuple(entries))


class _File:
    """One transcript that is being followed."""

    def __init__(self, descriptor: int, start: int) -> None:
        self._tail = Tail(descriptor)
        self._lines = EntrySplitter()
        self.moved_at = time.monotonic()
        if start:
            # One byte more, so that a line that begins right there is complete.
            self._tail.seek(start - 1)
            self._lines.skip_line()

    def read_on(self, deliver: Callable[[list[Entry]], None]) -> None:
        """Deliver what was appended."""
        if self._tail.refresh():
            self._lines.forget()
        while self._tail.behind > 0:
            data = self._tail.read()
            if data is None:
                self._lines.forget()
            elif data:
                self.moved_at = time.monotonic()
                deliver(self._lines.split(data))
            else:
                return

    def close(self) -> None:
        """Close the file."""
        self._tail.close()


def _start(known_size: int | None, state: os.stat_result) -> int:
    """Return where to start: where a known file ended before, else near its end."""
    if known_size is not None:
        return known_size if known_size <= state.st_size else 0
    return max(0, state.st_size - HISTORY_BYTES)
