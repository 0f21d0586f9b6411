"""Read the GPUs once a second in a thread and deliver what changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.sources.gpu import messages
from stormdeck.sources.gpu.nvml import Nvml
from stormdeck.sources.gpu.reader import GpuReader


class PeriodicThread:
    """Call ``step`` in a daemon thread, and wait after each call as many seconds as it returned.

    ``stop`` returns at once, even while ``step`` is blocked in a C call. ``finish`` runs in the thread after the last
    step. A stopped thread cannot be started again.
    """

    def __init__(self, name: str, step: Callable[[], float], finish: Callable[[], None] | None = None) -> None:
        self._step = step
        self._finish = finish
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def stopped(self) -> bool:
        """Return whether ``stop`` was called."""
        return self._stopped

    @property
    def alive(self) -> bool:
        """Return whether the thread still runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start with the first step, once."""
        if self._thread.ident is None and not self._stopped:
            self._thread.start()

    def stop(self) -> None:
        """Stop without waiting for the thread."""
        self._stopped = True
        self._wake.set()

    def wake(self) -> None:
        """Run the next step now."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait(self._step())
            self._wake.clear()
        if self._finish is not None:
            self._finish()


ABSENT = frozenset({GpuState.NO_DRIVER, GpuState.NO_GPU, GpuState.NO_PERMISSION})
"""States that need user action; read again every ``ABSENT_S``."""

ABSENT_S = 60.0
FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 60.0
SILENT_S = 10.0
"""A reading that takes longer means that the driver hangs; opening idle cards may take some seconds."""

UNWATCHED = 5
"""Intervals between two readings without focus: such a pane may still be visible."""

SLOW_EVERY = 5
"""How many readings between two of the processes, the most expensive call."""


class GpuSampler:
    """Deliver a snapshot at once and then whenever the shown numbers change.

    ``on_snapshot`` is called in the sampler's thread. ``stop`` returns at once, even while the driver blocks a call,
    and nothing is delivered after it.
    """

    def __init__(
        self,
        on_snapshot: Callable[[GpuSnapshot], None],
        interval_s: float = 1.0,
        nvml: Nvml | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_snapshot = on_snapshot
        self._interval_s = interval_s
        self._clock = clock
        self._reader = GpuReader(nvml or Nvml(), interval_s)
        self._lock = threading.Lock()
        self._given: GpuSnapshot | None = None
        self._began: float | None = None
        self._looks = 0
        self._retry_s = FIRST_RETRY_S
        self._retry_at = 0.0
        self._slowly = False
        self._look = PeriodicThread("gpu", self.sample, self._reader.detach)
        self._watch = PeriodicThread("gpu-watch", self.watch)

    @property
    def alive(self) -> bool:
        """Return whether a thread still runs."""
        return self._look.alive or self._watch.alive

    def start(self) -> None:
        """Start with a reading now."""
        self._look.start()
        self._watch.start()

    def stop(self) -> None:
        """Stop without waiting for the driver."""
        self._look.stop()
        self._watch.stop()

    def set_focused(self, focused: bool) -> None:
        """Read less often without focus, and at once when it returns."""
        again, self._slowly = self._slowly and focused, not focused
        if again:
            self._look.wake()

    def sample(self) -> float:
        """Read once, deliver what changed, return the seconds until the next reading."""
        began = self._began = self._clock()
        snapshot = self._read(began)
        self._began = None
        self._give(snapshot)
        return self._wait_after(snapshot, began)

    def watch(self) -> float:
        """Deliver a snapshot when a reading hangs in the driver; return the seconds until the next check."""
        with self._lock:
            began = self._began
            if began is not None and self._clock() - began >= SILENT_S:
                state = GpuState.LOST if self._reader.answered else GpuState.FAILED
                self._give_locked(GpuSnapshot(state, messages.SILENT.format(seconds=SILENT_S)))
        return SILENT_S / 2

    def _read(self, now: float) -> GpuSnapshot:
        slow = self._looks % SLOW_EVERY == 0
        self._looks += 1
        try:
            if self._reader.ailing and now >= self._retry_at:
                self._reader.detach()
            return self._reader.read(now, slow)
        except Exception as error:
            # Without this the thread would end, and the numbers would freeze silently.
            text = messages.clean(f"{type(error).__name__}: {error}")
            return GpuSnapshot(GpuState.FAILED, messages.BROKEN.format(text=text))

    def _give(self, snapshot: GpuSnapshot) -> None:
        with self._lock:
            self._give_locked(snapshot)

    def _give_locked(self, snapshot: GpuSnapshot) -> None:
        if not self._look.stopped and snapshot != self._given:
            self._given = snapshot
            self._on_snapshot(snapshot)

    def _wait_after(self, snapshot: GpuSnapshot, began: float) -> float:
        """Return the wait after a reading, and set when to look for a lost GPU or driver again."""
        took = self._clock() - began
        interval_s = self._interval_s * (UNWATCHED if self._slowly else 1)
        rest = max(interval_s - took, self._interval_s / 2)
        if snapshot.state in ABSENT:
            return ABSENT_S
        if snapshot.state is GpuState.OK and not self._reader.ailing:
            self._retry_s, self._retry_at = FIRST_RETRY_S, 0.0
            return rest
        if began >= self._retry_at:
            self._retry_at = began + self._retry_s
            self._retry_s = min(self._retry_s * 2, LONGEST_RETRY_S)
        return rest if snapshot.state is GpuState.OK else max(self._retry_at - began - took, rest)
