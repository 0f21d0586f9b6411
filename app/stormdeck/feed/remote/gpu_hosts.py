"""Poll the GPU exporters of other machines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from stormdeck.feed.polling import Poller
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHost, GpuHosts
from stormdeck.sources.gpu.exporter import INTERVAL_S, GpuExporter
from stormdeck.sources.net.http import HttpClient


class GpuHostFeed:
    """Run a poller for each exporter, and deliver the GPUs of all machines when those of one change."""

    def __init__(
        self,
        urls: Sequence[str],
        http: HttpClient,
        deliver: Callable[[GpuHosts], None],
        poll_s: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        interval_s = max(INTERVAL_S, float(poll_s))
        exporters = [GpuExporter(url, http, clock, interval_s) for url in dict.fromkeys(urls)]
        self._hosts = [exporter.last for exporter in exporters]
        self._deliver = deliver
        self._pollers = [
            Poller(exporter.poll, partial(self._take, at), _is_well, interval_s)
            for at, exporter in enumerate(exporters)
        ]

    def add(self, host: GpuHost) -> Callable[[GpuHost], None]:
        """Add a machine that is read in another way, before ``start``; return what takes its next state."""
        self._hosts.append(host)
        return partial(self._take, len(self._hosts) - 1)

    def start(self, spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]) -> None:
        """Start polling; ``spawn`` keeps the tasks and cancels them at the end."""
        if self._hosts:
            self._deliver(GpuHosts(tuple(self._hosts)))
        for poller in self._pollers:
            spawn(poller.run())

    def set_focused(self, focused: bool) -> None:
        """Poll less often while the terminal has no focus."""
        for poller in self._pollers:
            poller.slow = not focused
            if focused:
                poller.poke()

    def _take(self, at: int, host: GpuHost) -> None:
        self._hosts[at] = host
        self._deliver(GpuHosts(tuple(self._hosts)))


def _is_well(host: GpuHost) -> bool:
    return host.snapshot.state is GpuState.OK
