"""Play a recording: the same log lines at the same intervals, without servers or settings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from math import inf

from stormdeck.feed.polling import wait_for
from stormdeck.feed.protocol import PanelFeed
from stormdeck.feed.reducer import Snapshot
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.book import LogBook
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.replay import Pace, Replay
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.recordings.tape import Tape


class Playhead:
    """Clock that runs from ``started`` to ``ended``, ``speed`` times as fast as ``clock``, and stops there."""

    def __init__(self, started: float, ended: float, speed: float, clock: Callable[[], float]) -> None:
        self._ended = ended
        self._speed = speed
        self._clock = clock
        self._at = started
        self._since = clock()
        self.paused = False

    def now(self) -> float:
        """Return the current time in the recording, in unix seconds."""
        passed = 0.0 if self.paused else (self._clock() - self._since) * self._speed
        return min(self._at + passed, self._ended)

    def pause(self, paused: bool) -> None:
        """Pause or resume."""
        self.jump(self.now())
        self.paused = paused

    def jump(self, moment: float) -> None:
        """Jump to a time in the recording."""
        self._at, self._since = moment, self._clock()


BUCKETS = 60
AT_ONCE = 2_000
"""Lines per step, so that keys stay responsive; a recording with more lines in a moment plays slower."""
SHORTEST_S, LONGEST_S = 0.05, 1.0
"""Limits of the time between two steps: at most twenty frames a second, at least one."""


class ReplayFeed(PanelFeed):
    """Replace ``Feed`` in a replay: deliver the traffic snapshots that a live panel would have delivered."""

    def __init__(
        self,
        tape: Tape,
        speed: float,
        book: LogBook,
        deliver: Callable[[Snapshot], None],
        on_lines: Callable[[], None],
        *,
        window_s: int = 900,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tape = tape
        self._speed = speed
        self._book = book
        self._deliver = deliver
        self._on_lines = on_lines
        # No local time: in a recording from another time zone only the arrival times of lines are right.
        self._meter = TrafficMeter(window_s=window_s, bucket_s=max(1, window_s // BUCKETS), gap_s=inf)
        # Set from the start: a server behind a proxy logs a request before the proxy does.
        nearest = next((batch.log for batch in tape.batches if _has_request(batch)), None)
        if nearest is not None:
            self._meter.set_primary(nearest)
        self._head = Playhead(tape.started, tape.ended, speed, clock)
        self._next = 0
        """Index of the next batch."""
        self._traffic: TrafficSnapshot | None = None
        self._state: Replay | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Return the current time in the recording, which is the panel's clock."""
        return self._head.now()

    @property
    def pace(self) -> Pace:
        """Return whether the recording plays, is paused or has ended."""
        if self._next == len(self._tape.batches) and self.now() >= self._tape.ended:
            return Pace.ENDED
        return Pace.HELD if self._head.paused else Pace.PLAYING

    def toggle_pause(self) -> None:
        """Pause or resume."""
        self._head.pause(not self._head.paused)
        self._wake.set()

    def skip(self) -> bool:
        """Jump to the next request of a turn and return whether there is one."""
        now, ahead = self.now(), self._tape.batches[self._next :]
        found = next((batch for batch in ahead if batch.arrived > now and _has_request(batch)), None)
        if found is not None:
            self._head.jump(found.arrived)
            self._wake.set()
        return found is not None

    def start(self) -> None:
        """Start playing and return at once."""
        self._head.jump(self._tape.started)
        self._deliver_state()
        self._deliver(DiscoverySnapshot(done=True))
        self._deliver(GpuSnapshot(GpuState.OFF, "Not in a recording: it holds log lines only."))
        self._task = asyncio.get_running_loop().create_task(self._play())

    async def stop(self) -> None:
        """Stop playing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _play(self) -> None:
        while True:
            self._wake.clear()
            now = self._read(self._head.now())
            traffic = self._meter.snapshot(now)
            if traffic != self._traffic:
                self._traffic = traffic
                self._deliver(traffic)
            self._deliver_state()
            if self.pace is Pace.PLAYING:
                await wait_for(self._wake, self._until_next(now))
            else:
                await self._wake.wait()

    def _read(self, now: float) -> float:
        """Process the lines up to a time, and return the time that was reached."""
        lines = 0
        batches = self._tape.batches
        while self._next < len(batches) and batches[self._next].arrived <= now:
            if lines >= AT_ONCE:
                now = batches[self._next].arrived
                self._head.jump(now)
                break
            batch = batches[self._next]
            attempts = self._meter.take(batch, self._book.end)
            self._book.add(batch.log, batch.lines, batch.arrived)
            self._book.label(attempts)
            self._next += 1
            lines += len(batch.lines)
        if lines:
            self._on_lines()
        return now

    def _until_next(self, now: float) -> float:
        """Return the seconds until the next line is due."""
        if self._next == len(self._tape.batches):
            return SHORTEST_S
        return min(LONGEST_S, max(SHORTEST_S, (self._tape.batches[self._next].arrived - now) / self._speed))

    def _deliver_state(self) -> None:
        """Deliver the state of the replay if it changed."""
        replay = Replay(self._tape.name, span(self._tape), self._speed, self.pace, self._tape.damage)
        if replay != self._state:
            self._state = replay
            self._deliver(replay)


def _has_request(batch: LogBatch) -> bool:
    """Return whether a batch contains a request of a turn."""
    return any("/v1/messages" in line and "POST " in line for line in batch.lines)


def span(tape: Tape) -> str:
    """Return when a recording was made, in the user's time: ``20 Nov 19:25 to 19:31``."""
    first, last = (datetime.fromtimestamp(at).astimezone() for at in (tape.started, tape.ended))
    if first.date() != last.date():
        return f"{first:%d %b} to {last:%d %b}"
    until = "" if f"{first:%H:%M}" == f"{last:%H:%M}" else f" to {last:%H:%M}"
    return f"{first:%d %b %H:%M}{until}"
