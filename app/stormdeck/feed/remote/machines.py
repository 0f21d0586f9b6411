"""Keep the connections to the machines that the user named, and read their GPUs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHost
from stormdeck.sources.remote.connection import UnreachableError
from stormdeck.sources.remote.gpus import gpu_snapshots
from stormdeck.sources.remote.machine import Machine

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 60.0
ABSENT_S = 60.0
"""Before nvidia-smi is tried again where it is missing."""


class MachineFeed:
    """Watch one machine: its connection is opened again with back-off after it was lost, and a search follows."""

    def __init__(self, machine: Machine, search: Callable[[], None]) -> None:
        self._machine = machine
        self.deliver: Callable[[GpuHost], None] = lambda _: None
        self._search = search
        self.host = GpuHost(_page(machine.host), GpuSnapshot(GpuState.ASKING), machine.host)

    async def run(self) -> None:
        """Watch until cancelled."""
        wait, was_lost = FIRST_WAIT_S, False
        while True:
            try:
                await self._machine.connection.open()
                if was_lost:
                    await self._machine.back()
                    self._search()
                wait, was_lost = FIRST_WAIT_S, False
                await self._read_gpus()
                await asyncio.sleep(ABSENT_S if self._machine.connection.is_open else 0)
            except UnreachableError as error:
                was_lost = True
                self._machine.lost(str(error))
                self._give(GpuSnapshot(GpuState.NO_FIGURES, str(error)))
                self._search()
                await asyncio.sleep(wait)
                wait = min(LONGEST_WAIT_S, wait * 2)

    async def _read_gpus(self) -> None:
        async for snapshot in gpu_snapshots(self._machine.connection):
            self._give(snapshot)
        if not self._machine.connection.is_open:
            raise UnreachableError(f"the connection to {self._machine.host} was lost")

    def _give(self, snapshot: GpuSnapshot) -> None:
        host = GpuHost(self.host.url, snapshot, self._machine.host)
        if host != self.host:
            self.host = host
            self.deliver(host)


def _page(host: str) -> str:
    """Return a URL that names the machine as the URLs of its servers do."""
    return f"ssh://{host.rpartition('@')[2]}"
