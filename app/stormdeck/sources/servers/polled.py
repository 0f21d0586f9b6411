"""Poll a server: requests, keys, and the state when it does not answer. The base of vLLM's and the proxy's source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.sources.net.address import address
from stormdeck.sources.net.answers import Latency, age, describe_failure, state_without_answer
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, LIMIT, Answer, HttpClient
from stormdeck.sources.net.side_by_side import SideBySide
from stormdeck.sources.processes.scan import is_alive

SLOW_S = 30.0
"""How often the version and the model list are requested while nothing changes."""

_NO_ANSWER = {ServerState.DOWN, ServerState.UNREACHABLE, ServerState.SILENT}
Reply = Answer | Failure
S = TypeVar("S", VllmSnapshot, ProxySnapshot)


class PolledServer(ABC, Generic[S]):
    """Poll one server. Set ``process`` when a search has found its process, or another one.

    Requests are sent one after the other over one connection; concurrently with ``asks_ahead``, or to a slow server.
    """

    def __init__(
        self,
        url: str,
        kind: ServerKind,
        http: HttpClient,
        clock: Callable[[], float],
        key: str | None = None,
        process: ServerProcess | None = None,
        deadline_s: float = DEADLINE_S,
        *,
        asks_ahead: bool = False,
    ) -> None:
        target = address(url)
        self.url = target.base if target is not None else url
        self.process = process
        self._kind = kind
        self._http = http
        self._clock = clock
        self._key = key
        self._deadline_s = deadline_s
        self._asks_ahead = asks_ahead
        self._ahead = SideBySide()
        self._latency = Latency()
        self._answered_pid: int | None = None
        self._forget()
        self._last: S = self._blank()
        self._is_busy = False

    async def poll(self) -> S:
        """Poll once. While an earlier call still waits, return the snapshot before it at once."""
        if self._is_busy:
            return self._last
        self._is_busy = True
        try:
            with self._ahead:
                self._last = await self._poll()
        finally:
            self._is_busy = False
        return self._last

    def use_key(self, key: str | None) -> None:
        """Send another key from now on."""
        if key != self._key:
            self._key = key
            self._on_key()

    @abstractmethod
    async def _poll(self) -> S:
        """Return a new snapshot."""

    @abstractmethod
    def _blank(self) -> S:
        """Return a snapshot in which nothing is known."""

    @abstractmethod
    def _on_key(self) -> None:
        """Request again what depends on the key."""

    @abstractmethod
    def _forget(self) -> None:
        """Know nothing of the server: at the start, and when it is gone and another one may take its place."""

    async def _get(self, path: str, key: str | None = None, limit: int = LIMIT) -> Reply:
        """Return the answer to a request that was sent ahead, or send one."""
        return await self._ahead.take(path) or await self._send(path, key, limit)

    async def _send(self, path: str, key: str | None = None, limit: int = LIMIT) -> Reply:
        return await self._http.get(self.url + path, key=key, limit=limit, deadline_s=self._deadline_s)

    def _on_answer(self, answer: Answer) -> None:
        """Record the latency, and that this process answered."""
        self._latency.add(answer.latency_ms)
        self._answered_pid = self.process.pid if self.process is not None else None

    def _without_answer(self, failure: Failure, now: float, path: str = "") -> S:
        """Return the snapshot after a request without an answer."""
        last = self._last
        has_answered = bool(last.seen) and last.state not in _NO_ANSWER
        if failure.kind is FailureKind.OURS:
            return replace(last, state=ServerState.STALE if has_answered else last.state, detail=failure.text)
        state, detail = state_without_answer(failure, self.url), describe_failure(failure)
        process = self.process if failure.kind in {FailureKind.REFUSED, FailureKind.CUT} else None
        if process is not None:
            before = self._answered_pid == process.pid
            state, detail = without_connection(process, failure, detail, answered=before)
        if has_answered and state is ServerState.SILENT:
            return replace(last, state=ServerState.STALE, detail=path + failure.text + age(last.seen, now))
        self._forget()
        blank = self._blank()
        if process is None:
            return replace(blank, state=state, detail=detail, seen=last.seen)
        return replace(blank, state=state, detail=detail, seen=last.seen, pid=process.pid, started=process.started)


def without_connection(
    process: ServerProcess, failure: Failure, words: str, *, answered: bool
) -> tuple[ServerState, str]:
    """Return the state of a server whose process is known, and whose port refuses or cuts connections.

    vLLM refuses while it loads, and for seconds after its engine died (measured, 0.32). What publishes the port of its
    container takes connections meanwhile, and closes them.
    """
    pid = process.pid
    if not is_alive(process):
        return ServerState.DOWN, f"{words}; its process, pid {pid}, has ended"
    if failure.kind is FailureKind.CUT:
        if answered:
            return ServerState.SILENT, f"{words}; its process, pid {pid}, still runs: see its log for the reason"
        return ServerState.STARTING, f"pid {pid} runs and has not answered yet: {failure.text}"
    if answered:
        return (
            ServerState.DOWN,
            f"{words}; its process, pid {pid}, still runs: it is stopping, see its log for the reason",
        )
    return ServerState.STARTING, f"pid {pid} runs and is loading: its port refuses until it is ready"
