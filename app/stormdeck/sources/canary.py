"""Send the canary: on request only, one request at a time, each once, within bounds of time and memory."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from stormdeck.model.canary.check import Check, Question, Route
from stormdeck.model.canary.judge import first_token, is_hopeless, judge, skipped
from stormdeck.model.canary.plan import Plan, Target
from stormdeck.model.canary.questions import SENT, CanaryRequest
from stormdeck.model.canary.response import CanaryResponse, ResponseReader
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.snapshots.failure import FailureKind
from stormdeck.model.text import clean
from stormdeck.sources.net.address import address
from stormdeck.sources.net.failure import HOSTED, failure_of
from stormdeck.sources.net.http import PIECES_A_TURN, trusting
from stormdeck.sources.net.resolver import Resolver

if TYPE_CHECKING:
    import httpx

EACH_S = 20.0
TOTAL_S = 60.0
_PORT_AGE_S = 120.0
_AFTERWARDS_S = 0.5
"""How long to wait for a connection to close after its stream has ended."""


class Canary:
    """Run canaries. One object serves the whole panel, so that it knows the ports of all of them.

    Cancel the task that awaits ``run`` to stop at any point: the connection is closed, nothing more is sent, and the
    results so far have been delivered.
    """

    def __init__(self, each_s: float = EACH_S, total_s: float = TOTAL_S) -> None:
        self._each_s = each_s
        self._total_s = total_s
        self._ports: dict[int, float] = {}

    @property
    def canary_ports(self) -> frozenset[int]:
        """Return the source ports of canaries in the last two minutes: access lines with these ports are ours."""
        oldest = time.monotonic() - _PORT_AGE_S
        return frozenset(port for port, at in self._ports.items() if at >= oldest)

    async def run(
        self, plan: Plan, on_check: Callable[[Check], None] = lambda check: None, authorities: tuple[str, ...] = ()
    ) -> CanaryReport:
        """Send the requests of a plan and deliver each result as it comes. Failures are results, never exceptions.

        Each question goes to all routes before the next one. Where the plain request fails, the others would fail
        too, so they are not sent. ``authorities`` are PEM texts to trust besides the usual ones.
        """
        async with _Wire(self._ports, authorities) as wire:
            run = _Run(wire, plan, on_check, self._each_s, self._total_s)
            for check in plan.known:
                run.take(check)
            for question in SENT:
                for target in plan.targets:
                    ask = target.request(question)
                    if ask is not None:
                        await run.put(target, ask)
        return CanaryReport(tuple(run.found))


class _Run:
    """One run: its results, and how much time is left."""

    def __init__(
        self, wire: _Wire, plan: Plan, on_check: Callable[[Check], None], each_s: float, total_s: float
    ) -> None:
        self._wire = wire
        self._plan = plan
        self._on_check = on_check
        self._each_s = each_s
        self._total_s = total_s
        self._end = time.monotonic() + total_s
        self._hopeless: set[Route] = set()
        self.found: list[Check] = []

    def take(self, check: Check) -> None:
        """Keep and deliver a result."""
        self.found.append(check)
        self._on_check(check)

    async def put(self, target: Target, ask: CanaryRequest) -> None:
        """Send a question to a target, unless its answer is already clear or the time is up."""
        way, left_s = target.endpoint, self._end - time.monotonic()
        if way.route in self._hopeless:
            self.take(skipped(ask.question, way, "not sent: the plain request failed already"))
            return
        if left_s <= 0:
            self.take(skipped(ask.question, way, f"not sent: the {self._total_s:g} s for all of it are over"))
            return
        check = judge(ask, await self._wire.send(target, ask, min(self._each_s, left_s)), way, self._plan.shape)
        self.take(check)
        if is_hopeless(check):
            self._hopeless.add(way.route)
        if ask.question is Question.STREAM and target is self._plan.targets[0]:
            self.take(first_token(check, self._plan.limit_ms, self._plan.limit_why))


class _Wire:
    """Connections of one canary, one per request: a kept connection may be closed before its next use."""

    def __init__(self, ports: dict[int, float], authorities: tuple[str, ...]) -> None:
        self._ports = ports
        self._authorities = authorities
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._resolver = Resolver()

    async def __aenter__(self) -> _Wire:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def send(self, target: Target, ask: CanaryRequest, deadline_s: float) -> CanaryResponse:
        """Send one request and read its answer to the end, or to the deadline."""
        reader = ResponseReader(ask, _secrets(target.headers), time.perf_counter())
        gone, detail = await self._try(target, ask, reader, deadline_s)
        if reader.reply.ended:
            gone, detail = None, ""
        return reader.finish(gone, detail, time.perf_counter())

    async def _try(
        self, target: Target, ask: CanaryRequest, reader: ResponseReader, deadline_s: float
    ) -> tuple[FailureKind | None, str]:
        """Return why the answer is incomplete, and a description; ``None`` if it is complete."""
        import httpx

        place = address(target.url)
        if place is None:
            return FailureKind.BAD_URL, "not a URL that begins with http:// or https://"
        if place.is_hosted:
            return FailureKind.HOSTED, HOSTED
        try:
            async with asyncio.timeout(deadline_s) as deadline:
                if error := await self._resolver.error(place.host):
                    return FailureKind.UNRESOLVED, f"its name does not resolve: {clean(error.words)}"
                await self._exchange(target, ask, reader, deadline)
        except TimeoutError:
            return FailureKind.TIMEOUT, f"no complete answer within {deadline_s:.3g} s"
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            failure = failure_of(error, place.port)
            return failure.kind, failure.text
        return (FailureKind.TOO_BIG, reader.overflow) if reader.overflow else (None, "")

    async def _exchange(
        self, target: Target, ask: CanaryRequest, reader: ResponseReader, deadline: asyncio.Timeout
    ) -> None:
        async def trace(event: str, info: Mapping[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                own = info["return_value"].get_extra_info("client_addr")
                if isinstance(own, tuple) and len(own) >= 2:
                    self._ports[int(own[1])] = time.monotonic()

        client = self._opened(target.url.partition(":")[0].lower())
        body = json.dumps(ask.body).encode()
        headers = {**target.headers, "content-type": "application/json"}
        sending = client.stream(
            "POST", target.url + ask.path, content=body, headers=headers, extensions={"trace": trace}
        )
        async with sending as answer:
            reader.begin(answer.status_code, answer.headers.get("content-type", ""))
            pieces = 0
            async for chunk in answer.aiter_raw():
                reader.feed(chunk, time.perf_counter())
                pieces += 1
                if pieces % PIECES_A_TURN == 0:
                    await asyncio.sleep(0)
                if reader.overflow:
                    return
                if reader.reply.ended:
                    deadline.reschedule(asyncio.get_running_loop().time() + _AFTERWARDS_S)

    def _opened(self, scheme: str) -> httpx.AsyncClient:
        client = self._clients.get(scheme)
        if client is None:
            import httpx

            client = self._clients[scheme] = httpx.AsyncClient(
                verify=trusting(self._authorities) if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # noqa: S113 - the deadline of send() bounds the whole exchange
                limits=httpx.Limits(max_keepalive_connections=0),
                headers={"accept-encoding": "identity"},
            )
        return client


def _secrets(headers: Mapping[str, str]) -> list[str]:
    """Return the values that only this origin may see: keys, and the user's own headers."""
    known = ("user-agent", "anthropic-", "x-app", "x-stainless", "x-claude-code")
    return [value.removeprefix("Bearer ") for name, value in headers.items() if not name.startswith(known)]
