"""A feed that plays a recording: the same lines at the same distances, and nothing else is touched."""

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
    """Goes from a first moment to a last one, ``speed`` times as fast as ``clock``; stands at the end."""

    def __init__(self, started: float, ended: float, speed: float, clock: Callable[[], float]) -> None:
        self._ended = ended
        self._speed = speed
        self._clock = clock
        self._at = started
        self._since = clock()
        self.held = False

    def now(self) -> float:
        """Return the moment that is played, in unix seconds of the recording."""
        passed = 0.0 if self.held else (self._clock() - self._since) * self._speed
        return min(self._at + passed, self._ended)

    def hold(self, held: bool) -> None:
        """Stand still, or go on."""
        self.jump(self.now())
        self.held = held

    def jump(self, moment: float) -> None:
        """Go to a moment."""
        self._at, self._since = moment, self._clock()


BUCKETS = 60
AT_ONCE = 2_000
"""Lines between two looks at the keys; a recording that holds more in a moment is played slower."""
SHORTEST_S, LONGEST_S = 0.05, 1.0
"""Between two steps: at most twenty pictures a second, at least one."""


class ReplayFeed(PanelFeed):
    """Stands in the place of ``Feed``. What it hands on is what a live panel would have seen, without servers."""

    def __init__(
        self,
        tape: Tape,
        speed: float,
        book: LogBook,
        hand: Callable[[Snapshot], None],
        lines_came: Callable[[], None],
        *,
        window_s: int = 900,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tape = tape
        self._speed = speed
        self._book = book
        self._hand = hand
        self._lines_came = lines_came
        # No local time: a recording from another time zone is right only by the arrival of its lines.
        self._meter = TrafficMeter(window_s=window_s, bucket_s=max(1, window_s // BUCKETS), gap_s=inf)
        # Known from the start: what a server behind a proxy answers is written down before the proxy's own line.
        nearest = next((batch.log for batch in tape.batches if _asks(batch)), None)
        if nearest is not None:
            self._meter.set_primary(nearest)
        self._head = Playhead(tape.started, tape.ended, speed, clock)
        self._next = 0
        """The batch that is played next."""
        self._traffic: TrafficSnapshot | None = None
        self._told: Replay | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Return the recording's own time: the panel's clock."""
        return self._head.now()

    @property
    def pace(self) -> Pace:
        """Return whether it plays."""
        if self._next == len(self._tape.batches) and self.now() >= self._tape.ended:
            return Pace.ENDED
        return Pace.HELD if self._head.held else Pace.PLAYING

    def hold(self) -> None:
        """Stand still, or go on."""
        self._head.hold(not self._head.held)
        self._news.set()

    def skip(self) -> bool:
        """Go to the next request of a turn, past what is between; say whether there is one."""
        now, ahead = self.now(), self._tape.batches[self._next :]
        found = next((batch for batch in ahead if batch.arrived > now and _asks(batch)), None)
        if found is not None:
            self._head.jump(found.arrived)
            self._news.set()
        return found is not None

    def start(self) -> None:
        """Begin to play; returns at once."""
        self._head.jump(self._tape.started)
        self._tell()
        self._hand(DiscoverySnapshot(done=True))
        self._hand(GpuSnapshot(GpuState.OFF, "Not in a recording: it holds log lines only."))
        self._task = asyncio.get_running_loop().create_task(self._play())

    async def stop(self) -> None:
        """End; nothing runs on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _play(self) -> None:
        while True:
            self._news.clear()
            now = self._read(self._head.now())
            traffic = self._meter.snapshot(now)
            if traffic != self._traffic:
                self._traffic = traffic
                self._hand(traffic)
            self._tell()
            if self.pace is Pace.PLAYING:
                await wait_for(self._news, self._until_next(now))
            else:
                await self._news.wait()

    def _read(self, now: float) -> float:
        """Take the lines up to a moment, and return the moment that was reached."""
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
            self._lines_came()
        return now

    def _until_next(self, now: float) -> float:
        """Return the seconds until the next line is due."""
        if self._next == len(self._tape.batches):
            return SHORTEST_S
        return min(LONGEST_S, max(SHORTEST_S, (self._tape.batches[self._next].arrived - now) / self._speed))

    def _tell(self) -> None:
        """Hand on how the playing stands, where that is new."""
        replay = Replay(self._tape.name, span(self._tape), self._speed, self.pace, self._tape.damage)
        if replay != self._told:
            self._told = replay
            self._hand(replay)


def _asks(batch: LogBatch) -> bool:
    """Say whether a request of a turn is among the lines."""
    return any("/v1/messages" in line and "POST " in line for line in batch.lines)


def span(tape: Tape) -> str:
    """Return when a recording was made, in the user's time: ``20 Nov 19:25 to 19:31``."""
    first, last = (datetime.fromtimestamp(at).astimezone() for at in (tape.started, tape.ended))
    if first.date() != last.date():
        return f"{first:%d %b} to {last:%d %b}"
    until = "" if f"{first:%H:%M}" == f"{last:%H:%M}" else f" to {last:%H:%M}"
    return f"{first:%d %b %H:%M}{until}"
