"""Poll a vLLM: whether it is up, what it serves, what its engine does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.failure import LIMITED_WORDS
from stormdeck.model.snapshots.server import (
    EngineLoad,
    EngineStats,
    ServedModel,
    ServerKind,
    ServerState,
    VllmSnapshot,
    is_front_alone,
)
from stormdeck.model.snapshots.vllm_metrics import WINDOW_S, MetricsSample, window
from stormdeck.model.units import duration, plural
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.answers import (
    describe_answer,
    front_alone,
    is_gateway,
    is_html,
    refuses_key,
    served_models,
    text_field,
)
from stormdeck.sources.net.failure import Failure
from stormdeck.sources.net.http import DEADLINE_S, PAGE_LIMIT, Answer, HttpClient
from stormdeck.sources.net.side_by_side import FAR_MS
from stormdeck.sources.servers.engine_kinds import engine_by_models
from stormdeck.sources.servers.polled import SLOW_S, PolledServer, Reply
from stormdeck.sources.servers.prometheus import read_page

STUCK_S = 30.0
"""Running requests without a token for this long mean a hang; prompts of a few seconds are common."""
_LONGEST_STEP_S = 10.0
_HIDDEN = {401, 403, 404, 405}
"""The answers of a gateway that does not pass ``/health``; vLLM itself has it, and wants no key for it."""

_LIMITED = 429

_MAY_BE_ANOTHER = {
    ServerState.ASKING,
    ServerState.STARTING,
    ServerState.DOWN,
    ServerState.UNREACHABLE,
    ServerState.SILENT,
    ServerState.STALE,
}
"""After one of these states another server may answer."""


@dataclass(slots=True)
class _Known:
    """What is known from the last answers; kept while the server is silent."""

    version: str | None = None
    models: tuple[ServedModel, ...] = ()
    refused: bool = False
    """``/v1/models`` refused our key."""
    unexpected: str = ""
    """What was returned instead of the model list."""
    is_vllm: bool = False
    """It returned a version or a model list."""
    lists_as_vllm: bool = False
    """Its model list names vLLM as the owner."""
    front: str = ""
    """What a gateway answered in its place on ``/v1/models``."""
    is_limited: bool = False
    """What is in front of it refused the model list because it was asked too often."""
    requested_at: float | None = None


class VllmSource(PolledServer[VllmSnapshot]):
    """Poll one vLLM."""

    def __init__(
        self,
        url: str,
        http: HttpClient,
        clock: Callable[[], float],
        key: str | None = None,
        process: ServerProcess | None = None,
        deadline_s: float = DEADLINE_S,
        *,
        asks_ahead: bool = False,
    ) -> None:
        super().__init__(url, ServerKind.VLLM, http, clock, key, process, deadline_s, asks_ahead=asks_ahead)

    def _blank(self) -> VllmSnapshot:
        return VllmSnapshot(self.url, ServerState.ASKING)

    def _on_key(self) -> None:
        self._known.requested_at = None

    def _forget(self) -> None:
        self._known = _Known()
        self._samples: deque[MetricsSample] = deque(maxlen=240)
        self._stalled_s: dict[str, float] = {}
        """For how long requests have run without a token, by engine; the whole server is the empty name."""
        self._no_metrics = ""

    async def _poll(self) -> VllmSnapshot:
        if self._asks_ahead or (self._latency.shown or 0) >= FAR_MS:
            self._send_ahead()
        # A silent server gets no second request.
        health = await self._get("/health")
        if isinstance(health, Failure):
            return self._without_answer(health, self._clock(), "/health: ")
        if health.latency_ms >= FAR_MS:
            self._send_ahead()
        page = await self._get("/metrics", limit=PAGE_LIMIT)
        now = self._clock()
        sample, self._no_metrics = await _metrics(page, now)
        self._on_answer(health)
        restarted = self._take(sample) if sample is not None else False
        # A gateway may answer /health itself, or refuse it: then only the model list shows how the server is.
        is_hidden = sample is None and (health.status in _HIDDEN or is_html(health))
        is_doubtful = self._known.front != "" or is_gateway(page)
        if is_hidden or is_doubtful or (health.status == 200 and (restarted or self._due(now))):
            late = await self._refresh(now)
            if is_hidden and late is not None:
                return self._without_answer(late, now, "/v1/models: ")
        state, detail = self._judge(health, sample)
        process = self.process
        reported = sample.gauges.get("started") if sample is not None else None
        return VllmSnapshot(
            url=self.url,
            state=state,
            detail=detail,
            latency_ms=self._latency.shown,
            version=self._known.version,
            models=self._known.models,
            engine=self._engine(page, sample),
            started=process.started if process is not None else int(reported) if reported else None,
            pid=process.pid if process is not None else None,
            seen=now,
            figures_hidden=state is ServerState.UP and is_hidden,
        )

    def _engine(self, page: Reply, sample: MetricsSample | None) -> EngineStats | None:
        if sample is not None:
            stats = window(tuple(self._samples))
            return stats and replace(stats, engines=tuple(map(self._with_stall, stats.engines)))
        return self._last.engine if isinstance(page, Failure) else None

    def _with_stall(self, load: EngineLoad) -> EngineLoad:
        stalled_s = self._stalled_s.get(load.name, 0.0)
        return replace(load, stalled_s=int(stalled_s // 10 * 10)) if stalled_s >= STUCK_S else load

    def _send_ahead(self) -> None:
        """Send now what this poll is going to need."""
        self._ahead.start("/metrics", self._send("/metrics", limit=PAGE_LIMIT))
        if self._due(self._clock()):
            self._ahead.start("/version", self._send("/version"))
            self._ahead.start("/v1/models", self._send("/v1/models", key=self._key))

    def _take(self, sample: MetricsSample) -> bool:
        """Keep a sample; return whether the server was restarted since the one before."""
        before = self._samples[-1] if self._samples else None
        self._samples.append(sample)
        while sample.at - self._samples[0].at > WINDOW_S + 15:
            self._samples.popleft()
        if before is None:
            return True
        # A machine that slept, or a clock set forward, is not a hang.
        step_s = min(max(0.0, sample.at - before.at), _LONGEST_STEP_S)
        pairs = [("", before, sample), *((name, before.engines.get(name), one) for name, one in sample.engines.items())]
        self._stalled_s = {
            name: self._stalled_s.get(name, 0.0) + step_s
            for name, old, new in pairs
            if old is not None and new.gauges.get("running", 0) > 0 and new.progress == old.progress
        }
        return sample.gauges.get("started") != before.gauges.get("started")

    def list_again(self) -> None:
        """Request the models with the next poll: a request showed that the known list is out of date."""
        self._known.requested_at = None

    def _due(self, now: float) -> bool:
        requested_at = self._known.requested_at
        is_old = requested_at is None or not 0 <= now - requested_at < SLOW_S
        return is_old or self._last.state in _MAY_BE_ANOTHER or is_front_alone(self._last)

    async def _refresh(self, now: float) -> Failure | None:
        """Request version and models; what is not returned stays as it was. Return why there is no list."""
        version = await self._get("/version")
        listed = await self._get("/v1/models", key=self._key)
        known = self._known
        known.requested_at = now
        known.version = text_field(version, "version") or known.version
        known.refused = refuses_key(listed)
        models = served_models(listed)
        known.models = models if models is not None else () if known.refused else known.models
        known.is_vllm = known.version is not None or models is not None
        known.lists_as_vllm = engine_by_models(listed) is ServerKind.VLLM
        known.front = front_alone(listed.status) if isinstance(listed, Answer) and is_gateway(listed) else ""
        known.unexpected = ""
        known.is_limited = isinstance(listed, Answer) and listed.status == _LIMITED
        if models is None and not known.refused:
            known.unexpected = (
                f"came back as {describe_answer(listed)}" if isinstance(listed, Answer) else f"failed: {listed.text}"
            )
        return listed if isinstance(listed, Failure) else None

    def _judge(self, health: Answer, sample: MetricsSample | None) -> tuple[ServerState, str]:
        """Return the state by an answered ``/health`` and what else is known."""
        if self._known.front and sample is None and (health.status == 200 or health.status in _HIDDEN):
            return ServerState.DEGRADED, self._known.front
        if sample is None and self._known.lists_as_vllm and (health.status in _HIDDEN or is_html(health)):
            return ServerState.UP, f"vLLM behind a gateway, figures hidden: /health says {health.status}"
        if health.status != 200:
            return _unhealthy(health, has_metrics=sample is not None)
        if is_html(health):
            return ServerState.STRANGE, f"/health came back as {describe_answer(health)}: this is no vLLM"
        if self._known.refused:
            key = "refuses our key" if self._key else "wants a key, and none is sent to it"
            return ServerState.REFUSING, f"it {key}: 401 on /v1/models; /health and /metrics need none"
        if self._known.unexpected and sample is None and not self._known.is_vllm:
            return self._without_list()
        stalled_s = self._stalled_s.get("", 0.0)
        every_engine = sample is not None and all(name in self._stalled_s for name in sample.engines)
        if stalled_s >= STUCK_S and sample is not None and every_engine:
            running = plural(round(sample.gauges.get("running", 0)), "request runs", "requests run")
            span = duration(stalled_s // 10 * 10)
            return ServerState.DEGRADED, f"{running} and no token came out for {span}: the engine hangs; restart vLLM"
        if self._known.unexpected:
            return ServerState.UP, f"no model list: /v1/models {self._known.unexpected}"
        if sample is None:
            return ServerState.UP, f"no engine figures: /metrics {self._no_metrics}"
        return ServerState.UP, ""

    def _without_list(self) -> tuple[ServerState, str]:
        """Return the state of what answers ``/health`` and has shown nothing else of vLLM."""
        if self._known.is_limited:
            return ServerState.STALE, f"/v1/models says {LIMITED_WORDS}"
        return ServerState.STRANGE, f"/health answers, but /v1/models {self._known.unexpected}: this is no vLLM"


async def _metrics(page: Reply, now: float) -> tuple[MetricsSample | None, str]:
    """Return the metrics, or why there are none; parsed in a thread, since the page may be hostile."""
    if isinstance(page, Failure):
        return None, f"failed: {page.text}"
    if page.status != 200:
        return None, f"came back as {describe_answer(page)}"
    return await run_in_thread(read_page, page.body, now)


def _unhealthy(health: Answer, *, has_metrics: bool) -> tuple[ServerState, str]:
    """Return the state by a ``/health`` that is not 200."""
    if health.status == 503 and has_metrics:
        return ServerState.DEGRADED, ("/health says 503: the engine died; the API server still answers. Restart vLLM")
    if is_gateway(health):
        return ServerState.DEGRADED, front_alone(health.status)
    if refuses_key(health):
        return ServerState.REFUSING, f"/health says {health.status}: something in front of vLLM wants a key"
    if health.status == _LIMITED:
        return ServerState.STALE, f"/health says {LIMITED_WORDS}"
    if health.status >= 500:
        return ServerState.DEGRADED, f"/health says {health.status}: the engine failed; see its log for the reason"
    return ServerState.STRANGE, f"/health came back as {describe_answer(health)}: this is no vLLM"
