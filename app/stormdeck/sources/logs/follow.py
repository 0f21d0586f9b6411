"""Follow a log file: first its end, then what is appended, through rotation and deletion."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.model.units import amount
from stormdeck.sources.logs.splitter import LONGEST_LINE, LineSplitter
from stormdeck.sources.logs.tail import READ_BYTES, Obstacle, Tail, obstacle, open_log

HISTORY_BYTES = 1024 * 1024
MOST_BEHIND = 64 * 1024 * 1024
"""Most unread bytes; above that, only the end is read and the rest is reported as dropped."""
_FLOOD_BYTES = 256 * 1024
_FLOOD_INTERVAL_S = 0.05
_TOO_MUCH_BYTES = 2 * 1024 * 1024
"""Unread bytes that take longer than ``_ANALYSE_S`` to analyse, if each is of a request: 20,000 a second (measured)."""
_ANALYSE_S = 0.5
"""How long so much is analysed before the rest of it is only shown: the screen stays less than two seconds behind."""
"""Pause after a poll that read ``_FLOOD_BYTES``."""
_QUIET_S = 3.0
_QUIET_INTERVAL_S = 0.5
_HOLD_S = 1.0
"""After this time a line without a line end is delivered: a prompt, a progress bar."""
_DELETED_S = 10.0
"""How long a deleted file is still read; then it is closed, which frees its disk space."""


class Follower:
    """Follow one file in a thread and deliver its lines in batches.

    ``on_batch`` and ``on_status`` are called in that thread, one call at a time. Nothing is read while ``on_batch``
    runs, so a slow receiver is never flooded. ``on_status`` is called when the status changes. Rotation, truncation,
    deletion, lost permission, a folder or a pipe in the file's place: none of them ends it.

    >>> follower = Follower(Path("vllm.log"), on_batch=lambda batch: print(*batch.lines), on_status=print)
    >>> follower.start()
    """

    def __init__(
        self,
        path: Path,
        on_batch: Callable[[LogBatch], None],
        on_status: Callable[[LogStatus], None],
        interval_s: float = 0.25,
        history_bytes: int = HISTORY_BYTES,
        clock: Callable[[], float] = time.time,
        name: str = "",
    ) -> None:
        self._path = path
        self.name = name or path.name
        self._on_batch = on_batch
        self._on_status = on_status
        self._interval_s = interval_s
        self._history_bytes = history_bytes
        self._clock = clock
        self._stopped = threading.Event()
        self._lines = LineSplitter()
        self._tail: Tail | None = None
        self._last_status: LogStatus | None = None
        self._skipped = 0
        self._read_bytes = 0
        """Bytes read in the last poll."""
        self._missing = False
        self._history_end = 0
        """Where the bytes end that the file had before it was followed."""
        self._resume: tuple[tuple[int, int], int] | None = None
        self._moved_at = 0.0
        self._called_at: float | None = None
        self._polled_at = clock()
        """When the poll before this one began."""

    @property
    def silent_s(self) -> float:
        """Return for how many seconds a call to the file system has been hanging; 0 while there is none."""
        called_at = self._called_at
        return 0.0 if called_at is None else time.monotonic() - called_at

    def start(self) -> None:
        """Start; the first batch is the end of the file."""
        threading.Thread(target=self._run, name=f"follow {self.name}", daemon=True).start()

    def stop(self) -> None:
        """Stop. Returns at once; a running call is finished."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._poll()
                self._stopped.wait(self._pause())
        finally:
            self._close()

    def _poll(self) -> None:
        began = self._clock()
        self._called_at = time.monotonic()
        try:
            if (tail := self._tail) is None:
                self._open()
            else:
                # Checked before the read, so that everything written before a rotation is read.
                replaced = tail.replaced(self._path)
                self._read_on(tail)
                self._check_name(tail, replaced)
        except OSError as error:
            if self._tail is not None:
                self._resume = (self._tail.identity, self._tail.position)
            self._close()
            self._report(*obstacle(self._path, error))
        finally:
            self._called_at = None
            self._polled_at = began

    def _pause(self) -> float:
        if self._read_bytes >= _FLOOD_BYTES:
            return min(self._interval_s, _FLOOD_INTERVAL_S)
        now = time.monotonic()
        quiet = self._tail is None or now - self._moved_at > _QUIET_S
        interval_s = max(self._interval_s, _QUIET_INTERVAL_S) if quiet else self._interval_s
        # Aligned, so that what several logs show is counted and painted at once, with what is asked once a second.
        return interval_s - now % interval_s

    def _open(self) -> None:
        opened = open_log(self._path)
        if isinstance(opened, Obstacle):
            self._missing = self._missing or opened.state is LogState.WAITING
            self._report(*opened)
            return
        tail = self._tail = Tail(opened)
        self._moved_at = time.monotonic()
        self._report(LogState.FOLLOWING)
        before, self._resume = self._resume, None
        if before and before[0] == tail.identity:
            tail.seek(before[1])
        else:
            self._lines.forget()
            self._history_end = 0 if self._missing else tail.size
            self._go_to_history(tail)
        self._read_history(tail)
        self._read_on(tail)

    def _go_to_history(self, tail: Tail) -> None:
        start = max(0, self._history_end - self._history_bytes)
        # One byte more, so that a line that begins right there is complete.
        if start:
            tail.seek(start - 1)
            self._lines.skip_line()

    def _read_history(self, tail: Tail) -> None:
        """Deliver the end of a file that existed before, or what a failed read left of it."""
        while (left := self._history_end - tail.position) > 0 and not self._stopped.is_set():
            if not (data := tail.read(left)):
                break
            self._deliver(self._lines.split(data), history=True)
            self._lines.dropped = 0
        self._history_end = 0

    def _read_on(self, tail: Tail) -> None:
        """Deliver all that was appended."""
        if tail.refresh():
            self._restart()
        if tail.behind > MOST_BEHIND:
            self._skip(tail)
        self._read_bytes = tail.behind
        until = time.monotonic() + _ANALYSE_S if tail.behind >= _TOO_MUCH_BYTES else None
        while tail.behind > 0 and not self._stopped.is_set():
            data = tail.read()
            if data is None:
                self._restart()
            elif data:
                self._moved_at = time.monotonic()
                self._deliver(self._lines.split(data), until=until)
            else:
                break
        if self._lines.holds and time.monotonic() - self._moved_at > _HOLD_S:
            self._deliver(self._lines.flush())

    def _skip(self, tail: Tail) -> None:
        start = tail.size - READ_BYTES
        self._deliver(self._lines.flush())
        self._skipped += start - tail.position
        tail.seek(start)
        self._lines.skip_line()

    def _restart(self) -> None:
        self._deliver(self._lines.flush())
        self._lines.forget()

    def _check_name(self, tail: Tail, replaced: bool | None) -> None:
        """Switch to the file that has the name now, or report that there is none."""
        if replaced:
            self._deliver(self._lines.flush())
            self._close()
            self._open()
        elif replaced is False:
            self._report(LogState.FOLLOWING)
        elif not tail.unlinked:
            self._report(LogState.FOLLOWING, f"{self._path} was renamed; its server still writes to it")
        else:
            if time.monotonic() - self._moved_at > _DELETED_S:
                self._close()
            self._report(LogState.WAITING, f"{self._path} was deleted; it is read once it is back")

    def _close(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None
            self._read_bytes = 0
            self._missing = True

    def _deliver(self, lines: list[str], *, history: bool = False, until: float | None = None) -> None:
        if lines and not self._stopped.is_set():
            self._called_at = None
            arrived = self._arrived()
            since = None if history else min(self._polled_at, arrived)
            self._on_batch(LogBatch(self.name, tuple(lines), arrived, history, since, analyse_until=until))
            self._called_at = time.monotonic()

    def _arrived(self) -> float:
        """Return when the newest line was written, by the file's time: a busy machine reads it much later.

        Limited to the last poll, in case the drive's clock is wrong or somebody set the file's time.
        """
        now = self._clock()
        return now if self._tail is None else min(now, max(self._polled_at, self._tail.written_at))

    def _report(self, state: LogState, detail: str = "") -> None:
        dropped = self._skipped + self._lines.dropped
        if state is LogState.FOLLOWING and dropped:
            detail = detail or self._describe_dropped()
        last = self._last_status
        if last is not None and (last.state, last.detail, last.dropped) == (state, detail, dropped):
            return
        size = self._tail.size if self._tail is not None else 0
        self._last_status = LogStatus(self.name, self._path, state, detail, size, dropped)
        if not self._stopped.is_set():
            self._on_status(self._last_status)

    def _describe_dropped(self) -> str:
        """Describe how much of the file was not delivered, and why."""
        parts = [f"{amount(self._skipped)} skipped, it grew faster than it can be read"] if self._skipped else []
        cut = self._lines.dropped
        parts += [f"{amount(cut)} cut off lines longer than {LONGEST_LINE // 1024} KiB"] if cut else []
        return f"{self._path}: {'; '.join(parts)}"
