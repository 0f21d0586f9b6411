"""Poll an inference server other than vLLM: its model list, its version, and its figures if it exports any."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from stormdeck.model.snapshots.failure import LIMITED_WORDS
from stormdeck.model.snapshots.server import EngineStats, ServerKind, ServerState, VllmSnapshot
from stormdeck.model.snapshots.vllm_metrics import WINDOW_S, MetricsSample, window
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.answers import (
    describe_answer,
    front_alone,
    is_gateway,
    is_loading,
    refuses_key,
    served_models,
    text_field,
)
from stormdeck.sources.net.failure import Failure
from stormdeck.sources.net.http import PAGE_LIMIT, Answer
from stormdeck.sources.servers.engine_kinds import engine_by_models
from stormdeck.sources.servers.engine_metrics import SWITCH, has_page, read_engine_page
from stormdeck.sources.servers.polled import SLOW_S, PolledServer

_MODELS = "/v1/models"
_VERSIONS: Mapping[ServerKind, tuple[str, str]] = {
    ServerKind.SGLANG: ("/get_server_info", "version"),
    ServerKind.LLAMA_SERVER: ("/props", "build_info"),
    ServerKind.OLLAMA: ("/api/version", "version"),
    ServerKind.TGI: ("/info", "version"),
    ServerKind.TENSORRT_LLM: ("/version", "version"),
}
"""Where a server states its version, and under which name."""
_LIMITED = 429


class OtherEngineSource(PolledServer[VllmSnapshot]):
    """Poll one server whose kind is known. Its model list shows that it works: every kind and every gateway has it."""

    def _blank(self) -> VllmSnapshot:
        return VllmSnapshot(self.url, ServerState.ASKING, kind=self._kind)

    def _on_key(self) -> None:
        """Do nothing: the model list is requested with every poll."""

    def list_again(self) -> None:
        """Do nothing: the model list is requested with every poll."""

    def _forget(self) -> None:
        self._version: str | None = None
        self._version_asked_at: float | None = None
        self._samples: deque[MetricsSample] = deque(maxlen=240)

    async def _poll(self) -> VllmSnapshot:
        if self._asks_ahead and has_page(self._kind):
            self._ahead.start("/metrics", self._send("/metrics", limit=PAGE_LIMIT))
        listed = await self._get(_MODELS, key=self._key)
        if isinstance(listed, Failure):
            return self._without_answer(listed, self._clock(), f"{_MODELS}: ")
        state, detail = self._judge(listed)
        engine, no_figures = await self._figures() if state is ServerState.UP else (None, "")
        if state is ServerState.UP:
            await self._ask_version()
        self._on_answer(listed)
        process = self.process
        return VllmSnapshot(
            url=self.url,
            state=state,
            detail=detail or no_figures,
            latency_ms=self._latency.shown,
            version=self._version,
            models=served_models(listed) or (),
            engine=engine,
            started=process.started if process is not None else None,
            pid=process.pid if process is not None else None,
            seen=self._clock(),
            kind=self._kind,
        )

    def _judge(self, listed: Answer) -> tuple[ServerState, str]:
        if is_loading(listed):
            return ServerState.STARTING, f"{_MODELS} says 503: it is loading its model"
        if is_gateway(listed):
            return ServerState.DEGRADED, front_alone(listed.status)
        if refuses_key(listed):
            key = "refuses our key" if self._key else "wants a key, and none is sent to it"
            return ServerState.REFUSING, f"it {key}: {listed.status} on {_MODELS}"
        if listed.status == _LIMITED:
            return ServerState.STALE, f"{_MODELS} says {LIMITED_WORDS}"
        other = engine_by_models(listed)
        if other not in {None, self._kind}:
            return ServerState.STRANGE, f"{_MODELS} answers as {other}: this is no {self._kind.value} any more"
        if served_models(listed) is None:
            words = describe_answer(listed)
            return ServerState.STRANGE, f"{_MODELS} came back as {words}: this is no {self._kind.value}"
        return ServerState.UP, ""

    async def _figures(self) -> tuple[EngineStats | None, str]:
        """Return the figures, or why there are none."""
        if not has_page(self._kind):
            return None, "figures are read from vLLM, SGLang, llama-server and TGI only"
        page = await self._get("/metrics", limit=PAGE_LIMIT)
        if isinstance(page, Failure):
            return self._last.engine, ""
        sample = None
        if page.status == 200:
            sample, _ = await run_in_thread(read_engine_page, page.body, self._clock(), self._kind)
        if sample is None:
            switch = SWITCH.get(self._kind)
            start = f": start it with {switch}" if switch is not None else ""
            return None, f"no figures: /metrics came back as {describe_answer(page)}{start}"
        self._samples.append(sample)
        while sample.at - self._samples[0].at > WINDOW_S + 15:
            self._samples.popleft()
        return window(tuple(self._samples)), ""

    async def _ask_version(self) -> None:
        """Request the version until it is known, no more often than twice a minute."""
        since, now = self._version_asked_at, self._clock()
        if self._kind not in _VERSIONS or self._version or (since is not None and 0 <= now - since < SLOW_S):
            return
        self._version_asked_at = now
        path, field = _VERSIONS[self._kind]
        self._version = text_field(await self._get(path, key=self._key), field)
