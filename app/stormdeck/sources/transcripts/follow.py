"""Following the transcripts of all sessions while their clients write them."""

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
"""Of a transcript that was written to lately, this much of its end is read."""
HISTORY_S = 3600.0
"""A transcript that was not written to for longer than this is not opened until it is."""
MOST_FOLLOWED = 64
"""Transcripts that are followed at once, those written to last."""
SCAN_S = 2.0
"""Shortest time between two looks for new files, and for old ones that are written to again."""
SCAN_SHARE = 100
"""A look for files may take this share of the time: with many thousands of them it comes less often."""


class TranscriptFollower:
    """Follows every transcript in or below a folder, in one thread, and hands on what their lines tell.

    ``hand`` is called in that thread with the entries of one session's file at a time, in their order. Files may
    appear later, and so may the folder. Between two looks for files only those written to lately are asked for their
    size.
    """

    def __init__(
        self,
        folder: Path,
        hand: Callable[[tuple[Entry, ...]], None],
        interval_s: float = 0.2,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._hand = hand
        self._interval_s = interval_s
        self._clock = clock
        self._stopped = threading.Event()
        self._open: dict[Path, _File] = {}
        self._sizes: dict[Path, int] = {}
        self._scan_at = 0.0

    def start(self) -> None:
        """Begin; what stands at the end of recent transcripts comes first."""
        threading.Thread(target=self._run, name="follow transcripts", daemon=True).start()

    def stop(self) -> None:
        """End; returns at once, a call that runs is finished."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._poll()
                # With nothing open there is nothing to read before the next look for files.
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
                file.read_on(self._give)
            except OSError:
                self._drop(path)

    def _scan(self) -> None:
        """Look for files to follow: new ones, and those that were written to since the last look."""
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

    def _give(self, entries: list[Entry]) -> None:
        if entries and not self._stopped.is_set():
            self._hand(tuple(entries))


class _File:
    """One transcript, read on as it grows."""

    def __init__(self, descriptor: int, start: int) -> None:
        self._tail = Tail(descriptor)
        self._lines = EntrySplitter()
        self.moved_at = time.monotonic()
        if start:
            # One byte more: a line that begins right there is whole.
            self._tail.seek(start - 1)
            self._lines.skip_line()

    def read_on(self, give: Callable[[list[Entry]], None]) -> None:
        """Hand on what was appended."""
        if self._tail.look():
            self._lines.forget()
        while self._tail.behind > 0:
            data = self._tail.read()
            if data is None:
                self._lines.forget()
            elif data:
                self.moved_at = time.monotonic()
                give(self._lines.split(data))
            else:
                return

    def close(self) -> None:
        """Give the file back."""
        self._tail.close()


def _start(known_size: int | None, state: os.stat_result) -> int:
    """Return where to begin: where an old file ended before, else not too far from the end."""
    if known_size is not None:
        return known_size if known_size <= state.st_size else 0
    return max(0, state.st_size - HISTORY_BYTES)
