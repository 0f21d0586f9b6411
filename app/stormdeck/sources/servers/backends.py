"""Ask each server behind a proxy's model groups whether it runs, with the cheapest request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from stormdeck.model.snapshots.backends import Backend, BackendsSnapshot
from stormdeck.model.snapshots.server import ServerState
from stormdeck.sources.net.answers import Latency, age
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, Answer, HttpClient

MOST = 16
"""Servers that are asked; more would cost a noticeable share of a core."""
_FRONT = {502, 503, 504}


class BackendSource:
    """Poll the servers of all model groups at once, without a key."""

    def __init__(self, http: HttpClient, clock: Callable[[], float], deadline_s: float = DEADLINE_S) -> None:
        self._http = http
        self._clock = clock
        self._deadline_s = deadline_s
        self._latencies: dict[str, Latency] = {}
        self._seen: dict[str, float] = {}
        """When a server last answered."""
        self.urls: tuple[str, ...] = ()
        """The servers, the most important first."""

    async def poll(self) -> BackendsSnapshot:
        """Return the state of each server; never raises."""
        urls = self.urls
        asked = await asyncio.gather(*map(self._ask, urls[:MOST]))
        return BackendsSnapshot(tuple(asked), urls[MOST:])

    async def _ask(self, url: str) -> Backend:
        answer = await self._http.get(f"{url}/health", deadline_s=self._deadline_s)
        now = self._clock()
        if isinstance(answer, Failure):
            return self._without_answer(url, answer, now)
        if answer.status >= 500:
            return Backend(url, ServerState.DEGRADED, _failing(answer))
        # 401 and 404 too: a server runs there, and other kinds have no /health.
        self._seen[url] = now
        latency = self._latencies.setdefault(url, Latency())
        latency.add(answer.latency_ms)
        return Backend(url, ServerState.UP, "", latency.shown)

    def _without_answer(self, url: str, failure: Failure, now: float) -> Backend:
        if failure.kind is FailureKind.REFUSED:
            self._seen.pop(url, None)
            return Backend(url, ServerState.DOWN, failure.text)
        if failure.kind is FailureKind.GATEWAY:
            return Backend(url, ServerState.DEGRADED, failure.text)
        seen = self._seen.get(url)
        if seen is not None and failure.kind is not FailureKind.OURS:
            return Backend(url, ServerState.STALE, failure.text + age(seen, now))
        if failure.accepted:
            return Backend(url, ServerState.SILENT, f"no answer to us: {failure.text}")
        # The proxy may reach it: its network may have another name server, or another route.
        return Backend(url, ServerState.SILENT, f"not reachable from here: {failure.text}")


def _failing(answer: Answer) -> str:
    if answer.status in _FRONT and answer.headers.get("server", "") != "uvicorn":
        return f"what is in front of it answers {answer.status}"
    return f"its /health answers {answer.status}: the engine is dead or not ready"


def ordered(urls: Sequence[str], first: Sequence[str]) -> tuple[str, ...]:
    """Return the URLs, those in ``first`` before the others."""
    return tuple(dict.fromkeys((*(url for url in first if url in urls), *urls)))
