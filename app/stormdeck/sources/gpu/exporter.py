"""Ask the GPU exporter of another machine for its cards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHost
from stormdeck.model.text import clean
from stormdeck.model.urls import port_of
from stormdeck.sources.gpu.exporter_page import ExporterPage, read_gpu_page
from stormdeck.sources.gpu.history import History
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.address import address
from stormdeck.sources.net.answers import describe_answer, refuses_key
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, PAGE_LIMIT, HttpClient
from stormdeck.sources.net.series import TooMuchError

PATH = "/metrics"
INTERVAL_S = 5.0
"""Between two questions: nvidia_gpu_exporter runs nvidia-smi for each, the DCGM exporter collects every 30 s."""
_USUAL = "DCGM exporter listens on 9400, nvidia_gpu_exporter on 9835"
_UNANSWERED = {FailureKind.REFUSED, FailureKind.UNREACHABLE}


class GpuExporter:
    """One exporter, with the history of its cards. Nothing but the page is asked for, and no token is sent."""

    def __init__(self, url: str, http: HttpClient, clock: Callable[[], float], interval_s: float = INTERVAL_S) -> None:
        target = address(url)
        self.url = url if target is None or target.path else f"{url.rstrip('/')}{PATH}"
        self._http = http
        self._clock = clock
        self._interval_s = interval_s
        self._histories: dict[str, History] = {}
        self.last = GpuHost(self.url, GpuSnapshot(GpuState.ASKING))
        """What is known so far."""

    async def poll(self, deadline_s: float = DEADLINE_S) -> GpuHost:
        """Return the machine's cards now, or why there are none."""
        answer = await self._http.get(self.url, limit=PAGE_LIMIT, deadline_s=deadline_s)
        if isinstance(answer, Failure):
            return self._without(f"{answer.text}{_next_step(answer, self.url)}")
        if refuses_key(answer):
            return self._without(f"it wants a password ({answer.status}), and none is sent: let this machine read it")
        if answer.status != 200:
            return self._without(f"it came back as {describe_answer(answer)}. Name the page of the exporter: {_USUAL}")
        try:
            page = await run_in_thread(read_gpu_page, answer.body)
        except TooMuchError:
            return self._without("its page has more or longer series than are read. Name the exporter of one machine")
        if page is None:
            found = "it is vLLM's page" if b"vllm:" in answer.body else f"it came back as {describe_answer(answer)}"
            return self._without(f"{found}, without a GPU exporter's metrics. Name its page: {_USUAL}")
        return self._with(page)

    def _with(self, page: ExporterPage) -> GpuHost:
        now = self._clock()
        # Only cards that are on the page: their keys are the exporter's words.
        self._histories = {key: self._histories.get(key) or History(self._interval_s) for key in page.keys}
        gpus = tuple(
            replace(gpu, history=self._histories[key].add(now, gpu.utilization_percent))
            for gpu, key in zip(page.gpus, page.keys, strict=True)
        )
        state, detail = GpuState.OK, ""
        if page.failed:
            state, detail = GpuState.FAILED, _sentence(f"{page.failed}: run it on that machine")
        elif not gpus:
            step = "start it where the driver is, in a container with --gpus all"
            state, detail = GpuState.NO_FIGURES, _sentence(f"The {page.exporter} has no GPU: {step}")
        self.last = GpuHost(self.url, GpuSnapshot(state, detail, page.driver, gpus), page.host or self.last.reported)
        return self.last

    def _without(self, why: str) -> GpuHost:
        """Return that there are no figures; the history of the cards stays, with a gap."""
        self.last = replace(self.last, snapshot=GpuSnapshot(GpuState.NO_FIGURES, _sentence(why)))
        return self.last


def _next_step(failure: Failure, url: str) -> str:
    """Return what to do about an exporter that does not answer, to end a sentence with."""
    if failure.kind in _UNANSWERED:
        return f". Start the exporter there, or correct its port: {_USUAL}"
    if failure.kind is FailureKind.TIMEOUT:
        return f". Look whether the exporter runs there, and whether a firewall drops port {port_of(url)}"
    if failure.kind is FailureKind.UNRESOLVED:
        return ". Correct the host of --gpu-metrics"
    if failure.kind is FailureKind.NOT_HTTP:
        return f". Name the page of the exporter: {_USUAL}"
    return ""


def _sentence(why: str) -> str:
    return clean(f"{why[:1].upper()}{why[1:]}.")
