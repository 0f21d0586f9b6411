"""Take a sample of all figures every five seconds, keep the last hours, and deliver them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from stormdeck.feed.polling import align_to_second, wait_for
from stormdeck.feed.reducer import Snapshot
from stormdeck.model.finding import HopKind
from stormdeck.model.history.figures import Sample
from stormdeck.model.history.ring import MINUTE_S, STEP_S, HistorySnapshot, Ring
from stormdeck.model.history.sampling import gpus_of, sample_of
from stormdeck.model.history.unusual import Unusual, find_shifts, with_steps
from stormdeck.model.snapshots.discovery import Left
from stormdeck.model.snapshots.gpu import GpuSnapshot
from stormdeck.model.snapshots.gpu_hosts import GpuHosts
from stormdeck.model.snapshots.server import VllmSnapshot
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.urls import place
from stormdeck.sources.io.background import SingleFlight
from stormdeck.sources.state.history_store import HistoryStore

T = TypeVar("T")

PATIENCE_S = 3.0
"""How long the file's drive may take before that is a problem."""
SERVER_S = 5.0
"""How long the first look at the file waits for a server to be found."""
KEEPING_S = 0.25
"""How long the last write may delay quitting."""


class HistoryFeed:
    """Keep the figures of the last hours. The file is read and written in threads, once a minute.

    ``see`` gets every snapshot on its way to the app; while no sample is taken, there is a gap.
    """

    def __init__(
        self,
        store: HistoryStore,
        deliver: Callable[[HistorySnapshot], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._clock = clock
        self._ring = Ring()
        self._vllm: VllmSnapshot | None = None
        self._gpu: GpuSnapshot | None = None
        self._gpu_hosts = GpuHosts()
        self._traffic: TrafficSnapshot | None = None
        self._unusual = Unusual()
        self._server_known = asyncio.Event()
        self._minute_ended = asyncio.Event()
        self._saved = asyncio.Event()
        self._saved.set()
        self.problem = ""
        """Why the history is not stored; empty if it is."""

    def see(self, snapshot: Snapshot) -> None:
        """Note a snapshot; one of GPUs comes from a thread."""
        match snapshot:
            case VllmSnapshot():
                self._vllm = snapshot
                self._server_known.set()
            case GpuSnapshot():
                self._gpu = snapshot
            case GpuHosts():
                self._gpu_hosts = snapshot
            case TrafficSnapshot():
                self._traffic = snapshot
            case Left(hop=HopKind.SERVER):
                self._vllm = None
            case _:
                pass

    async def run(self) -> None:
        """Take samples until cancelled, beginning when a server was found."""
        await wait_for(self._server_known, SERVER_S)
        while True:
            await asyncio.sleep(align_to_second(float(STEP_S)))
            self.sample()

    async def keep(self) -> None:
        """Load what is stored, then store each minute that ends, until cancelled."""
        # Where several servers were watched at once, the samples of this one are shown.
        await wait_for(self._server_known, SERVER_S)
        stored = await self._run_blocking(lambda: self._store.load(self._clock()))
        self.problem = self._store.problem
        self._ring.load(self._own(stored), self._clock())
        self.publish()
        while True:
            await self._minute_ended.wait()
            self._minute_ended.clear()
            await self._save()

    def sample(self) -> None:
        """Take a sample now, and deliver the history with it."""
        now = self._clock()
        sample = sample_of(int(now), self._vllm, gpus_of(self._vllm, self._gpu, self._gpu_hosts), self._traffic)
        if self._ring.add(now, sample):
            self._unusual = find_shifts(self._ring.samples(MINUTE_S), sample.server, sample.model, now)
            self._saved.clear()
            self._minute_ended.set()
        self.publish()

    def publish(self) -> None:
        """Deliver the history."""
        steps = self._ring.samples(STEP_S)
        self._deliver(
            HistorySnapshot(steps, self._ring.samples(MINUTE_S), with_steps(self._unusual, steps), self.problem)
        )

    async def finish(self) -> None:
        """Store what is not stored yet, waiting ``KEEPING_S`` at most."""
        self._ring.end_now()
        if not self._ring.has_new or self.problem:
            return
        self._server_known.set()
        self._saved.clear()
        self._minute_ended.set()
        if self._store.writes:
            await wait_for(self._saved, KEEPING_S)

    async def _save(self) -> None:
        new = self._ring.take_new()
        now = self._clock()
        if not await self._run_blocking(lambda: self._store.save(new, now)):
            self._ring.put_back(new)
        self.problem = self._store.problem
        if not self._minute_ended.is_set():
            self._saved.set()

    def _own(self, stored: list[tuple[int, Sample]]) -> list[tuple[int, Sample]]:
        """Return stored samples, those of the current server first: of each time the first one is shown."""
        server = place(self._vllm.url) if self._vllm is not None else ""
        return sorted(stored, key=lambda one: one[1].server != server)

    async def _run_blocking(self, work: Callable[[], T]) -> T:
        """Return the result of blocking work; set ``problem`` while the drive does not answer."""
        flight = SingleFlight(work)
        while (result := await flight.take(PATIENCE_S)) is None:
            self.problem = f"History is not kept: {self._store.path}: its drive does not answer"
        return result
