"""Ask one Prometheus in rounds: what changes with every scrape each time, the rest less often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise

from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.labels import Key, jobs_of, naming_of, shown, text_of
from stormdeck.model.fleet.proxies import proxies
from stormdeck.model.fleet.queries import MOST_ROWS, WAITING, Name, Queries, exact, narrowed
from stormdeck.model.fleet.rows import replicas
from stormdeck.model.fleet.series import Labels, Result
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.model.fleet.table import Table
from stormdeck.model.fleet.whole import SourceAnswer
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.prometheus.client import DEADLINE_S, PrometheusClient
from stormdeck.sources.prometheus.troubles import Trouble

CADENCE_S = 5.0
"""Between two rounds at least; a round is not begun before the next scrape."""
SLOW_S, RARE_S, INTERVAL_S = 15.0, 60.0, 600.0
"""Between two questions about figures of minutes, about earlier hours, and for the scrape interval."""
AT_ONCE = 4
"""Queries that one Prometheus gets at once; it takes 20 by default."""
_JOBS_LOOKED_AT = 3
NO_METRICS = "it answers and has no metrics of vLLM or LiteLLM"
NO_METRICS_STEP = "let it scrape /metrics of vLLM and LiteLLM: see the recipes"


class PrometheusSource:
    """One Prometheus. ``rounds`` asks it; the last figures stay while it does not answer."""

    def __init__(self, access: PrometheusAccess, environ: Mapping[str, str], deadline_s: float = DEADLINE_S) -> None:
        self.client = PrometheusClient(access, environ, deadline_s)
        self.place = access.url
        self.interval_s: float | None = None
        self._access = access
        self._table = Table(naming_of(access), access.url)
        self._known_proxies: dict[Key, Labels] = {}
        self._slow_at = self._rare_at = self._interval_at = float("-inf")
        self._offset = 0.0
        """How far the server's clock is ahead of this machine's."""
        self._failed: dict[Name, Trouble] = {}
        self._warnings: dict[Name, str] = {}
        self._omitted = 0
        self._is_whole = False
        """Everything was asked once: only then nothing found means that there is nothing."""
        self._last = SourceAnswer(self.place)

    def find(self, key: str) -> Labels | None:
        """Return the labels of an instance by the key of its row."""
        return next((dict(one) for one in self._table.labels if text_of(self.place, one) == key), None)

    def to_server_time(self, at: float) -> float:
        """Return a time of this machine by the server's clock."""
        return at + self._offset

    async def rounds(self, now: float, *, whole: bool = False) -> AsyncIterator[SourceAnswer]:
        """Ask what is due, and yield what is known after each part: the figures of now come first.

        ``whole``: ask everything, whenever it was asked before.
        """
        trouble = await self._begin(now)
        if trouble is not None:
            yield self._in_trouble(trouble)
            return
        queries = Queries(self._access.only, self.interval_s)
        at = self._aligned(now)
        trouble = await self._ask(queries.fast(), at)
        if trouble is None:
            trouble = await self._ask_down(queries, at)
        if trouble is not None:
            yield self._in_trouble(trouble)
            return
        # The first answers come as soon as they can; later rows are made twice a round at most.
        was_whole = self._is_whole
        yield await self._answer(now, at)
        parts = [asked for is_due, asked in self._parts(queries, now, whole) if is_due]
        for asked in parts:
            if await self._ask(asked, at) is None:
                await self._ask_down(queries, at)
                if Name.KNOWN in asked:
                    self._table.forget()
                self._is_whole = self._is_whole or asked is parts[-1]
                if not was_whole or asked is parts[-1]:
                    yield await self._answer(now, at)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.client.aclose()

    def _parts(self, queries: Queries, now: float, whole: bool) -> list[tuple[bool, dict[Name, str]]]:
        """Return what is asked after the figures of now, and whether it is due."""
        is_slow, is_rare = whole or now - self._slow_at >= SLOW_S, whole or now - self._rare_at >= RARE_S
        if is_slow:
            self._slow_at = now
        if is_rare:
            self._rare_at = now
        rare = {**queries.rare(), **queries.proxies_known(), **queries.images()}
        return [(is_slow, queries.slow()), (is_rare, rare), (is_slow, {**queries.proxies(), **queries.gpus()})]

    async def _begin(self, now: float) -> Trouble | None:
        """Count the engines, which every Prometheus can, compare the clocks, and find the scrape interval."""
        counted = await self.client.query(Queries(self._access.only).count())
        if isinstance(counted, Trouble):
            return counted
        engines = counted.series[0].value if counted.series else 0.0
        self._omitted = max(0, round(engines) - MOST_ROWS)
        self._warned(Name.COUNT, counted.warning)
        if counted.at is not None:
            self._offset = counted.at - now
        if now - self._interval_at >= INTERVAL_S or (self.interval_s is None and engines):
            self._interval_at = now
            self.interval_s = await self._find_interval()
        return None

    async def _find_interval(self) -> float | None:
        """Return the longest scrape interval of some instances, one of each job, by the times of their samples."""
        seen = await self.client.query(f"topk by (job) (1, {exact(WAITING, self._access.only)})")
        if isinstance(seen, Trouble):
            return None
        found = []
        for one in seen.series[:_JOBS_LOOKED_AT]:
            asked = await self.client.query(f"{exact(WAITING, one.labels.items())}[10m]")
            times = [at for at, _ in asked.points[0].values] if isinstance(asked, Result) and asked.points else []
            gaps = sorted(after - before for before, after in pairwise(times))
            found += [gaps[len(gaps) // 2]] if gaps else []
        return round(max(found), 1) if found else None

    def _aligned(self, now: float) -> float:
        """Return the newest multiple of the scrape interval, by the server's clock: the same for all queries."""
        step = self.interval_s if self.interval_s is not None and self.interval_s > 1.0 else 1.0
        return self.to_server_time(now) // step * step

    async def _ask_down(self, queries: Queries, at: float) -> Trouble | None:
        jobs = jobs_of(self._table.labels) | jobs_of(self._known_proxies)
        return await self._ask(queries.down(jobs), at)

    async def _ask(self, asked: Mapping[Name, str], at: float) -> Trouble | None:
        """Ask several queries, some at once; return why if it would be the same for all others."""
        gate = asyncio.Semaphore(AT_ONCE)
        lasting: list[Trouble] = []

        async def ask(name: Name, text: str) -> None:
            async with gate:
                if lasting:
                    return
                result = await self.client.query(text, at)
            if isinstance(result, Trouble):
                self._failed[name] = result
                self._table.drop(name)
                if result.is_lasting and result.state is not FleetState.TOO_MANY:
                    lasting.append(result)
                return
            self._failed.pop(name, None)
            self._warned(name, result.warning)
            await run_in_thread(self._table.take, name, result.series)

        async with asyncio.TaskGroup() as group:
            for name, text in asked.items():
                group.create_task(ask(name, self._bounded(name, text)))
        return lasting[0] if lasting else None

    def _warned(self, name: Name, warning: str) -> None:
        self._warnings.pop(name, None)
        if warning:
            self._warnings[name] = warning

    def _bounded(self, name: Name, text: str) -> str:
        """Return a query for those instances that are shown, where there are too many."""
        return narrowed(text) if self._omitted and self._table.is_of_instances(name) else text

    async def _answer(self, now: float, at: float) -> SourceAnswer:
        rows = await run_in_thread(replicas, self._table, at, self.interval_s)
        others = proxies(self._table, self.place, self._known_proxies)
        state, note, step = self._judged(bool(rows or others))
        self._last = SourceAnswer(self.place, state, note, step, rows, others, now, self.interval_s, self._omitted)
        return self._last

    def _judged(self, has_rows: bool) -> tuple[FleetState, str, str]:
        if self._omitted:
            note = f"{self._omitted + MOST_ROWS} engines: stormdeck shows the {MOST_ROWS} with the longest queues"
            return FleetState.TOO_MANY, note, "narrow it with only=LABEL=VALUE after the URL"
        if self._failed:
            first = next(iter(self._failed.values()))
            count = len(self._failed)
            note = f"{count} {'query has' if count == 1 else 'queries have'} no answer: {first.note}"
            state = first.state if first.state is FleetState.TOO_MANY and not has_rows else FleetState.PARTLY
            return state, note, first.next_step
        if self._warnings:
            first_words = next(iter(self._warnings.values()))
            return FleetState.PARTLY, f"it warns: {shown(first_words)}", "look at it in its own page"
        if not has_rows and not self._is_whole:
            return FleetState.ASKING, "", ""
        if not has_rows:
            return FleetState.NO_SERVERS, NO_METRICS, NO_METRICS_STEP
        return FleetState.OK, "", ""

    def _in_trouble(self, trouble: Trouble) -> SourceAnswer:
        """Return the last figures with what is wrong now."""
        last = self._last
        return SourceAnswer(
            self.place,
            trouble.state,
            trouble.note,
            trouble.next_step,
            last.replicas,
            last.proxies,
            last.taken_at,
            self.interval_s,
            self._omitted,
        )
