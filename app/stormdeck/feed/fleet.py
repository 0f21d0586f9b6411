"""Ask the Prometheus servers that the user named, and deliver what they know of many servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from stormdeck.model.fleet.past import FleetHistory
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState
from stormdeck.sources.io.background import run_in_thread

if TYPE_CHECKING:
    from stormdeck.model.fleet.access import PrometheusAccess
    from stormdeck.model.fleet.whole import SourceAnswer
    from stormdeck.sources.prometheus.source import PrometheusSource

LONGEST_S = 60.0
"""Between two rounds at most, however long the scrape interval is: that a server is down shows within it."""
UNFOCUSED = 3.0
"""How many times longer the pauses are while the terminal has no focus."""


class FleetFeed:
    """One loop for each Prometheus; they share nothing, so that a slow one delays no other."""

    def __init__(
        self,
        accesses: Sequence[PrometheusAccess],
        environ: Mapping[str, str],
        deliver: Callable[[FleetSnapshot], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accesses = accesses
        self._environ = environ
        self._deliver = deliver
        self._clock = clock
        self._sources: tuple[PrometheusSource, ...] = ()
        self._answers: list[SourceAnswer] = []
        self._last = FleetSnapshot()
        self._focused = asyncio.Event()
        self._focused.set()

    async def run(self) -> None:
        """Ask until cancelled; returns at once where no Prometheus is given."""
        if not self._accesses:
            return
        names = tuple(one.url for one in self._accesses)
        self._take(FleetSnapshot(FleetState.ASKING, sources=names))
        self._sources, self._answers = await run_in_thread(_sources, self._accesses, self._environ)
        try:
            async with asyncio.TaskGroup() as group:
                for place in range(len(self._sources)):
                    group.create_task(self._follow(place))
        finally:
            await asyncio.gather(*(one.aclose() for one in self._sources))

    async def history(self, key: str, figure: str, since: float, step: float) -> FleetHistory:
        """Return a figure of one instance over time; see ``PanelFeed.fleet_history``."""
        from stormdeck.sources.prometheus.history import history

        for one in self._sources:
            if one.find(key) is not None:
                return await history(one, key, figure, since, self._clock(), step)
        return FleetHistory(note="No Prometheus knows this instance", next_step="choose another one")

    def set_focused(self, focused: bool) -> None:
        """Ask less often while the terminal has no focus, and catch up at once when it has."""
        (self._focused.set if focused else self._focused.clear)()

    async def _follow(self, place: int) -> None:
        from stormdeck.feed.polling import wait_for
        from stormdeck.sources.prometheus.source import CADENCE_S

        source = self._sources[place]
        while True:
            async for answer in source.rounds(self._clock()):
                self._answers[place] = answer
                await self._publish()
            pause = min(LONGEST_S, max(CADENCE_S, source.interval_s or 0.0))
            await asyncio.sleep(pause)
            if not self._focused.is_set():
                await wait_for(self._focused, pause * (UNFOCUSED - 1))

    async def _publish(self) -> None:
        from stormdeck.model.fleet.whole import joined

        self._take(await run_in_thread(joined, tuple(self._answers)))

    def _take(self, fleet: FleetSnapshot) -> None:
        if fleet != self._last:
            self._last = fleet
            self._deliver(fleet)


def _sources(
    accesses: Sequence[PrometheusAccess], environ: Mapping[str, str]
) -> tuple[tuple[PrometheusSource, ...], list[SourceAnswer]]:
    """Return a source for each Prometheus. Imports what is slow: run it in a thread."""
    from stormdeck.model.fleet.whole import SourceAnswer
    from stormdeck.sources.prometheus.source import PrometheusSource

    return tuple(PrometheusSource(one, environ) for one in accesses), [SourceAnswer(one.url) for one in accesses]
