"""Follow a log in a thread of its own: open it, deliver its lines, say why it ended, and open it again later."""

from __future__ import annotations

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.snapshots.containers import ContainerFacts
from stormdeck.model.text import clean
from stormdeck.sources.io.background import call_in_loop
from stormdeck.sources.logs.places.delivery import LIVE, Dated, Delivery, Span

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
"""Limits of the time between two attempts to open a source."""
SETTLED_S = 0.3
"""A source that has sent nothing for so long has sent its history."""
_LONGEST_DETAIL = 300


class LogSource(Protocol):
    """A followed log: a file's ``Follower``, or one of this package.

    ``deliver`` and ``on_status`` are called in the source's own thread, one call at a time; nothing is read meanwhile.
    """

    name: str

    @property
    def silent_s(self) -> float:
        """Return for how many seconds a call to the file system has been hanging; 0 while there is none."""

    def start(self) -> None:
        """Start to read; returns at once."""

    def stop(self) -> None:
        """Stop and leave nothing behind; returns at once."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """What a source calls, in its own thread."""

    deliver: Callable[[LogBatch], None]
    """Gets lines; nothing is read while it runs."""
    on_status: Callable[[LogStatus], None]
    """Called when the state of the log changes."""
    on_facts: Callable[[ContainerFacts], None] = lambda _: None
    """Called when the container whose log is read changes."""
    clock: Callable[[], float] = time.time


class Ended(NamedTuple):
    """Why a source is not followed at the moment."""

    state: LogState
    detail: str
    """In words, and what to do about it, without "tried again"."""


COMPLETE = Ended(LogState.FOLLOWING, "")
"""All of the log was read; if it is followed, it is opened again at once."""


class StreamedLog(ABC):
    """Base of the sources that are streams. A subclass implements ``read``."""

    longest_wait_s = LONGEST_WAIT_S

    def __init__(self, spec: LogSpec, to: Receiver, name: str = "", span: Span = LIVE) -> None:
        self.spec = spec
        self.name = name or spec.name
        self.to = to
        self.span = span
        self.children = set[int]()
        """Process groups that were started for it and run."""
        self._transports: dict[int, asyncio.SubprocessTransport] = {}
        """Their pipes."""
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._stopped = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._last_status: LogStatus | None = None
        self._is_done = False
        """It was to be read once, and was."""
        self._timer: asyncio.TimerHandle | None = None
        self.delivery = Delivery(self.name, self._deliver, to.clock, span)

    @property
    def silent_s(self) -> float:
        """Return 0: no call to a file system can hang here."""
        return 0.0

    def start(self) -> None:
        """Start to follow in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name=f"follow {self.name}", daemon=True)
        self._thread.start()

    def wait_ended(self, timeout_s: float) -> None:
        """Wait until all that was started for it has ended, after ``stop``."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def stop(self) -> None:
        """Stop, and end what was started for it. Returns at once."""
        self._stopped.set()
        with self._lock:
            if self._loop is not None and self._task is not None:
                call_in_loop(self._loop, self._task.cancel)

    @abstractmethod
    async def read(self) -> Ended:
        """Open the source once and deliver its lines by ``take`` until it ends."""

    def take(self, lines: list[Dated]) -> None:
        """Deliver lines."""
        self.delivery.take(lines)
        self.touch()

    def touch(self) -> None:
        """Count the pause from now on after which the history is complete."""
        if self._timer is not None:
            self._timer.cancel()
        if self.span.follow:
            self._timer = asyncio.get_running_loop().call_later(SETTLED_S, self._settle)

    @property
    def is_following(self) -> bool:
        """Return whether the last state that was published is that it is followed."""
        return self._last_status is not None and self._last_status.state is LogState.FOLLOWING

    def report(self, state: LogState, detail: str = "") -> None:
        """Publish the state if it changed; of a log that is read once, only its end."""
        detail = clean(detail)[:_LONGEST_DETAIL]
        last = self._last_status
        if not self.span.follow and not self._is_done:
            return
        if self._stopped.is_set() or (last is not None and (last.state, last.detail) == (state, detail)):
            return
        self._last_status = LogStatus(self.name, self.spec, state, detail)
        self.to.on_status(self._last_status)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            with self._lock:
                if self._stopped.is_set():
                    return
                self._loop = runner.get_loop()
                self._task = self._loop.create_task(self._read_again_and_again())
            try:
                runner.run(_finished(self._task))
                # Apart from the task: what is to be ended must not be left half ended because it is stopped meanwhile.
                runner.run(self.close())
            finally:
                with self._lock:
                    self._loop = None

    async def close(self) -> None:
        """Release what is kept from one ``read`` to the next."""
        return

    async def _read_again_and_again(self) -> None:
        """Open the source again each time that it ends, later each time that nothing came."""
        wait = FIRST_WAIT_S
        while not self._stopped.is_set():
            count = self.delivery.count
            try:
                ended = await self.read()
            except Exception as error:
                ended = Ended(LogState.FAILED, f"{self.name} cannot be read: {type(error).__name__}: {error}")
            if self.delivery.count:
                self.delivery.settle()
            self._is_done = not self.span.follow
            self.report(*ended)
            if not self.span.follow:
                return
            wait = FIRST_WAIT_S if self.delivery.count > count else wait
            await asyncio.sleep(wait)
            wait = min(self.longest_wait_s, wait * 2)
            self.delivery.reopen()

    def _settle(self) -> None:
        self._timer = None
        self.delivery.settle()

    def _deliver(self, batch: LogBatch) -> None:
        if not self._stopped.is_set():
            self.to.deliver(batch)


async def _finished(task: asyncio.Task[None]) -> None:
    """Wait for a task that may be cancelled from outside."""
    await asyncio.wait({task})
